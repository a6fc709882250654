// cbzfs-worker on archives and images, and on pages that are made of other pages.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "codecs/document/picture_size.h"
#include "gmock/gmock.h"
#include "tests/codecs/archive/zip_builder.h"
#include "tests/codecs/worker/pool_fixture.h"
#include "tests/support/jpeg_maker.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;
using testing::MakeJpeg;
using testing::ReadJpeg;
using ::testing::SizeIs;

class RealSourcesTest : public PoolTest {
 protected:
  RealSourcesTest() {
    options_.worker_program = CBZFS_WORKER;
    options_.sandbox = true;
    analyse_.enhanced = true;
    analyse_.dpi = 72;
  }

  // A file without a name that holds `bytes`.
  static std::shared_ptr<const SourceFile> SourceOf(const std::string& bytes, SourceFormat format,
                                                    uint64_t key = 1) {
    const int fd = memfd_create("source", MFD_CLOEXEC);
    if (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) abort();
    return std::make_shared<SourceFile>(fd, bytes.size(), key, format);
  }
  static std::shared_ptr<const SourceFile> Archive(std::vector<testing::ZipItem> items,
                                                   uint64_t key = 1) {
    return SourceOf(testing::ZipOf(std::move(items)), SourceFormat::kArchive, key);
  }

  Document Analysed(const std::shared_ptr<const SourceFile>& source) {
    absl::StatusOr<Document> document = Analyse(source).Wait();
    EXPECT_TRUE(document.ok()) << document.status();
    return document.ok() ? *std::move(document) : Document();
  }

  // As the daemon asks for page `page`.
  DrawRequest RequestOf(const Document& document, uint32_t page, Finish finish) {
    DrawRequest request = {
        .page = page, .row = document.pages.at(page), .options = analyse_, .finish = finish};
    if (!document.entries.empty()) {
      request.entry = document.entries[page].index;
      request.entry_bytes = document.entries[page].bytes;
    }
    const PictureSize whole = {request.row.width, request.row.height};
    const PictureSize size = finish == Finish::kThumbnail ? FitInside(whole, {100, 100}) : whole;
    request.width = size.width;
    request.height = size.height;
    request.max_payload = finish == Finish::kThumbnail  ? ThumbnailPayload(size)
                          : finish == Finish::kEnhanced ? request.row.enhanced_bytes
                                                        : request.row.payload_bytes;
    return request;
  }

  // The page made, within its slot and of its size.
  void ExpectPicture(const std::shared_ptr<const SourceFile>& source, const DrawRequest& request) {
    const absl::StatusOr<Drawn> drawn = Draw(source, request).Wait();
    ASSERT_TRUE(drawn.ok()) << drawn.status();
    EXPECT_LE(drawn->payload.size(), request.max_payload);
    EXPECT_EQ(drawn->note, "");
    const testing::Picture picture = ReadJpeg("\xFF\xD8" + drawn->payload + "\xFF\xD9");
    EXPECT_EQ(picture.width, static_cast<int>(request.width));
    EXPECT_EQ(picture.height, static_cast<int>(request.height));
  }
};

TEST_F(RealSourcesTest, AnArchiveIsProbedAnalysedAndItsPagesMade) {
  StartPool();
  const std::string jpeg = MakeJpeg({.width = 300, .height = 450});
  const std::string text(3000, 't');
  const auto source = Archive({{.name = "Top/2.jpg", .data = jpeg},
                               {.name = "Top/10.jpg", .data = jpeg, .method = 8},
                               {.name = "Top/info.txt", .data = text, .method = 8}});
  const absl::StatusOr<ProbeResult> probe = Probe(source).Wait();
  ASSERT_TRUE(probe.ok()) << probe.status();
  EXPECT_EQ(probe->page_count, 2u);
  const Document document = Analysed(source);
  ASSERT_THAT(document.pages, SizeIs(3));
  EXPECT_EQ(document.entries[1].name, "10.jpg");
  for (const uint32_t page : {0, 1}) {
    ExpectPicture(source, RequestOf(document, page, Finish::kEnhanced));
    ExpectPicture(source, RequestOf(document, page, Finish::kThumbnail));
  }
  EXPECT_EQ(Draw(source, RequestOf(document, 1, Finish::kEntry)).Wait()->payload, jpeg);
  EXPECT_EQ(Draw(source, RequestOf(document, 2, Finish::kEntry)).Wait()->payload, text);
  EXPECT_EQ(pool_->stats().restarts, 0u);
  EXPECT_EQ(pool_->stats().enhanced, 2u);
  EXPECT_EQ(pool_->stats().thumbnails, 2u);
  EXPECT_EQ(pool_->stats().entries, 2u);
}

TEST_F(RealSourcesTest, EntriesThatCannotBeReadFailAloneAndCostNoWorker) {
  StartPool();
  const std::string jpeg = MakeJpeg({});
  std::string wrong = jpeg;
  const auto source = Archive({{.name = "good.jpg", .data = jpeg},
                               {.name = "locked.jpg", .data = jpeg, .flags = 1},
                               {.name = "odd.jpg", .data = jpeg, .method = 97, .coded = "x"},
                               {.name = "bomb.jpg",
                                .data = jpeg,
                                .method = 8,
                                .coded = testing::Deflate(std::string(1 << 20, '0'), 64)},
                               {.name = "sum.jpg", .data = jpeg, .method = 8, .crc = 1}});
  const Document document = Analysed(source);
  ASSERT_THAT(document.pages, SizeIs(5));
  const auto unpack = [&](uint32_t page) {
    return Draw(source, RequestOf(document, page, Finish::kEntry)).Wait().status();
  };
  EXPECT_TRUE(absl::IsPermissionDenied(unpack(1))) << unpack(1);
  EXPECT_TRUE(absl::IsUnimplemented(unpack(2))) << unpack(2);
  EXPECT_TRUE(absl::IsDataLoss(unpack(3))) << unpack(3);
  EXPECT_TRUE(absl::IsDataLoss(unpack(4))) << unpack(4);
  DrawRequest nowhere = RequestOf(document, 0, Finish::kEntry);
  nowhere.page = nowhere.entry = 1'000'000;
  EXPECT_TRUE(absl::IsNotFound(Draw(source, nowhere).Wait().status()));
  ExpectPicture(source, RequestOf(document, 0, Finish::kEnhanced));
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(RealSourcesTest, WhatIsNoComicIsToldSo) {
  StartPool();
  const auto text = Archive({{.name = "a.txt", .data = "text"}});
  EXPECT_TRUE(absl::IsNotFound(Probe(text).Wait().status()));
  EXPECT_TRUE(absl::IsNotFound(Analyse(text).Wait().status()));
  const auto rar = SourceOf(std::string("Rar!\x1A\7\1\0 and more", 17), SourceFormat::kArchive, 2);
  const absl::Status status = Probe(rar).Wait().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("RAR"));
  const auto image = SourceOf("no image", SourceFormat::kImage, 3);
  EXPECT_TRUE(absl::IsInvalidArgument(Probe(image).Wait().status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Analyse(image).Wait().status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Probe(SourceOf("", SourceFormat::kArchive, 4)).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(RealSourcesTest, AnImageFileIsOnePage) {
  StartPool();
  const auto source = SourceOf(MakeJpeg({.width = 640, .height = 480}), SourceFormat::kImage);
  EXPECT_EQ(Probe(source).Wait()->page_count, 1u);
  const Document document = Analysed(source);
  ASSERT_THAT(document.pages, SizeIs(1));
  ExpectPicture(source, RequestOf(document, 0, Finish::kEnhanced));
  ExpectPicture(source, RequestOf(document, 0, Finish::kThumbnail));
  // Nothing can be unpacked from it.
  DrawRequest entry = RequestOf(document, 0, Finish::kEntry);
  entry.entry_bytes = 10;
  EXPECT_FALSE(Draw(source, entry).Wait().ok());
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(RealSourcesTest, OneVersionOfAFileIsWhatItIsTakenFor) {
  StartPool();
  const std::string zip = testing::ZipOf({{.name = "1.jpg", .data = MakeJpeg({})}});
  EXPECT_EQ(Probe(SourceOf(zip, SourceFormat::kArchive, 5)).Wait()->page_count, 1u);
  EXPECT_FALSE(Probe(SourceOf(zip, SourceFormat::kImage, 5)).Wait().ok());
  EXPECT_EQ(Probe(SourceOf(zip, SourceFormat::kArchive, 5)).Wait()->page_count, 1u);
}

TEST_F(RealSourcesTest, APageIsMadeOfThePageThatWasDrawn) {
  StartPool();
  testing::PdfWriter writer;
  writer.AddPage({.content = "0 0 1 rg 20 20 100 50 re f"});
  const auto source = SourceOf(writer.Finish(), SourceFormat::kPdf);
  const Document document = Analysed(source);
  ASSERT_THAT(document.pages, SizeIs(1));
  const absl::StatusOr<Drawn> plain = Draw(source, RequestOf(document, 0, Finish::kPage)).Wait();
  ASSERT_TRUE(plain.ok()) << plain.status();
  const auto image = SourceFile::OfImage("\xFF\xD8" + plain->payload + "\xFF\xD9", 42);
  ASSERT_TRUE(image.ok()) << image.status();
  for (const Finish finish : {Finish::kEnhanced, Finish::kThumbnail}) {
    DrawRequest request = RequestOf(document, 0, finish);
    request.row = {.kind = PageKind::kImage,
                   .width = request.row.width,
                   .height = request.row.height,
                   .gray = request.row.gray,
                   .source_bytes = (*image)->bytes()};
    ExpectPicture(*image, request);
  }
}

TEST_F(RealSourcesTest, OriginalAndLoneImagesOfAPdfAreDecodedWithoutDrawing) {
  StartPool();
  testing::PdfWriter writer;
  const int scan = writer.AddJpeg(MakeJpeg({.width = 400, .height = 600}), 400, 600);
  writer.AddScan(scan, 400, 600);
  const auto source = SourceOf(writer.Finish(), SourceFormat::kPdf);
  const Document document = Analysed(source);
  ASSERT_THAT(document.pages, SizeIs(1));
  ASSERT_EQ(document.pages[0].kind, PageKind::kOriginal);
  ExpectPicture(source, RequestOf(document, 0, Finish::kEnhanced));
  ExpectPicture(source, RequestOf(document, 0, Finish::kThumbnail));

  analyse_.original = false;
  const Document drawn = Analysed(source);
  ASSERT_EQ(drawn.pages[0].kind, PageKind::kDrawn);
  EXPECT_TRUE(drawn.pages[0].lone_image);
  ExpectPicture(source, RequestOf(drawn, 0, Finish::kThumbnail));
}

TEST_F(RealSourcesTest, ADamagedImageIsMadeWithANote) {
  StartPool();
  const std::string jpeg = MakeJpeg({.width = 400, .height = 600});
  const auto source = SourceOf(jpeg, SourceFormat::kImage);
  const Document document = Analysed(source);
  const auto cut = SourceOf(jpeg.substr(0, jpeg.size() / 2), SourceFormat::kImage, 2);
  const auto drawn = Draw(cut, RequestOf(document, 0, Finish::kThumbnail)).Wait();
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_THAT(drawn->note, HasSubstr("damaged"));
}

}  // namespace
}  // namespace cbzfs
