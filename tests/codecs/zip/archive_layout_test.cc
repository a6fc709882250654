// Layouts of archives: drawn pages among entries that are handed on as they are. What holds for any
// of them is in random_archives_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "codecs/document/document_codec.h"
#include "codecs/zip/layout.h"
#include "tests/codecs/zip/archive_book.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using testing::RandomArchive;
using testing::VirtualBook;

constexpr uint32_t kGuards[] = {0, 4096, 65536};

uint32_t Crc(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Page Drawn(uint32_t payload_bytes) {
  return {.width = 100, .height = 150, .dpi = 150, .payload_bytes = payload_bytes};
}

Page Raw(uint64_t offset, uint64_t bytes) {
  return {.kind = PageKind::kRaw,
          .width = 1,
          .height = 1,
          .source_offset = offset,
          .source_bytes = bytes};
}

VirtualBook::Parts PartsOf(std::vector<Page> pages, uint32_t guard = 4096) {
  VirtualBook::Parts parts{.options = {.guard = guard}};
  parts.source = std::string(100'000, 's');
  for (size_t i = 0; i < pages.size(); ++i) {
    parts.document.entries.push_back(
        {.name = std::to_string(i) + ".png", .crc = 7, .bytes = pages[i].source_bytes});
  }
  parts.document.pages = std::move(pages);
  return parts;
}

absl::StatusCode CreateCode(Document document) {
  return Layout::Create(std::make_shared<const Document>(std::move(document)), "x", {}, {})
      .status()
      .code();
}

// The page table of an archive as a worker sends it, and as its view passes it on.
TEST(ArchiveLayoutTest, WhateverTheCodecLetsThroughCanBeLaidOut) {
  std::mt19937_64 random(9);
  VirtualBook::Parts parts = RandomArchive(random, 12, {});
  for (Page& page : parts.document.pages) {
    if (page.kind != PageKind::kDrawn) continue;
    page.kind = PageKind::kImage;
    page.source_bytes = 1;  // without a place it would be one that is unpacked
    page.enhanced_bytes = page.payload_bytes;
  }
  const std::string bytes = EncodeDocument(parts.document);
  int laid_out = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string broken = bytes;
    for (uint64_t flips = random() % 3 + 1; flips > 0; --flips) {
      broken[random() % broken.size()] = static_cast<char>(random());
    }
    auto document = DecodeDocument(broken, parts.source.size());
    if (!document.ok()) continue;
    for (Page& page : document->pages) {
      if (page.kind == PageKind::kImage) page.kind = PageKind::kDrawn;
      page.payload_bytes = page.enhanced_bytes;
    }
    const auto layout = Layout::Create(std::make_shared<const Document>(*std::move(document)), "x",
                                       parts.identity, parts.options);
    ASSERT_TRUE(layout.ok() || absl::IsOutOfRange(layout.status())) << layout.status();
    if (layout.ok()) ++laid_out;
  }
  EXPECT_GT(laid_out, 1000);
}

TEST(ArchiveLayoutTest, HasNoComicInfoOfOurs) {
  VirtualBook book(PartsOf({Drawn(10), Raw(0, 50)}));
  EXPECT_EQ(book.Read(0, 4), "PK\x03\x04");
  EXPECT_EQ(book.layout().PageDataOffset(0), 30 + book.layout().PageName(0).size());
  EXPECT_EQ(book.ReadAll().find("ComicInfo.xml"), std::string::npos);
}

TEST(ArchiveLayoutTest, TheLastDrawnPageHasTheTailUnlessEnoughFollows) {
  const auto tail = [](std::vector<Page> pages, uint32_t page) {
    return VirtualBook(PartsOf(std::move(pages))).layout().Body(page).tail_bytes;
  };
  EXPECT_GT(tail({Drawn(10), Drawn(10)}, 1), 16'000u);
  EXPECT_EQ(tail({Drawn(10), Drawn(10)}, 0), 2u);
  EXPECT_GT(tail({Drawn(10), Raw(0, 100)}, 0), 16'000u);
  EXPECT_LT(tail({Drawn(10), Raw(0, 10'000)}, 0), 7'000u);
  EXPECT_GT(tail({Drawn(10), Raw(0, 10'000)}, 0), 5'000u);
  EXPECT_EQ(tail({Drawn(10), Raw(0, 10'000), Raw(0, 10'000)}, 0), 2u);
}

TEST(ArchiveLayoutTest, NothingNeedBeDrawn) {
  VirtualBook book(PartsOf({Raw(0, 10), Raw(5, 0), Raw(7, 5000)}));
  EXPECT_EQ(book.ReadAll().size(), book.layout().size());
  EXPECT_EQ(book.bodies_made(), 0u);
  const BodySpec none = book.layout().Body(0);
  EXPECT_EQ(none.declared_crc, 7u);
  EXPECT_EQ(none.body_bytes + none.max_payload + none.head_bytes + none.tail_bytes, 0u);
}

// An unpacked page with its data as the payload.
void AddUnpacked(const std::string& name, const std::string& data, VirtualBook::Parts* parts) {
  parts->document.pages.push_back({.kind = PageKind::kUnpacked, .width = 1, .height = 1});
  parts->document.entries.push_back(
      {.name = name, .dos_time = 0x576EB1AA, .crc = Crc(data), .bytes = data.size()});
  parts->payloads.resize(parts->document.pages.size());
  parts->payloads.back() = data;
}

TEST(ArchiveLayoutTest, AnUnpackedEntryIsStoredAsItIs) {
  VirtualBook::Parts parts;
  AddUnpacked("b/1.jpg", std::string(5000, 'j'), &parts);
  AddUnpacked("empty", "", &parts);
  AddUnpacked("ComicInfo.xml", "<ComicInfo/>", &parts);
  VirtualBook book(std::move(parts));
  const Layout& layout = book.layout();
  EXPECT_EQ(layout.PageDataBytes(0), 5000u);
  EXPECT_EQ(layout.PageDataOffset(0), 30u + 7);
  EXPECT_EQ(layout.Body(0).body_bytes, 5000u);
  EXPECT_EQ(layout.Body(1).body_bytes, 0u);
  EXPECT_EQ(layout.Body(0).head_bytes + layout.Body(0).tail_bytes, 0u);
  const std::string bytes = book.ReadAll();
  EXPECT_EQ(bytes.size(), layout.size());
  EXPECT_EQ(book.bodies_made(), 2u) << "an empty one has nothing to be made";
  const testing::RealArchive archive = testing::ReadRealArchive(bytes);
  ASSERT_EQ(archive.entries.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const ArchiveEntry& wanted = book.parts().document.entries[i];
    EXPECT_EQ(archive.entries[i].name, wanted.name);
    EXPECT_EQ(archive.entries[i].method, 0);
    EXPECT_EQ(archive.entries[i].crc, wanted.crc);
    EXPECT_EQ(archive.entries[i].bytes, wanted.bytes);
    EXPECT_EQ(archive.entries[i].dos_time, wanted.dos_time);
    EXPECT_EQ(bytes.substr(archive.data_offsets[i], wanted.bytes), book.parts().payloads[i]);
  }
}

TEST(ArchiveLayoutTest, UnpackedEntriesStandAmongDrawnOnes) {
  VirtualBook::Parts parts = PartsOf({Drawn(1000)});
  AddUnpacked("note.txt", std::string(77, 'n'), &parts);
  parts.document.pages.push_back(Drawn(1000));
  parts.document.entries.push_back({.name = "2.png"});
  AddUnpacked("z.txt", std::string(55, 'z'), &parts);
  parts.payloads[0] = parts.payloads[2] = std::string(900, 'p');
  VirtualBook book(std::move(parts));
  EXPECT_EQ(book.PageData(1), std::string(77, 'n'));
  EXPECT_EQ(book.PageData(3), std::string(55, 'z'));
  EXPECT_GT(book.layout().Body(2).tail_bytes, 15'000u) << "the last drawn one";
  EXPECT_EQ(Crc(book.PageData(2)), book.layout().Body(2).declared_crc);
  EXPECT_EQ(testing::ReadRealArchive(book.ReadAll()).entries.size(), 4u);
}

TEST(ArchiveLayoutTest, WithoutAGuardNothingIsWasted) {
  VirtualBook book(PartsOf({Raw(0, 77), Drawn(1000), Raw(0, 5), Drawn(1)}, 0));
  EXPECT_EQ(book.layout().PageDataBytes(1), 2u + 18 + 1000 + 8 + 2);
  EXPECT_EQ(book.layout().PageDataBytes(3), 2u + 18 + 1 + 8 + 2);
  EXPECT_EQ(book.layout().Body(3).tail_bytes, 2u);
}

// The data of a page is what a file of its own is, in the pages view and for a loose image.
TEST(ArchiveLayoutTest, WithoutAGuardAPageIsAJpegAndNothingMore) {
  const std::string payload(500, 'p');
  for (const bool archive : {false, true}) {
    for (const uint32_t pages : {1u, 2u, 30u}) {
      VirtualBook::Parts parts = PartsOf(std::vector<Page>(pages, Drawn(600)), 0);
      if (!archive) parts.document.entries.clear();
      parts.payloads.assign(pages, payload);
      VirtualBook book(std::move(parts));
      for (uint32_t page = 0; page < pages; ++page) {
        const std::string data = book.PageData(page);
        const std::string head =
            std::string("\xFF\xD8\xFF\xE0\x00\x10JFIF\0\x01\x01\x01\x00\x96\x00\x96\0\0", 20);
        ASSERT_EQ(data.size(), 20 + 600 + 8 + 2u);
        EXPECT_EQ(data.substr(0, 20), head);
        EXPECT_EQ(data.substr(20, 500), payload);
        // One comment of the 100 bytes to spare and the least 8, whose last four are the patch.
        EXPECT_EQ(data.substr(520, 4), std::string("\xFF\xFE\x00\x6A", 4));
        EXPECT_EQ(data.substr(524, 100), std::string(100, '\0'));
        EXPECT_EQ(data.substr(628), "\xFF\xD9");
        EXPECT_EQ(Crc(data), book.layout().Body(page).declared_crc);
      }
    }
  }
}

TEST(ArchiveLayoutTest, LongNamesHaveRoomInTheHead) {
  for (const uint32_t guard : kGuards) {
    for (const size_t length : {4036u, 4041u, 4042u, 4043u, 4046u, 4050u, 4066u, 8000u, 65'000u}) {
      VirtualBook::Parts parts = PartsOf({Drawn(10), Raw(0, 3), Drawn(10)}, guard);
      for (ArchiveEntry& entry : parts.document.entries) {
        while (entry.name.size() < length) {
          const size_t more = std::min<size_t>(length - entry.name.size(), 200);
          entry.name = std::string(more - 1, 'a') + "/" + entry.name;
        }
      }
      VirtualBook book(std::move(parts));
      EXPECT_EQ(book.ReadAll().size(), book.layout().size());
      for (const uint32_t page : {0u, 2u}) {
        EXPECT_EQ(Crc(book.PageData(page)), book.layout().Body(page).declared_crc);
        const std::string after_markers = book.PageData(page).substr(20, 2);
        EXPECT_TRUE(guard == 0 || after_markers == "\xFF\xFE") << length;
      }
    }
  }
}

TEST(ArchiveLayoutTest, DeclaredCrcFollowsFromTheEntryToo) {
  const VirtualBook::Parts base = PartsOf({Raw(0, 10), Drawn(1000), Drawn(1000)});
  const auto changed = [&](auto change) {
    VirtualBook::Parts parts = base;
    change(parts.document);
    return VirtualBook(std::move(parts)).layout().Body(1).declared_crc;
  };
  std::set<uint32_t> seen = {changed([](auto&) {})};
  seen.insert(changed([](auto& d) { ++d.entries[1].crc; }));
  seen.insert(changed([](auto& d) { ++d.entries[1].bytes; }));
  seen.insert(changed([](auto& d) { ++d.pages[1].source_bytes; }));
  seen.insert(changed([](auto& d) { ++d.pages[0].source_bytes; }));  // its head is another
  VirtualBook::Parts pdf = base;
  pdf.document.entries.clear();
  pdf.document.pages[0] = Drawn(10);
  seen.insert(VirtualBook(pdf).layout().Body(1).declared_crc);
  EXPECT_EQ(seen.size(), 6u);
  EXPECT_EQ(changed([](auto& d) { d.pages[2].width = 7; }), changed([](auto&) {}));
}

// As in layout_test.cc: a change of this value is a change of the format.
TEST(ArchiveLayoutTest, BytesDoNotChangeFromVersionToVersion) {
  VirtualBook::Parts parts = PartsOf({Drawn(1000), Raw(3, 700), Drawn(600), Raw(9, 30)});
  parts.payloads = {std::string(900, 'a'), "", std::string(600, 'b'), ""};
  parts.document.entries[1].method = 8;
  parts.document.entries[3].flags = 9;
  EXPECT_EQ(Crc(VirtualBook(std::move(parts)).ReadAll()), 1840920860u);
}

TEST(ArchiveLayoutTest, RefusesWhatIsNoEnhancedArchive) {
  const Document good = PartsOf({Drawn(10), Raw(0, 10)}).document;
  EXPECT_EQ(CreateCode(good), absl::StatusCode::kOk);
  const auto with = [&good](auto change) {
    Document document = good;
    change(document);
    return CreateCode(std::move(document));
  };
  const auto invalid = absl::StatusCode::kInvalidArgument;
  for (const PageKind kind : {PageKind::kImage, PageKind::kOriginal, PageKind::kExtracted}) {
    EXPECT_EQ(with([kind](auto& d) { d.pages[0].kind = kind; }), invalid);
  }
  EXPECT_EQ(with([](auto& d) { d.entries.pop_back(); }), invalid);
  EXPECT_EQ(with([](auto& d) { d.entries.clear(); }), invalid);
  EXPECT_EQ(with([](auto& d) { d.entries[0].name.clear(); }), invalid);
  EXPECT_EQ(with([](auto& d) { d.entries[0].name.assign(65'001, 'x'); }), invalid);
  EXPECT_EQ(with([](auto& d) { d.entries[1].extra.assign(65, 'x'); }), invalid);
  EXPECT_EQ(CreateCode({.pages = {{.kind = PageKind::kImage, .width = 1, .height = 1}}}), invalid);
}

TEST(ArchiveLayoutTest, AnEntryTooLongForPlainZipIsNamed) {
  for (const auto& [stored, bytes] : {std::pair<uint64_t, uint64_t>{0xFFFFFFFF, 5},
                                      {5, 0xFFFFFFFF},
                                      {uint64_t{1} << 40, uint64_t{1} << 62}}) {
    Document document = PartsOf({Drawn(10), Raw(0, stored)}).document;
    document.entries[1].bytes = bytes;
    document.entries[1].name = "big/movie.mkv";
    const auto layout = Layout::Create(std::make_shared<const Document>(document), "x", {}, {});
    EXPECT_EQ(layout.status().code(), absl::StatusCode::kOutOfRange);
    EXPECT_THAT(layout.status().ToString(), ::testing::HasSubstr("big/movie.mkv"));
  }
  Document document = PartsOf({Drawn(10), Raw(0, 0xFFFFFFFE)}).document;
  EXPECT_EQ(CreateCode(document), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace cbzfs
