// Layouts whose drawn pages are WebP: exact, aligned, with forced CRCs, in the form of RFC 9649.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "codecs/document/webp_chunks.h"
#include "codecs/zip/layout.h"
#include "tests/codecs/zip/archive_book.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using testing::U16;
using testing::U32;
using testing::VirtualBook;

constexpr uint32_t kGuards[] = {0, 4096, 65536};

uint32_t Crc(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// A chunk of exactly so many bytes, an even number.
std::string Payload(std::mt19937_64& random, uint64_t bytes) {
  return bytes < 8 ? "" : WebpChunk("VP8 ", testing::RandomBytes(random, bytes - 8));
}

struct Chunk {
  std::string name;
  std::string data;
};

// Nothing where it is no whole WebP; `behind`: what follows it.
std::vector<Chunk> ChunksOf(const std::string& data, std::string* behind) {
  std::vector<Chunk> chunks;
  if (data.size() < 12 || data.substr(0, 4) != "RIFF" || data.substr(8, 4) != "WEBP") return {};
  const uint64_t end = 8 + uint64_t{U32(data, 4)};
  if (end > data.size() || end % 2 != 0) return {};
  *behind = data.substr(end);
  for (uint64_t at = 12; at < end;) {
    if (at + 8 > end) return {};
    const uint64_t bytes = U32(data, at + 4);
    if (at + WebpChunkBytes(bytes) > end) return {};
    chunks.push_back({data.substr(at, 4), data.substr(at + 8, bytes)});
    at += WebpChunkBytes(bytes);
  }
  return chunks;
}

class WebpLayoutTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  // The payloads are as long as they can be, or shorter by `spared`.
  VirtualBook Book(std::vector<Page> pages, uint64_t spared, PageNames names = PageNames::kNumber) {
    VirtualBook::Parts parts;
    parts.options = {.guard = GetParam(), .names = names, .format = PageFormat::kWebp};
    parts.document.pages = std::move(pages);
    return Filled(std::move(parts), spared);
  }

  VirtualBook Filled(VirtualBook::Parts parts, uint64_t spared) {
    const VirtualBook sizes(parts);
    parts.payloads.clear();
    for (uint32_t i = 0; i < parts.document.pages.size(); ++i) {
      const uint64_t most = sizes.layout().Body(i).max_payload;
      const bool drawn = parts.document.pages[i].kind == PageKind::kDrawn;
      parts.payloads.push_back(drawn ? Payload(random_, most > spared ? most - spared : 0) : "");
    }
    return VirtualBook(std::move(parts));
  }

  void CheckPage(VirtualBook& book, uint32_t i) {
    const Layout& layout = book.layout();
    const Page& page = layout.document().pages[i];
    const std::string data = book.PageData(i);
    ASSERT_EQ(data.size(), layout.PageDataBytes(i));
    EXPECT_EQ(Crc(data), layout.Body(i).declared_crc);
    std::string behind;
    const std::vector<Chunk> chunks = ChunksOf(data, &behind);
    ASSERT_GE(chunks.size(), GetParam() == 0 ? 2u : 3u) << i;
    EXPECT_TRUE(behind.empty() || behind == std::string(1, '\0'));
    EXPECT_EQ(chunks[0].name, "VP8X");
    EXPECT_EQ(chunks[0].data, WebpStart(100, page.width, page.height, !page.gray).substr(20));
    std::vector<std::string> known;
    for (size_t c = 1; c < chunks.size(); ++c) {
      if (chunks[c].name != "JUNK") known.push_back(WebpChunk(chunks[c].name, chunks[c].data));
    }
    const std::string& payload = book.parts().payloads[i];
    ASSERT_EQ(known.size(), payload.empty() ? 0u : 1u);
    if (!payload.empty()) EXPECT_TRUE(known[0] == payload);
    EXPECT_GE(layout.Body(i).max_payload, page.payload_bytes);
    if (GetParam() == 0) return;
    // The guard is constant, and whatever is made begins and ends on blocks, but for one byte.
    EXPECT_GE(layout.Body(i).head_bytes + layout.PageDataOffset(i), GetParam());
    EXPECT_EQ((layout.PageDataOffset(i) + data.size()) % 4096, 0u);
  }

  std::mt19937_64 random_{1};
};

TEST_P(WebpLayoutTest, EverySlotIsExactAndHasItsCrc) {
  for (const uint64_t spared : {0, 2, 4, 8, 10, 100, 5000, 200'000}) {
    std::vector<Page> pages;
    for (const uint32_t bytes : {0u, 1u, 2u, 63u, 64u, 3950u, 4012u, 4014u, 4016u, 4018u, 4020u,
                                 4022u, 8191u, 70'000u, 1'000'000u}) {
      pages.push_back({.width = 1 + bytes % 16'383,
                       .height = 16'383 - bytes % 100,
                       .gray = bytes % 3 == 0,
                       .payload_bytes = bytes});
    }
    for (const PageNames names : {PageNames::kNumber, PageNames::kSeed}) {
      VirtualBook book = Book(pages, spared, names);
      for (uint32_t i = 0; i < pages.size(); ++i) CheckPage(book, i);
      EXPECT_EQ(book.ReadAll().size(), book.layout().size());
    }
  }
}

TEST_P(WebpLayoutTest, AnyRangeIsThatRangeOfTheWhole) {
  VirtualBook book = Book({{.width = 5, .height = 6, .payload_bytes = 10'000},
                           {.width = 7, .height = 8, .gray = true, .payload_bytes = 40}},
                          64);
  const std::string all = book.ReadAll();
  for (int round = 0; round < 2000; ++round) {
    const uint64_t from = random_() % all.size();
    const uint64_t length = random_() % (round % 2 == 0 ? 50 : 90'000);
    ASSERT_TRUE(book.Read(from, length) == all.substr(from, length)) << from << " " << length;
  }
}

TEST_P(WebpLayoutTest, ReadingHeadersAndTheEndMakesNoPage) {
  const Page page = {.width = 5, .height = 6, .payload_bytes = 90'000};
  VirtualBook book = Book(std::vector<Page>(4, page), 0);
  if (GetParam() == 0) return;
  for (uint32_t i = 0; i < 4; ++i) {
    const uint64_t header = book.layout().PageDataOffset(i) - 30 - book.layout().PageName(i).size();
    EXPECT_EQ(U32(book.Read(header, GetParam()), 0), 0x04034B50u);
    EXPECT_EQ(book.layout().PageName(i), "000" + std::to_string(i + 1) + ".webp");
  }
  book.Read(book.layout().size() - (16 << 10), 16 << 10);
  EXPECT_EQ(book.bodies_made(), 0u);
}

// Raw pages between the drawn ones put these anywhere.
TEST_P(WebpLayoutTest, ArchivesOfAnyPages) {
  for (int round = 0; round < 30; ++round) {
    VirtualBook::Parts parts =
        testing::RandomArchive(random_, 1 + random_() % 12,
                               {.guard = GetParam(), .format = PageFormat::kWebp});
    VirtualBook book = Filled(std::move(parts), random_() % 2 * 1000);
    const std::string all = book.ReadAll();
    ASSERT_EQ(all.size(), book.layout().size());
    const testing::RealArchive directory = testing::ReadRealArchive(all);
    uint64_t at = 0;
    for (uint32_t i = 0; i < book.layout().page_count(); ++i) {
      const Page& page = book.layout().document().pages[i];
      ASSERT_EQ(directory.offsets[i], at);
      ASSERT_EQ(U32(all, at), 0x04034B50u);
      if (page.kind == PageKind::kDrawn) {
        CheckPage(book, i);
        EXPECT_TRUE(directory.entries[i].name.ends_with(".webp"));
        EXPECT_EQ(directory.entries[i].crc, Crc(book.PageData(i)));
      }
      at = i + 1 < directory.offsets.size() ? directory.offsets[i + 1] : at;
    }
  }
}

TEST_P(WebpLayoutTest, RefusesWhatNoWebpIs) {
  const auto create = [&](const Page& page) {
    auto document = std::make_shared<Document>();
    document->pages = {page};
    return Layout::Create(document, "x", {}, {.guard = GetParam(), .format = PageFormat::kWebp})
        .status();
  };
  EXPECT_TRUE(create({.width = 16'383, .height = 1}).ok());
  EXPECT_EQ(create({.width = 16'384, .height = 1}).code(), absl::StatusCode::kInvalidArgument);
  const Page original = {
      .kind = PageKind::kOriginal, .width = 1, .height = 1, .source_bytes = 4};
  EXPECT_EQ(create(original).code(), absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Guards, WebpLayoutTest, ::testing::ValuesIn(kGuards));

}  // namespace
}  // namespace cbzfs
