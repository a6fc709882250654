#include "codecs/comic/archive_comic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "codecs/document/document_codec.h"
#include "tests/codecs/archive/zip_builder.h"
#include "tests/codecs/comic/image_samples.h"

namespace cbzfs {
namespace {

using testing::AsBytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeJpeg;
using testing::MakePng;
using ::testing::SizeIs;
using testing::ZipItem;
using testing::ZipOf;

// An archive and the comic over it.
struct Comic {
  std::string zip;
  std::unique_ptr<ArchiveComic> comic;

  ArchiveComic* operator->() const { return comic.get(); }
};

Comic Open(std::vector<ZipItem> items) {
  static const auto& charsets = *LegacyCharsets::Load()->release();
  Comic opened{.zip = ZipOf(std::move(items))};
  auto comic = ArchiveComic::Open(AsBytes(opened.zip), &charsets);
  EXPECT_TRUE(comic.ok()) << comic.status();
  if (comic.ok()) opened.comic = *std::move(comic);
  return opened;
}

std::string GoodJpeg() { return MakeJpeg({}); }

AnalyseOptions Enhanced() {
  AnalyseOptions options;
  options.enhanced = true;
  return options;
}

// The one note about page `page`.
std::string NoteOf(const Document& document, uint32_t page) {
  std::string text;
  for (const Note& note : document.notes) {
    if (note.page == page) text += text.empty() ? note.text : "\n" + note.text;
  }
  return text;
}

TEST(ArchiveComicTest, ATableHasARowForEachEntryThatIsKept) {
  const std::string png = MakePng(60, 90, true);
  const Comic comic = Open({{.name = "Top/", .attributes = 0x10},
                            {.name = "Top/10.png", .data = png, .method = 8},
                            {.name = "Top/Thumbs.db", .data = "rubbish"},
                            {.name = "Top/sub/2.jpg", .data = GoodJpeg()},
                            {.name = "Top/ComicInfo.xml", .data = "<xml/>", .method = 8},
                            {.name = "__MACOSX/Top/._2.jpg", .data = "rubbish"}});
  EXPECT_EQ(*comic->CountImages(), 2u);
  const auto document = comic->Analyse({}, false);
  ASSERT_TRUE(document.ok()) << document.status();
  ASSERT_THAT(document->pages, SizeIs(3));
  ASSERT_THAT(document->entries, SizeIs(3));
  EXPECT_THAT(document->notes, IsEmpty());
  EXPECT_EQ(document->entries[0].name, "10.png");
  EXPECT_EQ(document->entries[1].name, "sub/2.jpg");
  EXPECT_EQ(document->entries[2].name, "ComicInfo.xml");
  EXPECT_EQ(document->entries[0].index, 1u);
  EXPECT_EQ(document->entries[1].index, 3u);
  EXPECT_EQ(document->entries[2].index, 4u);

  const Page& packed = document->pages[0];
  EXPECT_EQ(packed.kind, PageKind::kImage);
  EXPECT_EQ(packed.width, 60u);
  EXPECT_EQ(packed.height, 90u);
  EXPECT_TRUE(packed.gray);
  EXPECT_EQ(document->entries[0].bytes, png.size());
  EXPECT_EQ(packed.source_bytes, testing::Deflate(png).size());
  const Page& stored = document->pages[1];
  EXPECT_EQ(stored.kind, PageKind::kImage);
  EXPECT_EQ(stored.width, 200u);
  EXPECT_EQ(stored.height, 100u);
  EXPECT_FALSE(stored.gray);
  EXPECT_EQ(comic.zip.substr(stored.source_offset, stored.source_bytes), GoodJpeg());
  const Page& text = document->pages[2];
  EXPECT_EQ(text.kind, PageKind::kRaw);
  EXPECT_EQ(text.width, 1u);
  EXPECT_EQ(document->entries[2].bytes, 6u);
}

TEST(ArchiveComicTest, TheTableSurvivesTheCrossing) {
  const Comic comic = Open({{.name = "1.jpg", .data = GoodJpeg()},
                            {.name = "2.jpg", .data = "no image"},
                            {.name = "a/b.txt", .data = "text", .method = 8},
                            {.name = "empty", .data = ""}});
  const auto document = comic->Analyse(Enhanced(), false);
  ASSERT_TRUE(document.ok()) << document.status();
  const auto back = DecodeDocument(EncodeDocument(*document), comic.zip.size());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, *document);
}

TEST(ArchiveComicTest, WhatCannotBeReadIsHandedOnWithANote) {
  const std::string jpeg = GoodJpeg();
  const Comic comic = Open({{.name = "good.jpg", .data = jpeg},
                            {.name = "locked.jpg", .data = jpeg, .flags = 1},
                            {.name = "cut.jpg", .data = jpeg.substr(0, jpeg.size() / 2)},
                            {.name = "odd.jpg", .data = jpeg, .method = 97, .coded = "whatever"},
                            {.name = "text.jpg", .data = "a text in spite of its name"},
                            {.name = "nowhere.jpg", .data = jpeg, .offset = 1'000'000},
                            {.name = "lies.jpg",
                             .data = jpeg,
                             .bytes = jpeg.size() + 1,
                             .local_bytes = static_cast<uint32_t>(jpeg.size() + 1)}});
  EXPECT_EQ(*comic->CountImages(), 7u) << "named like images";
  const auto document = comic->Analyse(Enhanced(), false);
  ASSERT_TRUE(document.ok()) << document.status();
  ASSERT_THAT(document->pages, SizeIs(7));
  EXPECT_EQ(document->pages[0].kind, PageKind::kImage);
  EXPECT_EQ(NoteOf(*document, 0), "");
  EXPECT_EQ(NoteOf(*document, 1), "encrypted");
  EXPECT_THAT(NoteOf(*document, 2), HasSubstr("ends too early"));
  EXPECT_THAT(NoteOf(*document, 3), HasSubstr("97"));
  EXPECT_EQ(NoteOf(*document, 4), "no image of a known format");
  EXPECT_NE(NoteOf(*document, 5), "");
  EXPECT_NE(NoteOf(*document, 6), "");
  for (uint32_t page = 1; page < 7; ++page) {
    EXPECT_EQ(document->pages[page].kind, PageKind::kRaw) << page;
    EXPECT_EQ(document->pages[page].width, 1u);
    EXPECT_EQ(document->pages[page].enhanced_bytes, 0u);
  }
  // Bytes that can be handed on have a range; those that are nowhere have none.
  for (const uint32_t page : {1, 2, 3, 4})
    EXPECT_GT(document->pages[page].source_bytes, 0u) << page;
  EXPECT_EQ(document->pages[5].source_bytes, 0u);
}

TEST(ArchiveComicTest, ACutOffImageThatIsPackedIsFoundWhenItIsMade) {
  // Only its first 64 KiB are looked at beforehand.
  const std::string jpeg = GoodJpeg();
  const Comic comic =
      Open({{.name = "1.jpg", .data = jpeg.substr(0, jpeg.size() / 2), .method = 8}});
  EXPECT_EQ(comic->Analyse({}, false)->pages[0].kind, PageKind::kImage);
  const auto made =
      comic->MakePage(0, EnhancePicture, {.width = 200, .height = 100, .max_payload = 100'000});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->note, HasSubstr("damaged"));
}

TEST(ArchiveComicTest, WithoutAnImageItIsNoComic) {
  for (const Comic& comic : {Open({{.name = "a.txt", .data = "text"}}), Open({}),
                             Open({{.name = "a.jpg", .data = "text"}}),
                             Open({{.name = "a.jpg", .data = GoodJpeg(), .flags = 1}})}) {
    EXPECT_TRUE(absl::IsNotFound(comic->CountImages().status()));
    EXPECT_TRUE(absl::IsNotFound(comic->Analyse({}, false).status()));
  }
}

TEST(ArchiveComicTest, OneReadableImageIsEnough) {
  const Comic comic = Open({{.name = "1.jpg", .data = GoodJpeg(), .flags = 1},
                            {.name = "2.jpg", .data = "text"},
                            {.name = "3.jpg", .data = GoodJpeg()}});
  EXPECT_EQ(*comic->CountImages(), 3u);
}

TEST(ArchiveComicTest, MaxPagesIsOfImages) {
  const Comic comic = Open({{.name = "1.jpg", .data = GoodJpeg()},
                            {.name = "2.jpg", .data = GoodJpeg()},
                            {.name = "3.txt", .data = "text"}});
  AnalyseOptions options;
  options.max_pages = 2;
  EXPECT_TRUE(comic->Analyse(options, false).ok());
  options.max_pages = 1;
  const absl::Status status = comic->Analyse(options, false).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_pages=1"));
}

TEST(ArchiveComicTest, SlotsOfEnhancedPagesAreThereWhenAskedFor) {
  const Comic comic = Open({{.name = "1.jpg", .data = GoodJpeg()},
                            {.name = "2.png", .data = MakePng(300, 300, false), .method = 8},
                            {.name = "3.txt", .data = "text"}});
  const auto plain = comic->Analyse({}, false);
  for (const Page& page : plain->pages) EXPECT_EQ(page.enhanced_bytes, 0u);
  for (const bool sparing : {false, true}) {
    const auto document = comic->Analyse(Enhanced(), sparing);
    EXPECT_GE(document->pages[0].enhanced_bytes, MinPayload(200, 100));
    EXPECT_GE(document->pages[1].enhanced_bytes, MinPayload(300, 300));
    EXPECT_EQ(document->pages[2].enhanced_bytes, 0u);
  }
}

// Two images of which the analysis can tell by their beginnings nothing but the same.
TEST(ArchiveComicTest, SparingLooksAtNoPixels) {
  const std::string busy = testing::MakeNoisePng(300, 300);
  std::string calm = MakePng(300, 300, false);
  // Of one length: a chunk of text behind the picture.
  const size_t end = calm.size() - 12;
  const std::string text(busy.size() - calm.size() - 12, ' ');
  calm.insert(end, testing::PngChunk("tEXt", text));
  ASSERT_EQ(busy.size(), calm.size());
  const auto slot = [](const std::string& png, bool sparing) {
    return Open({{.name = "1.png", .data = png}})
        ->Analyse(Enhanced(), sparing)
        ->pages[0]
        .enhanced_bytes;
  };
  EXPECT_EQ(slot(busy, true), slot(calm, true));
  EXPECT_GT(slot(busy, false), slot(calm, false));
}

TEST(ArchiveComicTest, EntriesAreRead) {
  const Comic comic = Open({{.name = "dir/", .attributes = 0x10},
                            {.name = "1.jpg", .data = GoodJpeg()},
                            {.name = "2.txt", .data = std::string(5000, 't'), .method = 8}});
  EXPECT_EQ(*comic->Read(1, 1 << 20), GoodJpeg());
  EXPECT_EQ(*comic->Read(2, 5000), std::string(5000, 't'));
  EXPECT_FALSE(comic->Read(2, 4999).ok());
  EXPECT_TRUE(absl::IsNotFound(comic->Read(3, 100).status()));
  EXPECT_TRUE(absl::IsNotFound(comic->Read(UINT32_MAX, 100).status()));
}

TEST(ArchiveComicTest, APageIsTheSameHoweverItsEntryIsStored) {
  const std::string png = MakePng(300, 200, false);
  const Comic comic =
      Open({{.name = "1.png", .data = png}, {.name = "2.png", .data = png, .method = 8}});
  const PictureRequest request = {.width = 300, .height = 200, .max_payload = 100'000};
  const auto stored = comic->MakePage(0, EnhancePicture, request);
  const auto packed = comic->MakePage(1, EnhancePicture, request);
  ASSERT_TRUE(stored.ok() && packed.ok()) << stored.status() << packed.status();
  EXPECT_EQ(stored->image.payload, packed->image.payload);
  EXPECT_EQ(testing::Decoded(stored->image).width, 300);
  EXPECT_TRUE(absl::IsNotFound(comic->MakePage(2, EnhancePicture, request).status()));
}

TEST(ArchiveComicTest, WhatIsNoZipIsNamed) {
  static const auto& charsets = *LegacyCharsets::Load()->release();
  const std::string rar("Rar!\x1A\7\1\0 and more", 17);
  const absl::Status status = ArchiveComic::Open(AsBytes(rar), &charsets).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("RAR"));
  EXPECT_TRUE(absl::IsInvalidArgument(ArchiveComic::Open({}, &charsets).status()));
}

TEST(ArchiveComicTest, NotesAreBoundedInNumberAndLength) {
  std::vector<ZipItem> items = {{.name = "good.jpg", .data = GoodJpeg()}};
  for (int i = 0; i < 1500; ++i) items.push_back({.name = std::to_string(i) + ".jpg", .data = "x"});
  const auto document = Open(std::move(items))->Analyse({}, false);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_THAT(document->pages, SizeIs(1501));
  EXPECT_THAT(document->notes, SizeIs(1000));
}

}  // namespace
}  // namespace cbzfs
