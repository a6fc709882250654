#include "codecs/comic/packed_comic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "codecs/document/document_codec.h"
#include "tests/codecs/comic/image_samples.h"
#include "tests/codecs/packed/packed_builder.h"

namespace cbzfs {
namespace {

using testing::BytesOf;
using testing::CrcOf;
using ::testing::ElementsAre;
using testing::Files;
using ::testing::HasSubstr;
using testing::MakeJpeg;
using testing::MakePng;
using testing::Rar4Of;
using testing::Rar5Of;
using testing::TarOf;

// An archive and the comic over it.
struct Comic {
  std::string file;
  std::unique_ptr<PackedComic> comic;

  PackedComic* operator->() const { return comic.get(); }
};

const LegacyCharsets& Charsets() {
  static const auto& charsets = *LegacyCharsets::Load()->release();
  return charsets;
}

Comic Open(std::string file) {
  Comic opened{.file = std::move(file)};
  auto comic = PackedComic::Open(BytesOf(opened.file), &Charsets());
  EXPECT_TRUE(comic.ok()) << comic.status();
  if (comic.ok()) opened.comic = *std::move(comic);
  return opened;
}

Files SomeFiles() {
  return {{"Top/b.jpg", MakeJpeg({.width = 200, .height = 300})},
          {"Top/ComicInfo.xml", "<ComicInfo/>"},
          {"Top/Thumbs.db", "rubbish"},
          {"Top/empty", ""},
          {"Top/cut.jpg", MakeJpeg({}).substr(0, 700)},
          {"Top/a.png", MakePng(100, 150, true)}};
}

std::vector<std::string> NamesOf(const Document& document) {
  std::vector<std::string> names;
  for (const ArchiveEntry& entry : document.entries) names.push_back(entry.name);
  return names;
}

AnalyseOptions Enhanced() {
  AnalyseOptions options;
  options.enhanced = true;
  return options;
}

TEST(PackedComicTest, ATableHasARowForEachEntryThatIsKept) {
  const Files files = SomeFiles();
  for (std::string file : {TarOf(files), Rar4Of(files), Rar5Of(files), Rar5Of(files, 4)}) {
    const Comic comic = Open(std::move(file));
    const auto document = comic->Analyse({}, false);
    ASSERT_TRUE(document.ok()) << document.status();
    EXPECT_THAT(NamesOf(*document),
                ElementsAre("b.jpg", "ComicInfo.xml", "empty", "cut.jpg", "a.png"));
    const std::vector<size_t> indexes = {0, 1, 3, 4, 5};
    for (size_t i = 0; i < indexes.size(); ++i) {
      const ArchiveEntry& entry = document->entries[i];
      const std::string& data = files[indexes[i]].second;
      EXPECT_EQ(entry.index, indexes[i]);
      EXPECT_EQ(entry.bytes, data.size());
      EXPECT_EQ(entry.crc, CrcOf(data));
      EXPECT_EQ(entry.dos_time >> 16, 0x576Eu);
      EXPECT_EQ(*comic->Read(entry.index, entry.bytes), data);
    }
    EXPECT_EQ(document->pages[0].kind, PageKind::kImage);
    EXPECT_TRUE(document->pages[0].packed());
    EXPECT_EQ(document->pages[0].height, 300u);
    EXPECT_EQ(document->pages[1].kind, PageKind::kUnpacked);
    EXPECT_EQ(document->pages[3].kind, PageKind::kUnpacked);
    EXPECT_TRUE(document->pages[4].gray);
    ASSERT_EQ(document->notes.size(), 1u);
    EXPECT_EQ(document->notes[0].page, 3u);
    EXPECT_THAT(document->notes[0].text, HasSubstr("ends too early"));
    EXPECT_TRUE(*DecodeDocument(EncodeDocument(*document), comic.file.size()) == *document);
  }
}

TEST(PackedComicTest, CountingLooksAtNoMoreThanItMust) {
  EXPECT_EQ(*Open(TarOf(SomeFiles()))->CountImages(), 3u);
  EXPECT_EQ(*Open(Rar5Of(SomeFiles(), 4))->CountImages(), 1u) << "all in one stream";
}

TEST(PackedComicTest, ProbingAnalysingAndReadingInOrderAreTwoPasses) {
  const Comic comic = Open(Rar5Of(SomeFiles(), 4));
  ASSERT_TRUE(comic->CountImages().ok());
  const auto document = comic->Analyse({}, false);
  EXPECT_EQ(comic->passes(), 2u);
  // The last were passed just now.
  for (const ArchiveEntry& entry : document->entries) {
    EXPECT_TRUE(comic->Read(entry.index, entry.bytes).ok());
  }
  EXPECT_EQ(comic->passes(), 2u);
}

TEST(PackedComicTest, SlotsOfEnhancedPagesAreThereWhenAskedFor) {
  for (std::string file : {TarOf(SomeFiles()), Rar5Of(SomeFiles(), 4)}) {
    const Comic comic = Open(std::move(file));
    const auto document = comic->Analyse(Enhanced(), false);
    ASSERT_TRUE(document.ok());
    for (const Page& page : document->pages) {
      EXPECT_EQ(page.enhanced_bytes > 0, page.kind == PageKind::kImage);
    }
    const auto made = comic->MakePage(
        5, EnhancePicture,
        {.width = 100, .height = 150, .max_payload = document->pages[4].enhanced_bytes});
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_LE(made->image.payload.size(), document->pages[4].enhanced_bytes);
  }
}

TEST(PackedComicTest, NamesFollowTheRulesOfZips) {
  const std::string jpeg = MakeJpeg({});
  const Comic comic = Open(TarOf({{"../../etc/1.jpg", jpeg},
                                  {"/etc/1.jpg", jpeg},
                                  {"etc/con.jpg", jpeg},
                                  {"etc/\x83\x65\x83\x58\x83\x67.jpg", jpeg},
                                  {"__MACOSX/._1.jpg", "x"}}));
  const auto document = comic->Analyse({}, false);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_THAT(NamesOf(*document), ElementsAre("1.jpg", "1 ~2.jpg", "_con.jpg", "テスト.jpg"));
}

TEST(PackedComicTest, WithoutAnImageItIsNoComic) {
  for (const Files& files : {Files{}, Files{{"a.txt", "text"}}, Files{{"a.jpg", "no image"}}}) {
    const Comic comic = Open(TarOf(files.empty() ? Files{{"x", ""}} : files));
    EXPECT_TRUE(absl::IsNotFound(comic->CountImages().status()));
    EXPECT_TRUE(absl::IsNotFound(comic->Analyse({}, false).status()));
  }
}

TEST(PackedComicTest, MaxPagesIsOfImages) {
  const Comic comic = Open(TarOf(SomeFiles()));
  AnalyseOptions options;
  options.max_pages = 1;
  EXPECT_THAT(std::string(comic->Analyse(options, false).status().message()),
              HasSubstr("2 pages are more than"));
  options.max_pages = 2;
  EXPECT_TRUE(comic->Analyse(options, false).ok());
}

TEST(PackedComicTest, OneThatLacksSomethingIsRefusedAsAWhole) {
  std::string file = TarOf(SomeFiles());
  file.resize(file.find("<ComicInfo") + 3);
  const Comic comic = Open(file);
  const absl::Status status = comic->Analyse({}, false).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Top/ComicInfo.xml: a tar archive that is damaged"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("shown as it is"));
}

TEST(PackedComicTest, WhatIsNoSuchArchiveIsRefused) {
  for (const std::string& file :
       {std::string(), std::string("PK\3\4 and more"), std::string(600, 'x')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(PackedComic::Open(BytesOf(file), &Charsets()).status()));
  }
}

}  // namespace
}  // namespace cbzfs
