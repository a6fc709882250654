// What holds for the layout of any archive, drawn pages and raw ones in any order: layout.h.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
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

}  // namespace
}  // namespace cbzfs
