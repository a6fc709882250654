// Pages that are made of the plain page: in two stages, for whoever waits, once.

#include "fs/core/page_store.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fs/core/errno_status.h"
#include "tests/fs/core/pages_fixture.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class PageStoreTest : public PagesFixture {};

TEST_F(PageStoreTest, AnEnhancedPageIsMadeOfThePlainOne) {
  const auto book = HoldPdf(Rendition::kEnhanced);
  const Reader reader = Want(book, 2);
  ASSERT_THAT(pool_->queue, SizeIs(1));
  EXPECT_EQ(pool_->drawings[0].request.finish, Finish::kPage);
  EXPECT_EQ(pool_->drawings[0].request.page, 2u);
  EXPECT_EQ(pool_->drawings[0].source, book->file);
  Answer(2, Finish::kPage, "plain");
  ASSERT_THAT(pool_->queue, SizeIs(1));
  EXPECT_FALSE(reader.answered());
  const FakeWorkerPool::Drawing& second = pool_->drawings[1];
  EXPECT_EQ(second.request.finish, Finish::kEnhanced);
  EXPECT_EQ(second.request.row.kind, PageKind::kImage);
  EXPECT_EQ(second.source->format(), SourceFormat::kImage);
  EXPECT_EQ(BytesOf(*second.source), "\xFF\xD8plain\xFF\xD9");
  Answer(2, Finish::kEnhanced, "enhanced");
  EXPECT_EQ(reader.payload(), "enhanced");
  EXPECT_EQ(Want(book, 2).payload(), "enhanced");
  EXPECT_EQ(pool_->drawn, 2);
}

TEST_F(PageStoreTest, TheSecondStageIsAskedForAsThePageWas) {
  const Reader reader = Want(HoldPdf(Rendition::kEnhanced), 0, Priority::kReadAhead);
  Answer(0, Finish::kPage, "plain");
  ASSERT_THAT(pool_->drawings, SizeIs(2));
  EXPECT_EQ(pool_->drawings[0].priority, Priority::kReadAhead);
  EXPECT_EQ(pool_->drawings[1].priority, Priority::kReadAhead);
}

TEST_F(PageStoreTest, WhereThePlainPageIsAtHandOnlyTheSecondStageIsLeft) {
  const Reader plain = Want(HoldPdf(Rendition::kPlain), 0);
  Answer(0, Finish::kPage, "plain");
  EXPECT_EQ(plain.payload(), "plain");
  const Reader enhanced = Want(HoldPdf(Rendition::kEnhanced), 0);
  const Reader small = Want(HoldPdf(Rendition::kThumbnails), 0);
  const Reader cover = Want(HoldPdf(Rendition::kCover), 0);
  ASSERT_THAT(pool_->drawings, SizeIs(4));
  EXPECT_EQ(pool_->drawings[1].request.finish, Finish::kEnhanced);
  EXPECT_EQ(pool_->drawings[2].request.finish, Finish::kThumbnail);
  EXPECT_EQ(pool_->drawings[2].request.height, 100u);
  EXPECT_EQ(pool_->drawings[3].request.height, 300u);
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(BytesOf(*pool_->drawings[i].source), "\xFF\xD8plain\xFF\xD9");
  }
}

TEST_F(PageStoreTest, AThumbnailIsMadeOfThePlainPageAndLeavesItBehind) {
  const Reader small = Want(HoldPdf(Rendition::kThumbnails), 0);
  Answer(0, Finish::kPage, "plain");
  Answer(0, Finish::kThumbnail, "small");
  EXPECT_EQ(small.payload(), "small");
  EXPECT_EQ(Want(HoldPdf(Rendition::kPlain), 0).payload(), "plain");
  EXPECT_EQ(pool_->drawn, 2);
}

TEST_F(PageStoreTest, LoneImagesAndOriginalsNeedNoPlainPage) {
  const auto book = HoldPdf(Rendition::kThumbnails);
  const Reader lone = Want(book, 3);
  const Reader original = Want(book, 1);
  const Reader enhanced = Want(HoldPdf(Rendition::kEnhanced), 4);
  ASSERT_THAT(pool_->drawings, SizeIs(3));
  EXPECT_EQ(pool_->drawings[0].request.finish, Finish::kThumbnail);
  EXPECT_EQ(pool_->drawings[1].request.finish, Finish::kThumbnail);
  EXPECT_EQ(pool_->drawings[2].request.finish, Finish::kEnhanced);
  for (const auto& drawing : pool_->drawings)
    EXPECT_EQ(drawing.source->format(), SourceFormat::kPdf);
}

TEST_F(PageStoreTest, ReadersOfSeveralViewsShareThePlainPage) {
  const Reader plain = Want(HoldPdf(Rendition::kPlain), 0);
  const Reader enhanced = Want(HoldPdf(Rendition::kEnhanced), 0);
  const Reader small = Want(HoldPdf(Rendition::kThumbnails), 0);
  const Reader cover = Want(HoldPdf(Rendition::kCover), 0);
  const Reader another = Want(HoldPdf(Rendition::kEnhanced), 0);
  EXPECT_EQ(pool_->drawn, 1);
  Answer(0, Finish::kPage, "plain");
  EXPECT_EQ(plain.payload(), "plain");
  EXPECT_EQ(pool_->drawn, 4);
  Answer(0, Finish::kEnhanced, "enhanced");
  EXPECT_EQ(enhanced.payload(), "enhanced");
  EXPECT_EQ(another.payload(), "enhanced");
  EXPECT_FALSE(small.answered() || cover.answered());
}

TEST_F(PageStoreTest, TheLastToLeaveInTheFirstStageCancelsIt) {
  const auto book = HoldPdf(Rendition::kEnhanced);
  const Reader first = Want(book, 0);
  const Reader second = Want(book, 0);
  first.wait->Leave();
  EXPECT_EQ(pool_->cancelled, 0);
  second.wait->Leave();
  EXPECT_EQ(pool_->cancelled, 1);
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_FALSE(first.answered() || second.answered());
  // Who comes later begins anew.
  const Reader later = Want(book, 0);
  Answer(0, Finish::kPage, "plain");
  Answer(0, Finish::kEnhanced, "enhanced");
  EXPECT_EQ(later.payload(), "enhanced");
  first.wait->Leave();
  EXPECT_EQ(pool_->cancelled, 1);
}

TEST_F(PageStoreTest, ThePlainPageIsDrawnOnForWhoeverElseReadsIt) {
  const Reader plain = Want(HoldPdf(Rendition::kPlain), 0);
  const Reader enhanced = Want(HoldPdf(Rendition::kEnhanced), 0);
  enhanced.wait->Leave();
  EXPECT_EQ(pool_->cancelled, 0);
  Answer(0, Finish::kPage, "plain");
  EXPECT_EQ(plain.payload(), "plain");
  EXPECT_TRUE(pool_->queue.empty()) << "nobody wants it enhanced any more";
}

TEST_F(PageStoreTest, WhoReadsThePlainPageMayLeaveTheEnhancedWaiting) {
  const Reader enhanced = Want(HoldPdf(Rendition::kEnhanced), 0);
  const Reader plain = Want(HoldPdf(Rendition::kPlain), 0);
  plain.wait->Leave();
  EXPECT_EQ(pool_->cancelled, 0);
  Answer(0, Finish::kPage, "plain");
  Answer(0, Finish::kEnhanced, "enhanced");
  EXPECT_EQ(enhanced.payload(), "enhanced");
}

TEST_F(PageStoreTest, WhoLeavesJustAsThePlainPageComesIsNotWaitedFor) {
  Reader enhanced;
  const auto book = HoldPdf(Rendition::kPlain);
  // Called first, for it came first.
  const auto wait = services_->pages->Get(
      book, 0, Priority::kReader,
      [&](const absl::StatusOr<PageStore::Pointer>&) { enhanced.wait->Leave(); });
  enhanced = Want(HoldPdf(Rendition::kEnhanced), 0);
  Answer(0, Finish::kPage, "plain");
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_FALSE(enhanced.answered());
  const Reader later = Want(HoldPdf(Rendition::kEnhanced), 0);
  Answer(0, Finish::kEnhanced, "enhanced");
  EXPECT_EQ(later.payload(), "enhanced");
}

TEST_F(PageStoreTest, TheLastToLeaveInTheSecondStageCancelsThat) {
  const Reader reader = Want(HoldPdf(Rendition::kEnhanced), 0);
  Answer(0, Finish::kPage, "plain");
  reader.wait->Leave();
  EXPECT_EQ(pool_->cancelled, 1);
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_FALSE(reader.answered());
  EXPECT_EQ(Want(HoldPdf(Rendition::kPlain), 0).payload(), "plain") << "what is done is kept";
}

TEST_F(PageStoreTest, AJoinerInAHurryRaisesThePlainPage) {
  const auto book = HoldPdf(Rendition::kEnhanced);
  const Reader ahead = Want(book, 0, Priority::kReadAhead);
  const auto id = pool_->FindDraw(0);
  EXPECT_EQ(pool_->queue.at(id).priority, Priority::kReadAhead);
  const Reader reader = Want(book, 0, Priority::kReader);
  EXPECT_EQ(pool_->queue.at(id).priority, Priority::kReader);
  EXPECT_EQ(pool_->drawn, 1);
  Answer(0, Finish::kPage, "plain");
  EXPECT_EQ(pool_->drawings[1].priority, Priority::kReader);
  Answer(0, Finish::kEnhanced, "enhanced");
  EXPECT_EQ(ahead.payload(), "enhanced");
  EXPECT_EQ(reader.payload(), "enhanced");
}

TEST_F(PageStoreTest, AJoinerWithoutHurryChangesNothing) {
  const auto book = HoldPdf(Rendition::kEnhanced);
  const Reader reader = Want(book, 0, Priority::kReader);
  const Reader ahead = Want(book, 0, Priority::kReadAhead);
  Answer(0, Finish::kPage, "plain");
  EXPECT_EQ(pool_->drawings[1].priority, Priority::kReader);
  const Reader late = Want(book, 0, Priority::kBackground);
  EXPECT_EQ(pool_->queue.begin()->second.priority, Priority::kReader);
}

TEST_F(PageStoreTest, AFailureOfThePlainPageReachesAll) {
  options_.on_error = OnError::kEio;
  Remount();
  PrepareSamples();
  const std::vector<Reader> readers = {
      Want(HoldPdf(Rendition::kPlain), 0), Want(HoldPdf(Rendition::kEnhanced), 0),
      Want(HoldPdf(Rendition::kEnhanced), 0), Want(HoldPdf(Rendition::kThumbnails), 0)};
  pool_->AnswerDraw(pool_->FindDraw(0), absl::DataLossError("the page cannot be drawn"));
  for (const Reader& reader : readers) EXPECT_EQ(ErrnoOf(reader.status()), EIO);
  EXPECT_TRUE(pool_->queue.empty());
  EXPECT_EQ(services_->errors.Text(),
            "Foo.pdf\t1\tthe page cannot be drawn\t"
            "try `mutool clean` or `qpdf` on the file, or replace it\n");
  EXPECT_EQ(services_->pages->stats().failed, 1u);
}

TEST_F(PageStoreTest, AFailureOfTheSecondStageIsThatViewsAlone) {
  options_.on_error = OnError::kEio;
  Remount();
  PrepareSamples();
  const Reader enhanced = Want(HoldPdf(Rendition::kEnhanced), 0);
  Answer(0, Finish::kPage, "plain");
  pool_->AnswerDraw(pool_->FindDraw(0, Finish::kEnhanced), absl::InternalError("libjpeg refused"));
  EXPECT_EQ(ErrnoOf(enhanced.status()), EIO);
  EXPECT_THAT(services_->errors.Text(), HasSubstr("Foo.pdf\t1\tlibjpeg refused"));
  EXPECT_EQ(Want(HoldPdf(Rendition::kPlain), 0).payload(), "plain");
}

TEST_F(PageStoreTest, StoppingAnswersBothStages) {
  const Reader second = Want(HoldPdf(Rendition::kEnhanced), 0);
  Answer(0, Finish::kPage, "plain");
  const Reader first = Want(HoldPdf(Rendition::kEnhanced), 2);
  services_->pages->Stop();
  pool_->Stop();
  EXPECT_TRUE(absl::IsCancelled(first.status())) << first.status();
  EXPECT_TRUE(absl::IsCancelled(second.status())) << second.status();
  EXPECT_TRUE(pool_->queue.empty()) << "no new work";
  EXPECT_EQ(services_->errors.Text(), "");
}

TEST_F(PageStoreTest, ASourceThatChangedBeforeEitherAnswerIsEio) {
  const Reader first = Want(HoldPdf(Rendition::kEnhanced), 0);
  const Reader second = Want(HoldPdf(Rendition::kEnhanced), 2);
  Answer(2, Finish::kPage, "plain");
  Touch("Foo.pdf");
  Answer(2, Finish::kEnhanced, "enhanced");
  Answer(0, Finish::kPage, "plain");
  EXPECT_EQ(ErrnoOf(first.status()), EIO);
  EXPECT_EQ(ErrnoOf(second.status()), EIO);
  EXPECT_TRUE(pool_->queue.empty());
}

TEST_F(PageStoreTest, AnAnswerThatDoesNotFitIsRefused) {
  const auto book = HoldPdf(Rendition::kThumbnails);
  const Reader reader = Want(book, 3);
  Answer(3, Finish::kThumbnail, std::string(pool_->drawings[0].request.max_payload + 1, 'x'));
  EXPECT_EQ(services_->pages->stats().failed, 1u);
  EXPECT_EQ(pool_->drawings.back().source->format(), SourceFormat::kNotice);
  Answer(3, Finish::kPage, std::string(pool_->drawings[1].request.max_payload + 1, 'x'));
  EXPECT_EQ(ErrnoOf(reader.status()), EIO);
}

TEST_F(PageStoreTest, ANoteIsListedAndThePageServed) {
  const auto tell = [this](uint32_t page, Finish finish) {
    pool_->AnswerDraw(pool_->FindDraw(page, finish),
                      Drawn{.payload = "x", .quality = 85, .note = "the image is damaged"});
  };
  const Reader pdf = Want(HoldPdf(Rendition::kEnhanced), 4);
  tell(4, Finish::kEnhanced);
  const Reader archive = Want(Hold(SourceFormat::kArchive, Rendition::kThumbnails), 0);
  tell(4, Finish::kThumbnail);
  const Reader image = Want(Hold(SourceFormat::kImage, Rendition::kEnhanced), 0);
  tell(0, Finish::kEnhanced);
  for (const Reader& reader : {pdf, archive, image}) EXPECT_EQ(reader.payload(), "x");
  EXPECT_EQ(services_->errors.Text(),
            "Foo.pdf\t5\tthe image is damaged\t"
            "try `mutool clean` or `qpdf` on the file, or replace it\n"
            "Foo.cbz\t5\tA/P1.webp: the image is damaged\t"
            "test the archive with `unzip -t`; make it anew from its images, or replace it\n"
            "Foo.png\t-\tthe image is damaged\t"
            "save the image anew with an image editor, or replace it\n");
  EXPECT_EQ(services_->pages->stats().failed, 0u);
}

TEST_F(PageStoreTest, SlotsAreCountedByRendition) {
  const auto book = HoldPdf(Rendition::kEnhanced);
  const Reader enhanced = Want(book, 0);
  pool_->AnswerDraw(pool_->FindDraw(0), Drawn{.payload = std::string(500, 'p'), .quality = 85});
  pool_->AnswerDraw(pool_->FindDraw(0, Finish::kEnhanced),
                    Drawn{.payload = std::string(700, 'e'), .quality = 84, .softened = true});
  const Reader small = Want(HoldPdf(Rendition::kThumbnails), 3);
  Answer(3, Finish::kThumbnail, std::string(300, 's'));  // at 85
  // Streams that were taken over have no quality, and say nothing about slots.
  const Reader extracted = Want(HoldPdf(Rendition::kPlain), 2);
  pool_->AnswerDraw(pool_->FindDraw(2), Drawn{.payload = "x", .quality = 0});
  const Reader entry = Want(Hold(SourceFormat::kArchive, Rendition::kPlain), 1);
  pool_->AnswerDraw(pool_->FindDraw(1, Finish::kEntry), Drawn{.payload = std::string(2000, 'e')});

  const auto slots = services_->pages->stats().slots;
  const auto of = [&](Rendition rendition) { return slots[static_cast<size_t>(rendition)]; };
  EXPECT_EQ(of(Rendition::kPlain).pages, 1u);
  EXPECT_EQ(of(Rendition::kPlain).lowered, 0u);
  EXPECT_EQ(of(Rendition::kPlain).used, 500u);
  EXPECT_EQ(of(Rendition::kEnhanced).pages, 1u);
  EXPECT_EQ(of(Rendition::kEnhanced).lowered, 1u);
  EXPECT_EQ(of(Rendition::kEnhanced).softened, 1u);
  EXPECT_EQ(of(Rendition::kEnhanced).bytes, book->book->layout()->Body(0).max_payload);
  EXPECT_EQ(of(Rendition::kEnhanced).used, 700u);
  EXPECT_EQ(of(Rendition::kThumbnails).pages, 1u);
  EXPECT_EQ(of(Rendition::kThumbnails).lowered, 0u);
  EXPECT_EQ(of(Rendition::kCover).pages, 0u);
}

TEST_F(PageStoreTest, AnUnpackedEntryIsOnePageForAllRenditions) {
  const Reader repacked = Want(Hold(SourceFormat::kPacked, Rendition::kRepacked), 1);
  const Reader enhanced = Want(Hold(SourceFormat::kPacked, Rendition::kEnhanced), 1);
  const Reader plain = Want(Hold(SourceFormat::kPacked, Rendition::kPlain), 1);
  EXPECT_EQ(pool_->drawings.size(), 1u);
  EXPECT_EQ(pool_->drawings[0].source->format(), SourceFormat::kPacked);
  EXPECT_EQ(pool_->drawings[0].request.entry, 3u);
  pool_->AnswerDraw(pool_->FindDraw(1, Finish::kEntry), Drawn{.payload = std::string(120, 'e')});
  for (const Reader& reader : {repacked, enhanced, plain}) {
    EXPECT_EQ(reader.payload(), std::string(120, 'e'));
  }
  EXPECT_TRUE(services_->pages->Ready(*Hold(SourceFormat::kPacked, Rendition::kRepacked), 1));
  EXPECT_TRUE(services_->pages->Ready(*Hold(SourceFormat::kPacked, Rendition::kRepacked), 2))
      << "an empty one is never asked for";
  EXPECT_FALSE(services_->pages->Ready(*Hold(SourceFormat::kPacked, Rendition::kRepacked), 3));
}

TEST_F(PageStoreTest, ThumbnailsAreMeasuredByTheirOwnQuality) {
  options_.analyse.quality = 95;
  Remount();
  PrepareSamples();
  const Reader small = Want(HoldPdf(Rendition::kThumbnails), 3);
  Answer(3, Finish::kThumbnail, "x");
  EXPECT_EQ(services_->pages->stats().slots[static_cast<size_t>(Rendition::kThumbnails)].lowered,
            0u);
}

TEST_F(PageStoreTest, WithoutACacheEveryStageIsMadeAgain) {
  options_.cache_bytes = 0;
  Remount();
  PrepareSamples();
  const auto book = HoldPdf(Rendition::kEnhanced);
  for (int round = 0; round < 2; ++round) {
    const Reader reader = Want(book, 0);
    Answer(0, Finish::kPage, "plain");
    Answer(0, Finish::kEnhanced, "enhanced");
    EXPECT_EQ(reader.payload(), "enhanced");
  }
  EXPECT_EQ(pool_->drawn, 4);
}

TEST_F(PageStoreTest, ReadyTellsWhatNeedsNoWaiting) {
  const auto plain = HoldPdf(Rendition::kPlain);
  EXPECT_TRUE(services_->pages->Ready(*plain, 1)) << "an original page";
  EXPECT_FALSE(services_->pages->Ready(*plain, 0));
  const auto archive = Hold(SourceFormat::kArchive, Rendition::kEnhanced);
  EXPECT_TRUE(services_->pages->Ready(*archive, 2)) << "handed on";
  EXPECT_FALSE(services_->pages->Ready(*archive, 0));
  const Reader reader = Want(archive, 0);
  Answer(0, Finish::kEnhanced, "enhanced");
  EXPECT_TRUE(services_->pages->Ready(*archive, 0));
}

}  // namespace
}  // namespace cbzfs
