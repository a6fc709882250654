// Books: how long the files of each rendition are, what they are called and how they are made.

#include "fs/core/book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "codecs/document/picture_size.h"
#include "tests/fs/core/sample_documents.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = BookPart::Kind;

std::vector<uint32_t> RowsOf(const Book& book) {
  std::vector<uint32_t> rows;
  for (uint32_t page = 0; page < book.page_count(); ++page) rows.push_back(book.row_index(page));
  return rows;
}

std::vector<std::string> Names(const BookTree& tree, const std::string& folder = "") {
  std::vector<std::string> names;
  const auto* const children = tree.List(folder);
  if (children == nullptr) return {"(no such folder)"};
  for (const BookTree::Child& child : *children) {
    names.push_back(child.name + (child.is_folder ? "/" : ""));
  }
  return names;
}

// An archive of images with these names.
Document ArchiveOf(const std::vector<std::string>& names) {
  Document document;
  for (const std::string& name : names) {
    AddEntry(&document, PageKind::kImage, name, 100, 10, 10, 0);
  }
  return document;
}

// Their order as thumbnails have it.
std::vector<std::string> Read(const std::vector<std::string>& names) {
  const auto book = Book::Make(IdentityOf(SourceFormat::kArchive, Rendition::kThumbnails),
                               Known(ArchiveOf(names)), Options());
  std::vector<std::string> read;
  for (uint32_t page = 0; page < (*book)->page_count(); ++page) {
    read.push_back((*book)->entry(page)->name);
  }
  return read;
}

// Everything but page bytes.
void ExpectSameBytes(const Layout& a, const Layout& b) {
  ASSERT_EQ(a.size(), b.size());
  const std::vector<Piece> pieces = a.Map(0, a.size());
  const std::vector<Piece> others = b.Map(0, b.size());
  ASSERT_EQ(pieces.size(), others.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    ASSERT_EQ(pieces[i].kind, others[i].kind);
    ASSERT_EQ(pieces[i].offset, others[i].offset);
    if (pieces[i].kind != Piece::Kind::kLiteral) continue;
    std::string one(pieces[i].size, '1');
    std::string two(pieces[i].size, '2');
    a.ReadLiteral(pieces[i], one.data());
    b.ReadLiteral(others[i], two.data());
    ASSERT_EQ(one, two);
  }
}

TEST(BookTest, ARepackedArchiveHasEveryEntryInItsOrder) {
  const auto book = SampleBook(SourceFormat::kPacked, Rendition::kRepacked);
  ASSERT_NE(book, nullptr);
  ASSERT_NE(book->layout(), nullptr);
  const std::vector<std::string> names = {"2.jpg", "ComicInfo.xml", "empty", "1.png"};
  const std::vector<uint64_t> bytes = {1000, 120, 0, 2000};
  ASSERT_EQ(book->page_count(), 4u);
  for (uint32_t page = 0; page < 4; ++page) {
    EXPECT_EQ(book->layout()->PageName(page), names[page]);
    EXPECT_EQ(book->layout()->PageDataBytes(page), bytes[page]);
    EXPECT_EQ(book->layout()->Body(page).declared_crc, book->entry(page)->crc);
  }
  ASSERT_NE(book->plain(), nullptr);
  EXPECT_EQ(book->plain()->id(), SampleBook(SourceFormat::kPacked, Rendition::kPlain)->id());
  EXPECT_EQ(SampleBook(SourceFormat::kMisnamed, Rendition::kRepacked)->plain()->format(),
            SourceFormat::kArchive)
      << "as in the other views";
  EXPECT_EQ(SampleBook(SourceFormat::kPdf, Rendition::kRepacked), nullptr);
}

TEST(BookTest, AZipIsRepackedFromItsOwnBytes) {
  const auto book = SampleBook(SourceFormat::kArchive, Rendition::kRepacked);
  ASSERT_NE(book, nullptr);
  ASSERT_EQ(book->page_count(), 4u) << "without the one whose bytes are nowhere";
  EXPECT_EQ(book->layout()->PageDataBytes(1), 900u) << "deflated as it is";
  for (const Piece& piece : book->layout()->Map(0, book->layout()->size())) {
    EXPECT_NE(piece.kind, Piece::Kind::kBody);
  }
  EXPECT_EQ(book->plain(), nullptr);
}

TEST(BookTest, APdfAsItIsIsItsTableLaidOut) {
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kPlain);
  ASSERT_NE(book, nullptr);
  const Layout& layout = *book->layout();
  EXPECT_EQ(layout.document(), SamplePdf(false));
  EXPECT_EQ(book->plain(), nullptr);
  EXPECT_THAT(RowsOf(*book), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(book->BytesOf({.kind = Kind::kWhole}), layout.size());
  EXPECT_EQ(book->ExtentOf({.kind = Kind::kWhole}).offset, 0u);
  EXPECT_EQ(book->ExtentOf({.kind = Kind::kInfo}).offset, layout.InfoDataOffset());
  EXPECT_EQ(book->BytesOf({.kind = Kind::kInfo}), layout.InfoDataBytes());
  for (uint32_t page = 0; page < 5; ++page) {
    const Extent extent = book->ExtentOf({.kind = Kind::kPage, .page = page});
    EXPECT_EQ(extent.offset, layout.PageDataOffset(page));
    EXPECT_EQ(extent.bytes, layout.PageDataBytes(page));
    EXPECT_FALSE(book->MadeOfPlain(page));
    EXPECT_EQ(book->entry(page), nullptr);
  }
  EXPECT_THAT(Names(book->MakeTree()), ElementsAre("0001.jpg", "0002.jpg", "0003.jpg", "0004.jpg",
                                                   "0005.jpg", "ComicInfo.xml"));
}

TEST(BookTest, AnEnhancedPdfHasADrawnPageForEach) {
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kEnhanced);
  ASSERT_NE(book, nullptr);
  const std::vector<Page>& made = book->layout()->document().pages;
  ASSERT_EQ(made.size(), 5u);
  for (uint32_t page = 0; page < 5; ++page) {
    const Page& row = book->row(page);
    EXPECT_EQ(made[page].kind, PageKind::kDrawn);
    EXPECT_EQ(made[page].width, row.width);
    EXPECT_EQ(made[page].height, row.height);
    EXPECT_EQ(made[page].gray, row.gray);
    EXPECT_EQ(made[page].dpi, row.dpi);
    // The colour profile of an original page has its room.
    EXPECT_EQ(made[page].payload_bytes, row.enhanced_bytes + (page == 1 ? 600 : 0));
    EXPECT_EQ(book->MadeOfPlain(page), page != 1 && page != 4) << page;
  }
  EXPECT_EQ(book->layout()->document().info, book->document().info);
  EXPECT_THAT(Names(book->MakeTree()),
              ElementsAre("0001.jpg", "0002.jpg", "0003.jpg", "0004.jpg", "0005.jpg"));
}

TEST(BookTest, ThePlainBookInADerivedOneIsThePlainViewsOwn) {
  const auto plain = SampleBook(SourceFormat::kPdf, Rendition::kPlain);
  for (const Rendition rendition :
       {Rendition::kEnhanced, Rendition::kThumbnails, Rendition::kCover}) {
    const auto book = SampleBook(SourceFormat::kPdf, rendition);
    ASSERT_NE(book->plain(), nullptr);
    EXPECT_EQ(book->plain()->id(), plain->id());
    EXPECT_EQ(book->plain()->rendition(), Rendition::kPlain);
    ExpectSameBytes(*book->plain()->layout(), *plain->layout());
    for (const uint32_t page : {0, 2, 3}) {
      const BodySpec one = book->plain()->layout()->Body(page);
      const BodySpec two = plain->layout()->Body(page);
      EXPECT_EQ(one.declared_crc, two.declared_crc);
      EXPECT_EQ(one.max_payload, two.max_payload);
    }
  }
}

TEST(BookTest, NothingIsMadeOfThePlainBookWhereAllPagesAreOriginal) {
  Document document = SamplePdf(true);
  for (Page& page : document.pages) page = document.pages[4];
  for (const Rendition rendition : {Rendition::kEnhanced, Rendition::kThumbnails}) {
    const auto book = *Book::Make(IdentityOf(SourceFormat::kPdf, rendition), Known(document), {});
    EXPECT_EQ(book->plain(), nullptr);
  }
}

TEST(BookTest, ThumbnailsFitTheirSquare) {
  Options options;
  options.thumb_size = 60;
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kThumbnails, options);
  const std::vector<Page>& made = book->layout()->document().pages;
  ASSERT_EQ(made.size(), 5u);
  EXPECT_EQ(made[0].width, 40u);  // of 1000 x 1500
  EXPECT_EQ(made[0].height, 60u);
  EXPECT_EQ(made[3].width, 60u);  // of 3000 x 1500
  EXPECT_EQ(made[3].height, 30u);
  EXPECT_TRUE(made[3].gray);
  for (uint32_t page = 0; page < 5; ++page) {
    EXPECT_EQ(made[page].payload_bytes, ThumbnailPayload({made[page].width, made[page].height}));
    // A small decode of the one image there is is less work than the page.
    EXPECT_EQ(book->MadeOfPlain(page), page == 0 || page == 2) << page;
    // As small as can be: no guard in front of so little.
    EXPECT_LT(book->BytesOf({.kind = Kind::kPage, .page = page}), made[page].payload_bytes + 100u);
  }
  EXPECT_THAT(Names(book->MakeTree()),
              ElementsAre("0001.jpg", "0002.jpg", "0003.jpg", "0004.jpg", "0005.jpg"));
}

TEST(BookTest, ACoverIsTheFirstPageAtItsHeight) {
  const auto book = SampleBook(SourceFormat::kPdf, Rendition::kCover);
  ASSERT_EQ(book->page_count(), 1u);
  EXPECT_EQ(book->layout()->document().pages[0].width, 200u);
  EXPECT_EQ(book->layout()->document().pages[0].height, 300u);
  EXPECT_TRUE(book->MadeOfPlain(0));
  Document wide;
  wide.pages = {{.width = 9000, .height = 600, .payload_bytes = 1'000'000}};
  const auto made = *Book::Make(IdentityOf(SourceFormat::kPdf, Rendition::kCover), Known(wide), {});
  EXPECT_EQ(made->layout()->document().pages[0].width, 4500u) << "the height alone is bounded";
  wide.pages[0].height = 200;
  const auto small =
      *Book::Make(IdentityOf(SourceFormat::kPdf, Rendition::kCover), Known(wide), {});
  EXPECT_EQ(small->layout()->document().pages[0].width, 9000u) << "never enlarged";
}

TEST(BookTest, AnArchiveAsItIsIsItsEntries) {
  const auto book = SampleBook(SourceFormat::kArchive, Rendition::kPlain);
  EXPECT_EQ(book->layout(), nullptr);
  EXPECT_THAT(RowsOf(*book), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(book->BytesOf({.kind = Kind::kPage, .page = 1}), 2000u) << "unpacked";
  EXPECT_EQ(book->BytesOf({.kind = Kind::kPage, .page = 3}), 5000u);
  const BookTree tree = book->MakeTree();
  EXPECT_THAT(Names(tree), ElementsAre("A/", "ComicInfo.xml", "b/"));
  EXPECT_THAT(Names(tree, "A"), ElementsAre("P1.webp"));
  EXPECT_THAT(Names(tree, "b"), ElementsAre("lost.jpg", "p10.jpg", "p2.png"));
  const BookTree::Child* const child = tree.Find("b", "p2.png");
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(child->part.kind, Kind::kPage);
  EXPECT_EQ(child->part.page, 1u);
}

TEST(BookTest, AnEnhancedArchiveLeavesOutWhatIsNowhere) {
  const auto book = SampleBook(SourceFormat::kArchive, Rendition::kEnhanced);
  ASSERT_NE(book, nullptr);
  EXPECT_THAT(RowsOf(*book), ElementsAre(0, 1, 2, 4))
      << "the archive's own order, without lost.jpg";
  const Layout& layout = *book->layout();
  EXPECT_EQ(layout.document().pages[1].kind, PageKind::kDrawn);
  EXPECT_EQ(layout.document().pages[1].payload_bytes, book->row(1).enhanced_bytes);
  EXPECT_EQ(layout.document().pages[2], book->row(2)) << "handed on";
  EXPECT_EQ(layout.PageName(1), "b/p2.jpg");
  EXPECT_EQ(layout.PageName(2), "ComicInfo.xml");
  EXPECT_EQ(layout.PageName(3), "A/P1.jpg");
  EXPECT_EQ(book->entry(3)->name, "A/P1.webp");
  EXPECT_EQ(layout.InfoDataBytes(), 0u) << "no ComicInfo.xml beside its own";
  EXPECT_EQ(book->plain(), nullptr);
}

TEST(BookTest, ThumbnailsOfAnArchiveAreInReadingOrder) {
  const auto book = SampleBook(SourceFormat::kArchive, Rendition::kThumbnails);
  EXPECT_THAT(RowsOf(*book), ElementsAre(4, 1, 0));
  EXPECT_THAT(Names(book->MakeTree()), ElementsAre("0001.jpg", "0002.jpg", "0003.jpg"));
  const auto cover = SampleBook(SourceFormat::kArchive, Rendition::kCover);
  EXPECT_THAT(RowsOf(*cover), ElementsAre(4));
  EXPECT_FALSE(cover->MadeOfPlain(0));
}

TEST(BookTest, ReadingOrderIsNatural) {
  EXPECT_THAT(Read({"10.jpg", "9.jpg", "2.jpg", "1.jpg"}),
              ElementsAre("1.jpg", "2.jpg", "9.jpg", "10.jpg"));
  EXPECT_THAT(Read({"b.jpg", "C.jpg", "A.jpg", "a1.jpg"}),
              ElementsAre("A.jpg", "a1.jpg", "b.jpg", "C.jpg"));
  EXPECT_THAT(Read({"v2 p1.jpg", "v10 p1.jpg", "v2 p010.jpg", "v2 p9.jpg"}),
              ElementsAre("v2 p1.jpg", "v2 p9.jpg", "v2 p010.jpg", "v10 p1.jpg"));
  EXPECT_THAT(Read({"1.jpg", "01.jpg", "001.jpg"}), ElementsAre("001.jpg", "01.jpg", "1.jpg"));
  EXPECT_THAT(Read({"99999999999999999999999.jpg", "100000000000000000000000.jpg"}),
              ElementsAre("99999999999999999999999.jpg", "100000000000000000000000.jpg"));
  EXPECT_THAT(Read({"a/2.jpg", "a/10.jpg", "A/1.jpg"}),
              ElementsAre("A/1.jpg", "a/2.jpg", "a/10.jpg"));
}

TEST(BookTest, ReadingOrderDoesNotDependOnTheDirectorys) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::set<std::string> unique;
    while (unique.size() < 12) {
      std::string name;
      for (size_t i = 1 + random() % 6; i > 0; --i) name += "012aAb"[random() % 6];
      unique.insert(name);
    }
    std::vector<std::string> names(unique.begin(), unique.end());
    const std::vector<std::string> first = Read(names);
    std::shuffle(names.begin(), names.end(), random);
    ASSERT_EQ(Read(names), first);
  }
}

TEST(BookTest, AnImageIsABookOfOnePage) {
  const auto enhanced = SampleBook(SourceFormat::kImage, Rendition::kEnhanced);
  ASSERT_EQ(enhanced->page_count(), 1u);
  EXPECT_EQ(enhanced->layout()->document().pages[0].payload_bytes, 50'000u);
  EXPECT_FALSE(enhanced->MadeOfPlain(0));
  const uint64_t bytes = enhanced->BytesOf({.kind = Kind::kPage});
  EXPECT_GT(bytes, 50'000u);
  EXPECT_LT(bytes, 50'100u) << "a picture alone has no guard";
  const auto small = SampleBook(SourceFormat::kImage, Rendition::kCover);
  EXPECT_EQ(small->layout()->document().pages[0].width, 400u);
  EXPECT_EQ(small->layout()->document().pages[0].height, 300u);
}

TEST(BookTest, WhatCannotBeMadeIsTold) {
  Document raw = SampleArchive(true);
  for (Page& page : raw.pages) page.kind = PageKind::kRaw;
  for (const Rendition rendition : {Rendition::kThumbnails, Rendition::kCover}) {
    EXPECT_TRUE(absl::IsNotFound(
        Book::Make(IdentityOf(SourceFormat::kArchive, rendition), Known(raw), {}).status()));
  }
  Document large = SampleArchive(true);
  large.pages[2].source_bytes = large.entries[2].bytes = 5ull << 30;
  const auto failed =
      Book::Make(IdentityOf(SourceFormat::kArchive, Rendition::kEnhanced), Known(large), {});
  EXPECT_TRUE(absl::IsOutOfRange(failed.status())) << failed.status();
  EXPECT_THAT(std::string(failed.status().message()), HasSubstr("ComicInfo.xml"));
}

TEST(BookTest, IdsDifferByWhatTheBytesComeFrom) {
  const Book::Identity first = IdentityOf(SourceFormat::kPdf, Rendition::kPlain);
  std::set<uint64_t> ids = {Book::IdOf(first)};
  for (const Rendition rendition :
       {Rendition::kEnhanced, Rendition::kThumbnails, Rendition::kCover}) {
    ids.insert(Book::IdOf(IdentityOf(SourceFormat::kPdf, rendition)));
  }
  ids.insert(Book::IdOf(IdentityOf(SourceFormat::kArchive, Rendition::kPlain)));
  ids.insert(Book::IdOf(IdentityOf(SourceFormat::kImage, Rendition::kPlain)));
  ids.insert(Book::IdOf(IdentityOf(SourceFormat::kPdf, Rendition::kPlain, "Bar")));
  Book::Identity touched = first;
  ++touched.source.key.mtime_ns;
  ids.insert(Book::IdOf(touched));
  EXPECT_EQ(ids.size(), 8u);
  // Which table it is of makes no difference to its bytes.
  Book::Identity same = first;
  same.source.enhanced = true;
  EXPECT_EQ(Book::IdOf(same), Book::IdOf(first));
}

TEST(BookTest, DeclaredBytesFollowTheOptionsOfTheRendition) {
  const auto crc = [](Rendition rendition, const Options& options) {
    return SampleBook(SourceFormat::kPdf, rendition, options)->layout()->Body(0).declared_crc;
  };
  Options gamma;
  gamma.analyse.enhance.gamma = 0.5;
  EXPECT_EQ(crc(Rendition::kPlain, gamma), crc(Rendition::kPlain, {}));
  EXPECT_EQ(crc(Rendition::kThumbnails, gamma), crc(Rendition::kThumbnails, {}));
  EXPECT_NE(crc(Rendition::kEnhanced, gamma), crc(Rendition::kEnhanced, {}));
  Options dpi;
  dpi.analyse.dpi = 99;
  for (const Rendition rendition : {Rendition::kPlain, Rendition::kEnhanced, Rendition::kCover}) {
    EXPECT_NE(crc(rendition, dpi), crc(rendition, {}));
  }
}

TEST(BookTest, ADerivedBookIsChargedForThePlainOneToo) {
  const auto plain = SampleBook(SourceFormat::kPdf, Rendition::kPlain);
  const auto enhanced = SampleBook(SourceFormat::kPdf, Rendition::kEnhanced);
  EXPECT_GT(enhanced->memory_bytes(), plain->memory_bytes() + 5 * sizeof(Page));
}

}  // namespace
}  // namespace cbzfs
