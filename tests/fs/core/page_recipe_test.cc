// How each page is made: what is asked of whom, and what becomes of the answer.

#include "fs/core/page_recipe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/fs/core/sample_documents.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;

std::vector<PageMaker> Makers(const Book& book) {
  std::vector<PageMaker> makers;
  for (uint32_t page = 0; page < book.page_count(); ++page) makers.push_back(MakerOf(book, page));
  return makers;
}

AnalyseOptions SomeOptions() {
  AnalyseOptions options;
  options.quality = 71;
  options.enhance.gamma = 0.7;
  return options;
}

std::string BytesOf(const SourceFile& file) {
  std::string bytes(file.bytes(), '\0');
  EXPECT_EQ(pread(file.fd(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return bytes;
}

std::string All(const Body& body) {
  std::string bytes(body.size(), '?');
  body.Read(0, absl::MakeSpan(bytes.data(), bytes.size()));
  return bytes;
}

TEST(PageRecipeTest, MakersOfAPdf) {
  constexpr PageMaker kSeal = PageMaker::kSeal;
  constexpr PageMaker kPlain = PageMaker::kPlain;
  constexpr PageMaker kWorker = PageMaker::kWorker;
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kPdf, Rendition::kPlain)),
              ElementsAre(kWorker, kSeal, kWorker, kWorker, kSeal));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kPdf, Rendition::kEnhanced)),
              ElementsAre(kPlain, kWorker, kPlain, kPlain, kWorker));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kPdf, Rendition::kThumbnails)),
              ElementsAre(kPlain, kWorker, kPlain, kWorker, kWorker));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kPdf, Rendition::kCover)), ElementsAre(kPlain));
}

TEST(PageRecipeTest, MakersOfArchivesAndImages) {
  constexpr PageMaker kWorker = PageMaker::kWorker;
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kArchive, Rendition::kPlain)),
              ElementsAre(kWorker, kWorker, kWorker, kWorker, kWorker));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kArchive, Rendition::kEnhanced)),
              ElementsAre(kWorker, kWorker, PageMaker::kNobody, kWorker));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kArchive, Rendition::kThumbnails)),
              ElementsAre(kWorker, kWorker, kWorker));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kImage, Rendition::kEnhanced)),
              ElementsAre(kWorker));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kImage, Rendition::kCover)), ElementsAre(kWorker));
}

TEST(PageRecipeTest, MakersOfArchivesThatAreNoZips) {
  constexpr PageMaker kWorker = PageMaker::kWorker;
  constexpr PageMaker kShared = PageMaker::kShared;
  constexpr PageMaker kNobody = PageMaker::kNobody;
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kPacked, Rendition::kPlain)),
              ElementsAre(kWorker, kWorker, kWorker, kWorker));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kPacked, Rendition::kRepacked)),
              ElementsAre(kShared, kShared, kNobody, kShared));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kPacked, Rendition::kEnhanced)),
              ElementsAre(kWorker, kShared, kNobody, kWorker));
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kPacked, Rendition::kThumbnails)),
              ElementsAre(kWorker, kWorker));
  // A ZIP that is called a CBR.
  EXPECT_THAT(Makers(*SampleBook(SourceFormat::kArchive, Rendition::kRepacked)),
              ElementsAre(kNobody, kNobody, kNobody, kNobody));
}

TEST(PageRecipeTest, APlainPageIsDrawnToFillItsSlot) {
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kPlain);
  for (const uint32_t page : {0, 2, 3}) {
    const DrawRequest request = RequestFor(*book, page, SomeOptions());
    EXPECT_EQ(request.page, page);
    EXPECT_EQ(request.row, book->row(page));
    EXPECT_EQ(request.options, SomeOptions());
    EXPECT_EQ(request.finish, Finish::kPage);
    EXPECT_EQ(request.max_payload, book->layout()->Body(page).max_payload);
    EXPECT_EQ(request.entry_bytes, 0u);
  }
}

TEST(PageRecipeTest, ATightPageHasRoomAndExactlyTheAskedQuality) {
  Options tight;
  tight.tight = true;
  for (const Rendition rendition :
       {Rendition::kPlain, Rendition::kEnhanced, Rendition::kThumbnails}) {
    const auto book = SampleBook(SourceFormat::kPdf, rendition, tight);
    const auto padded = SampleBook(SourceFormat::kPdf, rendition);
    ASSERT_NE(book, nullptr);
    EXPECT_TRUE(book->tight());
    EXPECT_FALSE(padded->tight());
    const DrawRequest request = RequestFor(*book, 0, SomeOptions());
    const Page& made = book->layout()->document().pages[0];
    EXPECT_TRUE(request.exact);
    EXPECT_GE(request.max_payload, uint64_t{made.width} * made.height * (made.gray ? 2 : 3));
    EXPECT_GT(request.likely_payload, 0u);
    EXPECT_LE(request.likely_payload, request.max_payload / 4);
    EXPECT_FALSE(RequestFor(*padded, 0, SomeOptions()).exact);
    EXPECT_EQ(RequestFor(*padded, 0, SomeOptions()).likely_payload, 0u);
    // Neither takes the other's pages for its own.
    EXPECT_NE(book->layout()->PageFacts(0), padded->layout()->PageFacts(0));
    EXPECT_EQ(request.row, padded->row(0));  // what is drawn is the same
  }
}

TEST(PageRecipeTest, AnEnhancedOriginalLeavesRoomForItsProfile) {
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kEnhanced);
  const DrawRequest with = RequestFor(*book, 1, SomeOptions());
  EXPECT_EQ(with.finish, Finish::kEnhanced);
  EXPECT_EQ(with.row, book->row(1));
  EXPECT_EQ(with.width, 1000u);
  EXPECT_EQ(with.height, 1500u);
  EXPECT_EQ(with.max_payload, book->layout()->Body(1).max_payload - 600);
  EXPECT_GE(with.max_payload, book->row(1).enhanced_bytes);
  const DrawRequest without = RequestFor(*book, 4, SomeOptions());
  EXPECT_EQ(without.max_payload, book->layout()->Body(4).max_payload);
}

TEST(PageRecipeTest, TheProfileStandsInFrontOfTheEnhancedOriginal) {
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kEnhanced);
  const std::string& profile = book->document().inserts[0];
  const uint64_t room = RequestFor(*book, 1, SomeOptions()).max_payload;
  const auto body = BodyOf(*book, 1, {.payload = std::string(room, 'x')});
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ((*body)->payload(), profile + std::string(room, 'x'));
  EXPECT_TRUE(absl::IsDataLoss(BodyOf(*book, 1, {.payload = std::string(room + 1, 'x')}).status()));
  // No other page gets one.
  for (const uint32_t page : {0, 2, 3, 4}) {
    EXPECT_EQ((*BodyOf(*book, page, {.payload = "y"}))->payload(), "y");
  }
  const auto small = SampleBook(SourceFormat::kPdf, Rendition::kThumbnails);
  EXPECT_EQ((*BodyOf(*small, 1, {.payload = "y"}))->payload(), "y");
  EXPECT_EQ(RequestFor(*small, 1, SomeOptions()).max_payload, small->layout()->Body(1).max_payload);
}

TEST(PageRecipeTest, ThumbnailsAreAskedForAtTheirSize) {
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kThumbnails);
  const DrawRequest request = RequestFor(*book, 3, SomeOptions());
  EXPECT_EQ(request.finish, Finish::kThumbnail);
  EXPECT_EQ(request.page, 3u);
  EXPECT_EQ(request.row.width, 3000u);
  EXPECT_EQ(request.width, 100u);
  EXPECT_EQ(request.height, 50u);
  EXPECT_EQ(request.max_payload, book->layout()->Body(3).max_payload);
  const auto cover = SampleBook(SourceFormat::kImage, Rendition::kCover);
  EXPECT_EQ(RequestFor(*cover, 0, SomeOptions()).width, 400u);
  EXPECT_EQ(RequestFor(*cover, 0, SomeOptions()).height, 300u);
}

TEST(PageRecipeTest, PagesOfArchivesNameTheirEntry) {
  const auto small = SampleBook(SourceFormat::kArchive, Rendition::kThumbnails);
  const DrawRequest first = RequestFor(*small, 0, SomeOptions());
  EXPECT_EQ(first.page, 4u) << "the row, for the failure's memory";
  EXPECT_EQ(first.entry, 9u) << "in the archive's directory";
  EXPECT_EQ(first.entry_bytes, 800u);
  const auto enhanced = SampleBook(SourceFormat::kArchive, Rendition::kEnhanced);
  const DrawRequest last = RequestFor(*enhanced, 3, SomeOptions());
  EXPECT_EQ(last.finish, Finish::kEnhanced);
  EXPECT_EQ(last.page, 4u);
  EXPECT_EQ(last.entry, 9u);
  EXPECT_EQ(last.width, 800u);
  EXPECT_EQ(last.max_payload, enhanced->layout()->Body(3).max_payload);
}

TEST(PageRecipeTest, AnEntryIsUnpackedAsItIs) {
  const auto book = SampleBook(SourceFormat::kArchive, Rendition::kPlain);
  const DrawRequest request = RequestFor(*book, 1, SomeOptions());
  EXPECT_EQ(request.finish, Finish::kEntry);
  EXPECT_EQ(request.entry, 3u);
  EXPECT_EQ(request.entry_bytes, 2000u);
  const auto body = BodyOf(*book, 1, {.payload = std::string(2000, 'e')});
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(All(**body), std::string(2000, 'e')) << "no padding, no patch";
}

TEST(PageRecipeTest, APageMadeOfThePlainOneIsAskedForAsAnImage) {
  const SourceFile image(-1, 4321, 5, SourceFormat::kImage);
  const auto enhanced = SampleBook(SourceFormat::kPdf, Rendition::kEnhanced);
  const DrawRequest request = RequestFor(*enhanced, 3, SomeOptions(), image);
  EXPECT_EQ(request.finish, Finish::kEnhanced);
  EXPECT_EQ(request.page, 3u);
  EXPECT_EQ(request.options, SomeOptions());
  EXPECT_EQ(request.max_payload, enhanced->layout()->Body(3).max_payload);
  EXPECT_EQ(request.row, (Page{.kind = PageKind::kImage,
                               .width = 3000,
                               .height = 1500,
                               .gray = true,
                               .source_bytes = 4321}));
  const auto small = SampleBook(SourceFormat::kPdf, Rendition::kCover);
  const DrawRequest cover = RequestFor(*small, 0, SomeOptions(), image);
  EXPECT_EQ(cover.finish, Finish::kThumbnail);
  EXPECT_EQ(cover.width, 200u);
  EXPECT_EQ(cover.height, 300u);
  EXPECT_EQ(cover.row.width, 1000u);
}

TEST(PageRecipeTest, ThePlainPageIsHandedOnAsAJpegThatNobodyCanChange) {
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kPlain);
  const auto body = BodyOf(*book, 0, {.payload = "payload"});
  const auto image = ImageOfPlain(*book, 0, **body);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(BytesOf(**image), "\xFF\xD8payload\xFF\xD9");
  EXPECT_EQ((*image)->format(), SourceFormat::kImage);
  EXPECT_LT(pwrite((*image)->fd(), "x", 1, 0), 0);
  EXPECT_NE(ftruncate((*image)->fd(), 3), 0);
  // Workers and the memory of failures tell pages apart by their keys.
  EXPECT_EQ((*ImageOfPlain(*book, 0, **body))->key(), (*image)->key());
  EXPECT_NE((*ImageOfPlain(*book, 2, **body))->key(), (*image)->key());
}

}  // namespace
}  // namespace cbzfs
