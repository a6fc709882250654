// Reading a virtual CBZ: pages, waiting, leaving, reading ahead, and sources that change.

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "fs/core/errno_status.h"
#include "tests/fs/core/core_fixture.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;

class BookFileTest : public CoreFixture {
 protected:
  void Prepare(uint32_t pages) {
    pool_->analyse = [pages](const SourceFile&) { return DrawnDocument(pages); };
    WritePdf("a.pdf");
    size_ = static_cast<uint64_t>(Walk("cbz/a.cbz")->attr.st_size);
    auto file = Open("cbz/a.cbz");
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *file;
  }

  // Where the parts of the file lie that need a page.
  const Layout& LayoutOfA() {
    if (layout_ == nullptr) {
      auto document = std::make_shared<const Document>(*pool_->analyse(SourceFile(-1, 0, 0)));
      layout_ = *Layout::Create(document, "a", {}, options_.layout);
    }
    return *layout_;
  }
  uint64_t BodyOffset(uint32_t page) {
    for (const Piece& piece : LayoutOfA().Map(LayoutOfA().PageDataOffset(page), 1 << 20)) {
      if (piece.kind == Piece::Kind::kBody && piece.page == page) return piece.offset;
    }
    ADD_FAILURE() << "no body";
    return 0;
  }

  uint64_t size_ = 0;
  std::shared_ptr<OpenFile> file_;
  std::shared_ptr<const Layout> layout_;
};

TEST_F(BookFileTest, AnyRangeEqualsTheWhole) {
  Prepare(3);
  const std::string whole = *Read(*file_, 0, size_ + 100);
  ASSERT_EQ(whole.size(), size_);
  EXPECT_EQ(whole.substr(0, 4), "PK\x03\x04");
  for (uint64_t offset = 0; offset < size_; offset += 1777) {
    EXPECT_EQ(*Read(*file_, offset, 5000), whole.substr(offset, 5000)) << offset;
  }
  EXPECT_EQ(*Read(*file_, size_ + 5, 10), "");
  EXPECT_EQ(pool_->drawn, 3);
}

TEST_F(BookFileTest, ListingTheArchiveDrawsNothing) {
  Prepare(3);
  pool_->draw = nullptr;
  EXPECT_TRUE(Read(*file_, 0, 4096).ok());
  EXPECT_TRUE(Read(*file_, size_ - 16384, 16384).ok());
  EXPECT_EQ(pool_->drawn, 0);
}

TEST_F(BookFileTest, ReadersOfOnePageShareOneDrawing) {
  Prepare(3);
  pool_->draw = nullptr;
  std::vector<std::string> got;
  auto want = [&] {
    return file_->Read(BodyOffset(1), 100, [&](absl::StatusOr<ReadResult> result) {
      got.push_back(*Bytes(std::move(result)));
    });
  };
  auto first = want(), second = want();
  EXPECT_EQ(pool_->drawn, 1);
  pool_->AnswerDraw(pool_->FindDraw(1), SomeDrawing(1));
  EXPECT_EQ(got, std::vector<std::string>(2, std::string(100, 'b')));
  EXPECT_EQ(services_->pages->stats().joined, 1u);
}

TEST_F(BookFileTest, TheLastToLeaveDropsThePageFromTheQueue) {
  Prepare(3);
  pool_->draw = nullptr;
  int answers = 0;
  auto count = [&](const absl::StatusOr<ReadResult>&) { ++answers; };
  auto first = file_->Read(BodyOffset(1), 100, count);
  auto second = file_->Read(BodyOffset(1), 100, count);
  first->Leave();
  EXPECT_EQ(pool_->cancelled, 0);
  second->Leave();
  EXPECT_EQ(pool_->cancelled, 1);
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_EQ(answers, 0);
}

TEST_F(BookFileTest, APageThatFailsIsEioAndListed) {
  Prepare(3);
  pool_->draw = [](const DrawRequest&) { return absl::DataLossError("the page cannot be drawn"); };
  EXPECT_EQ(ErrnoOf(Read(*file_, BodyOffset(2), 10).status()), EIO);
  EXPECT_THAT(services_->errors.Text(), HasSubstr("a.pdf\t3\tthe page cannot be drawn"));
  EXPECT_EQ(services_->pages->stats().failed, 1u);
  // The rest of the book is there.
  EXPECT_TRUE(Read(*file_, 0, 4096).ok());
}

TEST_F(BookFileTest, APageLongerThanItsSlotIsRefused) {
  Prepare(1);
  pool_->draw = [](const DrawRequest& request) {
    Drawn drawn;
    drawn.payload.assign(request.max_payload + 1, 'x');
    return drawn;
  };
  EXPECT_EQ(ErrnoOf(Read(*file_, BodyOffset(0), 10).status()), EIO);
}

TEST_F(BookFileTest, OnePageDrawsNoOtherButReadingOnDoes) {
  read_ahead_ = 2;
  Remount();
  Prepare(9);
  ASSERT_TRUE(Read(*file_, BodyOffset(0), 10).ok());
  EXPECT_EQ(pool_->drawn, 1) << "a cover costs one page";
  ASSERT_TRUE(Read(*file_, BodyOffset(1), 10).ok());
  EXPECT_EQ(pool_->drawn, 4) << "pages 1, 2, and two ahead";
  ASSERT_TRUE(Read(*file_, BodyOffset(2), 10).ok());
  EXPECT_EQ(pool_->drawn, 5);
  ASSERT_TRUE(Read(*file_, BodyOffset(8), 10).ok());
  EXPECT_EQ(pool_->drawn, 6) << "a jump is no reading on";
}

TEST_F(BookFileTest, AReaderTakesOverAPageThatIsReadAhead) {
  read_ahead_ = 3;
  Remount();
  Prepare(9);
  ASSERT_TRUE(Read(*file_, BodyOffset(0), 10).ok());
  pool_->draw = nullptr;
  file_->Read(BodyOffset(1), 10, [](const absl::StatusOr<ReadResult>&) {});
  const auto ahead = pool_->FindDraw(3);
  ASSERT_NE(ahead, 0u);
  EXPECT_EQ(pool_->queue.at(ahead).priority, Priority::kReadAhead);
  file_->Read(BodyOffset(3), 10, [](const absl::StatusOr<ReadResult>&) {});
  EXPECT_EQ(pool_->queue.at(ahead).priority, Priority::kReader);
}

TEST_F(BookFileTest, ClosingDropsWhatWasReadAhead) {
  read_ahead_ = 3;
  Remount();
  Prepare(9);
  ASSERT_TRUE(Read(*file_, BodyOffset(0), 10).ok());
  pool_->draw = nullptr;
  auto wait = file_->Read(BodyOffset(1), 10, [](const absl::StatusOr<ReadResult>&) {});
  EXPECT_EQ(pool_->queue.size(), 4u);
  file_.reset();
  EXPECT_EQ(pool_->queue.size(), 1u) << "the read itself still waits";
}

TEST_F(BookFileTest, ASourceChangedWhileOpenIsEioNeverAMix) {
  Prepare(2);
  ASSERT_TRUE(Read(*file_, BodyOffset(0), 10).ok());
  const timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, (library_ / "a.pdf").c_str(), times, 0), 0);
  EXPECT_EQ(ErrnoOf(Read(*file_, BodyOffset(1), 10).status()), EIO);
  // What is finished belongs to the version that was opened.
  EXPECT_TRUE(Read(*file_, BodyOffset(0), 10).ok());
}

TEST_F(BookFileTest, ADeletedSourceIsReadOnByItsHandle) {
  Prepare(2);
  const std::string whole = *Read(*file_, 0, size_);
  Remount();
  pool_->analyse = [](const SourceFile&) { return DrawnDocument(2); };
  file_ = *Open("cbz/a.cbz");
  std::filesystem::remove(library_ / "a.pdf");
  EXPECT_EQ(*Read(*file_, 0, size_), whole);
}

TEST_F(BookFileTest, EachVersionHasItsOwnPagesInTheKernel) {
  Prepare(2);
  const auto before = *Walk("cbz/a.cbz");
  const timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, (library_ / "a.pdf").c_str(), times, 0), 0);
  const auto after = *Walk("cbz/a.cbz");
  EXPECT_EQ(before.attr.st_ino, after.attr.st_ino);
  EXPECT_NE(before.node->ino(), after.node->ino());
  // The old version cannot be opened any more; who has it open sees what they opened.
  auto attr_of_old = [&] {
    absl::StatusOr<struct stat> attr;
    before.node->GetAttr([&](absl::StatusOr<struct stat> result) { attr = result; });
    return attr;
  };
  before.node->Open([](const auto& file) { EXPECT_EQ(ErrnoOf(file.status()), ESTALE); });
  EXPECT_EQ(ErrnoOf(attr_of_old().status()), ESTALE);
}

TEST_F(BookFileTest, AnOpenFileOfADeletedSourceCanBeStatted) {
  Prepare(2);
  auto node = Walk("cbz/a.cbz")->node;
  std::shared_ptr<OpenFile> open;
  node->Open([&](absl::StatusOr<std::shared_ptr<OpenFile>> file) { open = *file; });
  EXPECT_TRUE(open->keep_cache);
  std::filesystem::remove(library_ / "a.pdf");
  node->GetAttr([&](absl::StatusOr<struct stat> attr) {
    ASSERT_TRUE(attr.ok()) << attr.status();
    EXPECT_EQ(static_cast<uint64_t>(attr->st_size), size_);
  });
  open.reset();
  node->GetAttr([&](absl::StatusOr<struct stat> attr) {
    EXPECT_EQ(ErrnoOf(attr.status()), ENOENT);
  });
}

TEST_F(BookFileTest, StoppingAnswersWhatWaits) {
  Prepare(2);
  pool_->draw = nullptr;
  absl::Status status;
  auto wait = file_->Read(BodyOffset(0), 10, [&](const absl::StatusOr<ReadResult>& result) {
    status = result.status();
  });
  services_->pages->Stop();
  pool_->Stop();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

// An original page: its bytes come from the source, its seal from their CRC; no worker is asked.
TEST_F(BookFileTest, OriginalPagesNeedNoWorker) {
  const std::string jpeg = "\xff\xd8" + std::string(3000, 'j');
  Write("a.pdf", "%PDF-1.4\n" + jpeg + "\xff\xd9 rest");
  pool_->analyse = [&](const SourceFile&) {
    Document document = DrawnDocument(1);
    document.pages[0].kind = PageKind::kOriginal;
    document.pages[0].source_offset = 9;
    document.pages[0].source_bytes = jpeg.size();
    return document;
  };
  auto file = Open("cbz/a.cbz");
  ASSERT_TRUE(file.ok()) << file.status();
  const auto size = static_cast<size_t>(Walk("cbz/a.cbz")->attr.st_size);
  const std::string whole = *Read(**file, 0, size);
  EXPECT_EQ(whole.size(), size);
  EXPECT_NE(whole.find(jpeg), std::string::npos);
  EXPECT_EQ(pool_->drawn, 0);
  EXPECT_EQ(services_->pages->stats().original, 1u);
}

}  // namespace
}  // namespace cbzfs
