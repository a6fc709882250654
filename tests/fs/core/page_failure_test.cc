// Pages that cannot be made: who gets a notice page, who an error, and what is said.

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fs/core/errno_status.h"
#include "fs/core/page_store.h"
#include "tests/fs/core/pages_fixture.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class PageFailureTest : public PagesFixture {
 protected:
  void MountWith(OnError on_error) {
    options_.on_error = on_error;
    Remount();
    PrepareSamples();
  }

  // The one request for `page` fails.
  void Break(uint32_t page, Finish finish, const absl::Status& failure) {
    const auto id = pool_->FindDraw(page, finish);
    ASSERT_NE(id, 0u) << "nobody asked for it";
    pool_->AnswerDraw(id, failure);
  }
  bool NoticeIsAsked() const {
    return !pool_->queue.empty() &&
           pool_->drawings.back().source->format() == SourceFormat::kNotice;
  }
  std::string NoticeText() const { return BytesOf(*pool_->drawings.back().source); }
  PageStore::Stats stats() const { return services_->pages->stats(); }
};

const absl::Status kPageFault = absl::DataLossError("the page is torn");
const absl::Status kAccident = absl::DeadlineExceededError("the worker took too long");

struct Case {
  OnError on_error;
  absl::Status failure;
  bool notice;
};

TEST_F(PageFailureTest, EachSettingAndEachClass) {
  const Case cases[] = {
      {OnError::kAuto, kPageFault, true},
      {OnError::kAuto, absl::InternalError("crashed"), true},
      {OnError::kAuto, absl::InvalidArgumentError("x"), true},
      {OnError::kAuto, kAccident, false},
      {OnError::kAuto, absl::ResourceExhaustedError("x"), false},
      {OnError::kAuto, absl::UnavailableError("x"), false},
      {OnError::kPage, kPageFault, true},
      {OnError::kPage, kAccident, true},
      {OnError::kPage, absl::ResourceExhaustedError("x"), true},
      {OnError::kPage, absl::UnavailableError("x"), true},
      {OnError::kEio, kPageFault, false},
      {OnError::kEio, kAccident, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.failure.ToString());
    MountWith(c.on_error);
    const Reader reader = Want(HoldPdf(Rendition::kPlain), 0);
    Break(0, Finish::kPage, c.failure);
    EXPECT_EQ(stats().failed, 1u);
    EXPECT_THAT(services_->errors.Text(), HasSubstr("Foo.pdf\t1\t"));
    EXPECT_EQ(NoticeIsAsked(), c.notice);
    if (c.notice) {
      EXPECT_FALSE(reader.answered());
      Answer(0, Finish::kPage, "notice");
      EXPECT_EQ(reader.payload(), "notice");
    } else {
      EXPECT_EQ(ErrnoOf(reader.status()), EIO);
      EXPECT_TRUE(WasReported(reader.status()));
    }
    EXPECT_EQ(stats().notices, c.notice ? 1u : 0u);
    EXPECT_EQ(stats().failed, 1u);
  }
}

TEST_F(PageFailureTest, TheNoticeIsAskedForAsThePageWas) {
  const auto book = HoldPdf(Rendition::kPlain);
  const Reader reader = Want(book, 2, Priority::kReadAhead);
  Break(2, Finish::kPage, kPageFault);
  ASSERT_TRUE(NoticeIsAsked());
  const FakeWorkerPool::Drawing& notice = pool_->drawings.back();
  const Page& place = book->book->layout()->document().pages[2];
  EXPECT_EQ(notice.priority, Priority::kReadAhead);
  EXPECT_EQ(notice.request.finish, Finish::kPage);
  EXPECT_EQ(notice.request.row.kind, PageKind::kDrawn);
  EXPECT_EQ(notice.request.row.width, place.width);
  EXPECT_EQ(notice.request.row.height, place.height);
  EXPECT_EQ(notice.request.max_payload, book->book->layout()->Body(2).max_payload);
  EXPECT_THAT(NoticeText(), AllOf(HasSubstr("\nFile\tFoo.pdf\nPage\t3\n"),
                                  HasSubstr("What is wrong\tthe page is torn\n"),
                                  HasSubstr("What can be done\ttry `mutool clean`")));
  // Whoever joins in a hurry hurries the notice.
  const Reader joined = Want(book, 2, Priority::kReader);
  EXPECT_EQ(pool_->queue.begin()->second.priority, Priority::kReader);
  Answer(2, Finish::kPage, "notice");
  EXPECT_EQ(reader.payload(), "notice");
  EXPECT_EQ(joined.payload(), "notice");
}

TEST_F(PageFailureTest, TheNoticeFillsThePagesSlot) {
  const auto book = HoldPdf(Rendition::kEnhanced);
  const Reader reader = Want(book, 4);
  Break(4, Finish::kEnhanced, kPageFault);
  ASSERT_TRUE(NoticeIsAsked());
  Answer(4, Finish::kPage, "notice");
  ASSERT_EQ(reader.payload(), "notice");
  EXPECT_EQ(reader.body()->size(), book->book->layout()->Body(4).body_bytes);
}

TEST_F(PageFailureTest, APageThatIsAtFaultKeepsItsNotice) {
  const auto book = HoldPdf(Rendition::kPlain);
  const Reader reader = Want(book, 0);
  Break(0, Finish::kPage, kPageFault);
  Answer(0, Finish::kPage, "notice");
  EXPECT_EQ(Want(book, 0).payload(), "notice");
  EXPECT_EQ(pool_->drawn, 2);
  EXPECT_TRUE(services_->pages->MayBeKept(*book->book));
  EXPECT_TRUE(services_->pages->Ready(*book, 0));
}

TEST_F(PageFailureTest, TheNoticeOfAnAccidentIsNotKeptAndThePageComesBack) {
  MountWith(OnError::kPage);
  const auto book = HoldPdf(Rendition::kPlain);
  const auto other = HoldPdf(Rendition::kEnhanced);
  EXPECT_TRUE(services_->pages->MayBeKept(*book->book));
  const Reader reader = Want(book, 0);
  Break(0, Finish::kPage, kAccident);
  Answer(0, Finish::kPage, "notice");
  EXPECT_EQ(reader.payload(), "notice");
  EXPECT_FALSE(services_->pages->MayBeKept(*book->book));
  EXPECT_TRUE(services_->pages->MayBeKept(*other->book));
  EXPECT_THAT(services_->errors.Text(), HasSubstr("took too long"));
  const Reader later = Want(book, 0);
  ASSERT_FALSE(later.answered());
  EXPECT_EQ(pool_->drawings.back().source, book->file) << "it is tried again";
  Answer(0, Finish::kPage, "page");
  EXPECT_EQ(later.payload(), "page");
  EXPECT_EQ(services_->errors.Text(), "") << "it is over";
  EXPECT_FALSE(services_->pages->MayBeKept(*book->book)) << "the kernel may have the notice yet";
}

TEST_F(PageFailureTest, AnAccidentThatIsOverLeavesTheList) {
  const auto book = HoldPdf(Rendition::kPlain);
  const auto fail = [&](const absl::Status& failure) {
    const Reader reader = Want(book, 0);
    Break(0, Finish::kPage, failure);
    EXPECT_TRUE(reader.answered());
  };
  fail(kAccident);
  fail(kAccident);
  EXPECT_EQ(services_->errors.size(), 1u);
  fail(absl::UnavailableError("put aside until 09:10: x"));
  fail(absl::UnavailableError("put aside until 09:22: x"));
  EXPECT_THAT(services_->errors.Text(), HasSubstr("09:22"));
  EXPECT_EQ(services_->errors.size(), 1u) << "one line for a page";
  // Another page's success changes nothing.
  const Reader two = Want(book, 2);
  Answer(2, Finish::kPage, "two");
  EXPECT_EQ(services_->errors.size(), 1u);
  const Reader one = Want(book, 0);
  Answer(0, Finish::kPage, "one");
  EXPECT_EQ(services_->errors.Text(), "");
  EXPECT_EQ(stats().failed, 4u);
}

TEST_F(PageFailureTest, AFailedPlainPageGivesEachViewItsOwnNotice) {
  const Reader plain = Want(HoldPdf(Rendition::kPlain), 0);
  const auto enhanced_book = HoldPdf(Rendition::kEnhanced);
  const Reader enhanced = Want(enhanced_book, 0);
  const Reader small = Want(HoldPdf(Rendition::kThumbnails), 0);
  Break(0, Finish::kPage, kPageFault);
  Answer(0, Finish::kPage, "plain notice");
  EXPECT_EQ(plain.payload(), "plain notice");
  EXPECT_FALSE(enhanced.answered() || small.answered());
  ASSERT_THAT(pool_->queue, SizeIs(2));
  for (size_t i = 2; i < 4; ++i) {
    EXPECT_EQ(pool_->drawings[i].source->format(), SourceFormat::kNotice);
    EXPECT_EQ(pool_->drawings[i].request.finish, Finish::kPage);
  }
  EXPECT_EQ(pool_->drawings[2].request.max_payload,
            enhanced_book->book->layout()->Body(0).max_payload);
  EXPECT_EQ(BytesOf(*pool_->drawings[2].source), BytesOf(*pool_->drawings[1].source));
  EXPECT_LE(pool_->drawings[3].request.row.height, 100u);
  pool_->AnswerDraw(pool_->queue.begin()->first, Drawn{.payload = "enhanced notice"});
  pool_->AnswerDraw(pool_->queue.begin()->first, Drawn{.payload = "small notice"});
  EXPECT_EQ(enhanced.payload(), "enhanced notice");
  EXPECT_EQ(small.payload(), "small notice");
  EXPECT_EQ(services_->errors.size(), 1u);
  EXPECT_EQ(stats().failed, 1u);
  EXPECT_EQ(stats().notices, 3u);
  // From the kept plain notice likewise.
  const Reader cover = Want(HoldPdf(Rendition::kCover), 0);
  ASSERT_TRUE(NoticeIsAsked());
  EXPECT_EQ(pool_->drawings.back().request.row.height, 300u);
}

TEST_F(PageFailureTest, WhereTheNoticeCannotBeDrawnItIsEio) {
  for (const absl::Status& why :
       {kAccident, absl::InvalidArgumentError("the page's place is too small for a notice")}) {
    MountWith(OnError::kAuto);
    const Reader plain = Want(HoldPdf(Rendition::kPlain), 0);
    const Reader enhanced = Want(HoldPdf(Rendition::kEnhanced), 0);
    Break(0, Finish::kPage, kPageFault);
    Break(0, Finish::kPage, why);
    EXPECT_EQ(ErrnoOf(plain.status()), EIO);
    EXPECT_EQ(ErrnoOf(enhanced.status()), EIO);
    EXPECT_TRUE(pool_->queue.empty()) << "no notice of a notice";
    EXPECT_EQ(services_->errors.size(), 1u);
    EXPECT_THAT(services_->errors.Text(), HasSubstr("the page is torn"));
    EXPECT_EQ(stats().notices, 0u);
  }
}

TEST_F(PageFailureTest, EntriesThatAreHandedOnAreAlwaysEio) {
  MountWith(OnError::kPage);
  const Reader reader = Want(Hold(SourceFormat::kArchive, Rendition::kPlain), 1);
  Break(1, Finish::kEntry, kPageFault);
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_EQ(ErrnoOf(reader.status()), EIO);
  EXPECT_THAT(services_->errors.Text(), HasSubstr("the page is torn\ttest the archive"));
}

TEST_F(PageFailureTest, AChangedSourceIsNeverANotice) {
  MountWith(OnError::kPage);
  const auto book = HoldPdf(Rendition::kPlain);
  const Reader first = Want(book, 0);
  const Reader second = Want(book, 2);
  Break(0, Finish::kPage, kPageFault);  // the notice is under way as the source changes
  Touch("Foo.pdf");
  Break(2, Finish::kPage, kPageFault);
  EXPECT_EQ(ErrnoOf(second.status()), EIO);
  Answer(0, Finish::kPage, "notice");
  EXPECT_EQ(ErrnoOf(first.status()), EIO);
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_THAT(services_->errors.Text(), Not(HasSubstr("Foo.pdf\t3")));
}

TEST_F(PageFailureTest, WhoLeavesDuringTheNoticeCancelsIt) {
  const auto book = HoldPdf(Rendition::kPlain);
  const Reader reader = Want(book, 0);
  Break(0, Finish::kPage, kPageFault);
  ASSERT_TRUE(NoticeIsAsked());
  reader.wait->Leave();
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_FALSE(reader.answered());
  EXPECT_EQ(services_->errors.size(), 1u);
  const Reader later = Want(book, 0);
  Break(0, Finish::kPage, kPageFault);
  Answer(0, Finish::kPage, "notice");
  EXPECT_EQ(later.payload(), "notice");
  EXPECT_EQ(services_->errors.size(), 1u);
}

TEST_F(PageFailureTest, StoppingDuringTheNoticeCancelsIt) {
  const Reader reader = Want(HoldPdf(Rendition::kPlain), 0);
  Break(0, Finish::kPage, kPageFault);
  services_->pages->Stop();
  pool_->Stop();
  EXPECT_TRUE(absl::IsCancelled(reader.status())) << reader.status();
}

TEST_F(PageFailureTest, ASourceThatCannotBeReadIsListedOnceForAllOfTheFile) {
  const auto book = HoldPdf(Rendition::kPlain);
  for (int i = 0; i < 2; ++i) {
    const absl::Status status =
        services_->pages->SourceFailed(*book, ErrnoStatus(ESTALE, "reading the source"));
    EXPECT_EQ(ErrnoOf(status), ESTALE);
    EXPECT_TRUE(WasReported(status));
  }
  EXPECT_EQ(services_->errors.size(), 1u);
  EXPECT_THAT(services_->errors.Text(),
              AllOf(HasSubstr("Foo.pdf\t-\tcannot be read: "), HasSubstr("still there")));
  Touch("Foo.pdf");
  const absl::Status changed =
      services_->pages->SourceFailed(*book, ErrnoStatus(EIO, "the source changed while open"));
  EXPECT_FALSE(WasReported(changed));
  EXPECT_EQ(services_->errors.size(), 1u);
}

}  // namespace
}  // namespace cbzfs
