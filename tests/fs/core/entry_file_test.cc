// Entries of a real archive, read as files of the pages view.

#include <errno.h>
#include <gmock/gmock.h>

#include <string>

#include "fs/core/errno_status.h"
#include "tests/fs/core/pages_fixture.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;

class EntryFileTest : public CoreFixture {
 protected:
  void SetUp() override {
    CoreFixture::SetUp();
    Prepare();
  }

  // An archive whose entries lie in a file of known bytes.
  void Prepare() {
    std::string bytes;
    for (int i = 0; bytes.size() < 20'000; ++i) bytes += std::to_string(i) + ",";
    archive_ = bytes;
    Write("a.cbz", archive_);
    Document document = SampleArchive(false);
    AddEntry(&document, PageKind::kRaw, "empty.txt", 5000, 0, 0, 0);
    AddEntry(&document, PageKind::kRaw, "lies.jpg", 6000, 400, 500, 0);
    AddEntry(&document, PageKind::kRaw, "locked.jpg", 7000, 412, 412, 0);
    document.entries.back().flags = 1;
    pool_->analyse = [document](const SourceFile&) { return document; };
    pool_->draw = nullptr;
  }

  std::shared_ptr<OpenFile> OpenEntry(const std::string& name) {
    auto file = Open("pages/a/" + name);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? *file : nullptr;
  }

  std::string archive_;
};

TEST_F(EntryFileTest, AStoredEntryIsARangeOfTheArchive) {
  const auto file = OpenEntry("b/p10.jpg");
  EXPECT_EQ(Walk("pages/a/b/p10.jpg")->attr.st_size, 1000);
  EXPECT_EQ(*Read(*file, 0, 5000), archive_.substr(100, 1000));
  EXPECT_EQ(*Read(*file, 10, 20), archive_.substr(110, 20));
  EXPECT_EQ(*Read(*file, 990, 20), archive_.substr(1090, 10));
  EXPECT_EQ(*Read(*file, 1000, 20), "");
  EXPECT_EQ(*Read(*file, UINT64_MAX - 5, 20), "");
  EXPECT_EQ(pool_->drawn, 0);
  EXPECT_TRUE(file->keep_cache);
}

TEST_F(EntryFileTest, APackedEntryIsUnpackedOnceByAWorker) {
  pool_->draw = [](const DrawRequest& request) {
    Drawn drawn;
    for (uint64_t i = 0; i < request.entry_bytes; ++i) drawn.payload += static_cast<char>(i % 251);
    return drawn;
  };
  const auto file = OpenEntry("b/p2.png");
  EXPECT_EQ(Walk("pages/a/b/p2.png")->attr.st_size, 2000);
  const std::string whole = *Read(*file, 0, 5000);
  ASSERT_EQ(whole.size(), 2000u);
  EXPECT_EQ(static_cast<unsigned char>(whole[700]), 700 % 251);
  for (uint64_t offset = 0; offset < 2000; offset += 333) {
    EXPECT_EQ(*Read(*file, offset, 400), whole.substr(offset, 400));
  }
  EXPECT_EQ(*Read(*file, 2000, 1), "");
  EXPECT_EQ(pool_->drawn, 1);
  EXPECT_EQ(pool_->drawings[0].request.finish, Finish::kEntry);
  EXPECT_EQ(pool_->drawings[0].request.entry, 3u);
}

TEST_F(EntryFileTest, AnEmptyEntryAsksNobody) {
  const auto file = OpenEntry("empty.txt");
  EXPECT_EQ(Walk("pages/a/empty.txt")->attr.st_size, 0);
  EXPECT_EQ(*Read(*file, 0, 100), "");
  EXPECT_EQ(pool_->drawn, 0);
}

// The archive says two lengths, or that the bytes are no image but a cipher: the worker tells why
// they cannot be had, and nobody is given bytes of another entry.
TEST_F(EntryFileTest, AnEntryThatLiesIsEioForTheReasonTheWorkerGives) {
  pool_->draw = [](const DrawRequest&) { return absl::DataLossError("its length is a lie"); };
  for (const std::string name : {"lies.jpg", "locked.jpg", "b/lost.jpg"}) {
    const auto file = OpenEntry(name);
    EXPECT_EQ(ErrnoOf(Read(*file, 0, 100).status()), EIO) << name;
    EXPECT_THAT(services_->errors.Text(), HasSubstr(name + ": its length is a lie"));
  }
  EXPECT_EQ(pool_->drawn, 3);
  EXPECT_EQ(*Read(*OpenEntry("b/p10.jpg"), 0, 3), archive_.substr(100, 3))
      << "the others are there";
}

TEST_F(EntryFileTest, ASourceChangedWhileOpenIsEio) {
  const auto stored = OpenEntry("b/p10.jpg");
  const auto packed = OpenEntry("b/p2.png");
  std::optional<absl::Status> failure;
  const auto wait = packed->Read(
      0, 10, [&](const absl::StatusOr<ReadResult>& result) { failure = result.status(); });
  Write("a.cbz", archive_ + "more");
  EXPECT_EQ(ErrnoOf(Read(*stored, 0, 10).status()), EIO);
  pool_->AnswerDraw(pool_->FindDraw(1, Finish::kEntry), Drawn{.payload = std::string(2000, 'e')});
  EXPECT_EQ(ErrnoOf(failure.value_or(absl::OkStatus())), EIO);
}

TEST_F(EntryFileTest, ATruncatedArchiveIsAnErrorNotAShortRead) {
  const auto file = OpenEntry("b/p10.jpg");
  std::filesystem::resize_file(library_ / "a.cbz", 500);
  EXPECT_EQ(ErrnoOf(Read(*file, 0, 1000).status()), EIO);
}

TEST_F(EntryFileTest, WhoLeavesIsNotAnsweredAndTheLastDropsTheWork) {
  const auto file = OpenEntry("b/p2.png");
  int answers = 0;
  const auto count = [&](const absl::StatusOr<ReadResult>&) { ++answers; };
  const auto first = file->Read(0, 10, count);
  const auto second = file->Read(500, 10, count);
  EXPECT_EQ(pool_->drawn, 1);
  first->Leave();
  EXPECT_EQ(pool_->cancelled, 0);
  second->Leave();
  second->Leave();
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_EQ(answers, 0);
}

// The enhanced view hands the same entries on inside its CBZ, as the archive stores them.
TEST_F(EntryFileTest, WhatIsHandedOnStandsInTheEnhancedCbzByteForByte) {
  Document document = SampleArchive(true);
  pool_->analyse = [document](const SourceFile&) { return document; };
  pool_->draw = [](const DrawRequest& request) { return SomeAnswer(request); };
  const auto size = static_cast<size_t>(Walk("enhanced/a.cbz")->attr.st_size);
  const auto file = *Open("enhanced/a.cbz");
  const std::string whole = *Read(*file, 0, size);
  ASSERT_EQ(whole.size(), size);
  EXPECT_THAT(whole, HasSubstr("ComicInfo.xml" + archive_.substr(2200, 50)));
  EXPECT_EQ(pool_->drawn, 3) << "the three images";
}

}  // namespace
}  // namespace cbzfs
