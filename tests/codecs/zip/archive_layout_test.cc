// Layouts of archives: drawn pages among entries that are handed on as they are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "codecs/zip/layout.h"
#include "tests/codecs/zip/archive_book.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using testing::RandomArchive;
using testing::U16;
using testing::U32;
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

class RandomArchivesTest : public ::testing::TestWithParam<int> {
 protected:
  RandomArchivesTest() : random_(GetParam()), guard_(kGuards[GetParam() % 3]) {
    const uint32_t pages = GetParam() % 5 == 0 ? 1 + random_() % 100 : 1 + random_() % 12;
    book_.emplace(RandomArchive(random_, pages, {.guard = guard_}));
  }
  const Page& page(uint32_t i) const { return book_->layout().document().pages[i]; }
  const ArchiveEntry& entry(uint32_t i) const { return book_->layout().document().entries[i]; }

  // Where the local header of a page's entry is, by the archive's own directory.
  std::vector<uint64_t> HeaderOffsets(const std::string& all) const {
    return testing::ReadRealArchive(all).offsets;
  }

  std::mt19937_64 random_;
  const uint32_t guard_;
  std::optional<VirtualBook> book_;
};

TEST_P(RandomArchivesTest, AnyRangeIsThatRangeOfTheWhole) {
  const std::string all = book_->ReadAll();
  ASSERT_EQ(all.size(), book_->layout().size());
  std::vector<uint64_t> anchors = HeaderOffsets(all);
  anchors.push_back(all.size() - 1);
  for (int round = 0; round < 300; ++round) {
    uint64_t from = random_() % all.size();
    if (round % 3 != 0) {
      const uint64_t near = anchors[random_() % anchors.size()] + random_() % 200;
      from = std::min<uint64_t>(near < 100 ? 0 : near - 100, all.size() - 1);
    }
    const uint64_t length = round % 2 == 0 ? random_() % 50 : random_() % 200'000;
    ASSERT_TRUE(book_->Read(from, length) == all.substr(from, length)) << from << " " << length;
  }
}

TEST_P(RandomArchivesTest, EntriesFollowOneAnotherAndAreWhatTheHeadersSay) {
  const Layout& layout = book_->layout();
  const std::string all = book_->ReadAll();
  const testing::RealArchive directory = testing::ReadRealArchive(all);
  ASSERT_EQ(directory.entries.size(), layout.page_count());
  uint64_t at = 0;
  for (uint32_t i = 0; i < layout.page_count(); ++i) {
    ASSERT_EQ(U32(all, at), 0x04034B50u);
    ASSERT_EQ(directory.offsets[i], at);
    const ArchiveEntry& stated = directory.entries[i];
    EXPECT_EQ(stated.name, layout.PageName(i));
    EXPECT_EQ(stated.flags & 0x800, 0x800) << "every name has a Japanese folder";
    // The local header says what the directory does.
    EXPECT_EQ(U16(all, at + 6), stated.flags);
    EXPECT_EQ(U16(all, at + 8), stated.method);
    EXPECT_EQ(U32(all, at + 10), stated.dos_time);
    EXPECT_EQ(U32(all, at + 14), stated.crc);
    EXPECT_EQ(U32(all, at + 18), directory.stored_bytes[i]);
    EXPECT_EQ(U32(all, at + 22), stated.bytes);
    EXPECT_EQ(all.substr(at + 30, U16(all, at + 26)), stated.name);
    EXPECT_EQ(all.substr(at + 30 + stated.name.size(), U16(all, at + 28)), stated.extra);
    ASSERT_EQ(layout.PageDataOffset(i), directory.data_offsets[i]);
    ASSERT_EQ(layout.PageDataBytes(i), directory.stored_bytes[i]);
    at = directory.data_offsets[i] + directory.stored_bytes[i];
    if ((stated.flags & 8) == 0) continue;
    EXPECT_EQ(U32(all, at), 0x08074B50u);
    EXPECT_EQ(U32(all, at + 4), stated.crc);
    EXPECT_EQ(U32(all, at + 8), directory.stored_bytes[i]);
    EXPECT_EQ(U32(all, at + 12), stated.bytes);
    at += 16;
  }
  EXPECT_EQ(U32(all, at), 0x02014B50u);
}

TEST_P(RandomArchivesTest, RawEntriesAreTheArchivesOwn) {
  const std::string all = book_->ReadAll();
  const testing::RealArchive directory = testing::ReadRealArchive(all);
  for (uint32_t i = 0; i < directory.entries.size(); ++i) {
    if (page(i).kind != PageKind::kRaw) continue;
    const ArchiveEntry& stated = directory.entries[i];
    EXPECT_EQ(stated.name, entry(i).name);
    EXPECT_EQ(stated.method, entry(i).method);
    EXPECT_EQ(stated.crc, entry(i).crc);
    EXPECT_EQ(stated.bytes, entry(i).bytes);
    EXPECT_EQ(stated.dos_time, entry(i).dos_time);
    EXPECT_EQ(stated.extra, entry(i).extra);
    const bool by_time = (entry(i).flags & 9) == 9 && entry(i).method != 99;
    EXPECT_EQ(stated.flags, (entry(i).flags & 7) | (by_time ? 8 : 0) | 0x800);
    EXPECT_TRUE(book_->PageData(i) ==
                book_->parts().source.substr(page(i).source_offset, page(i).source_bytes));
    const uint64_t from = book_->layout().PageDataOffset(i);
    for (const Piece& piece : book_->layout().Map(from, page(i).source_bytes)) {
      EXPECT_EQ(piece.kind, Piece::Kind::kSource);
      EXPECT_EQ(piece.page, i);
    }
  }
}

TEST_P(RandomArchivesTest, DrawnPagesAreStoredJpegsWithTheirDeclaredCrc) {
  const std::string all = book_->ReadAll();
  const testing::RealArchive directory = testing::ReadRealArchive(all);
  for (uint32_t i = 0; i < directory.entries.size(); ++i) {
    if (page(i).kind != PageKind::kDrawn) continue;
    const std::string data = book_->PageData(i);
    EXPECT_EQ(directory.entries[i].method, 0);
    EXPECT_EQ(directory.entries[i].flags & ~0x800, 0);
    EXPECT_EQ(directory.entries[i].dos_time, 0x210000u);
    EXPECT_EQ(directory.entries[i].bytes, data.size());
    EXPECT_EQ(directory.entries[i].crc, Crc(data));
    EXPECT_EQ(data.substr(0, 2), "\xFF\xD8");
    EXPECT_EQ(data.substr(data.size() - 2), "\xFF\xD9");
    const BodySpec spec = book_->layout().Body(i);
    EXPECT_EQ(spec.head_crc, Crc(data.substr(0, spec.head_bytes)));
    EXPECT_GE(spec.max_payload, page(i).payload_bytes);
    const std::string& payload = book_->parts().payloads[i];
    EXPECT_TRUE(data.substr(spec.head_bytes, payload.size()) == payload);
  }
}

TEST_P(RandomArchivesTest, DrawnPagesEndOnABlockAndSoDoTheirHeads) {
  const Layout& layout = book_->layout();
  const std::vector<uint64_t> headers = HeaderOffsets(book_->ReadAll());
  const uint64_t block = guard_ == 0 ? 1 : 4096;
  for (uint32_t i = 0; i < headers.size(); ++i) {
    if (page(i).kind != PageKind::kDrawn) continue;
    const uint64_t head_end = layout.PageDataOffset(i) + layout.Body(i).head_bytes;
    const uint64_t least = guard_ == 0 ? layout.PageDataOffset(i) + 20 : headers[i] + guard_;
    EXPECT_EQ(head_end % block, 0u);
    EXPECT_GE(head_end, least);
    EXPECT_LT(head_end, least + block);
    EXPECT_EQ((layout.PageDataOffset(i) + layout.PageDataBytes(i)) % block, 0u);
    const bool behind_drawn = i > 0 && page(i - 1).kind == PageKind::kDrawn;
    EXPECT_TRUE(!behind_drawn || headers[i] % block == 0);
  }
}

TEST_P(RandomArchivesTest, NothingIsDrawnForWhatIsConstant) {
  const std::vector<uint64_t> headers = HeaderOffsets(book_->ReadAll());
  VirtualBook fresh(book_->parts());
  const uint64_t block = guard_ == 0 ? 1 : 4096;
  for (uint32_t i = 0; i < headers.size(); ++i) {
    // The page cache reads whole blocks.
    const uint64_t from = headers[i] / block * block;
    const uint64_t data = fresh.layout().PageDataOffset(i);
    const bool raw = page(i).kind == PageKind::kRaw;
    const uint64_t to = raw ? data + page(i).source_bytes : std::max(data, headers[i] + guard_);
    fresh.Read(from, (to + block - 1) / block * block - from);
    EXPECT_EQ(fresh.bodies_made(), 0u) << i;
  }
  const uint64_t size = fresh.layout().size();
  const uint64_t end = guard_ == 0 ? 22 : guard_ == 4096 ? 16 << 10 : 72 << 10;
  fresh.Read(size - std::min(end, size), end);
  EXPECT_EQ(fresh.bodies_made(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Rounds, RandomArchivesTest, ::testing::Range(0, 45));

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
  EXPECT_EQ(book.layout().Body(0).body_bytes, 0u);
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
