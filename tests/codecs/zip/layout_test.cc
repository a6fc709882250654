#include "codecs/zip/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>
#include <zlib.h>

#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "codecs/document/document_codec.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using testing::RandomBook;
using testing::VirtualBook;

constexpr uint32_t kGuards[] = {0, 4096, 65536};

uint32_t U16(const std::string& bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]) | static_cast<uint8_t>(bytes[at + 1]) << 8;
}
uint32_t U32(const std::string& bytes, size_t at) {
  return U16(bytes, at) | U16(bytes, at + 2) << 16;
}

Page Drawn(uint32_t payload_bytes) {
  return {.width = 100, .height = 150, .dpi = 150, .payload_bytes = payload_bytes};
}

Page Original(uint64_t offset, uint64_t bytes) {
  return {.kind = PageKind::kOriginal,
          .width = 100,
          .height = 150,
          .dpi = 150,
          .source_offset = offset,
          .source_bytes = bytes};
}

VirtualBook BookOf(std::vector<Page> pages, uint32_t guard = 4096) {
  VirtualBook::Parts parts{.options = {.guard = guard}};
  parts.document.pages = std::move(pages);
  parts.source = std::string(100'000, 's');
  return VirtualBook(std::move(parts));
}

// One random book per round, of every guard and naming.
class RandomBooksTest : public ::testing::TestWithParam<int> {
 protected:
  RandomBooksTest() : random_(GetParam()) {
    const uint32_t pages = GetParam() % 5 == 0 ? 1 + random_() % 300 : 1 + random_() % 12;
    const LayoutOptions options{
        .guard = kGuards[GetParam() % 3],
        .names = GetParam() % 2 == 0 ? PageNames::kNumber : PageNames::kSeed};
    book_.emplace(RandomBook(random_, pages, options));
  }
  std::mt19937_64 random_;
  std::optional<VirtualBook> book_;
};

TEST_P(RandomBooksTest, AnyRangeIsThatRangeOfTheWhole) {
  const std::string all = book_->ReadAll();
  ASSERT_EQ(all.size(), book_->layout().size());
  const uint64_t size = all.size();
  for (int round = 0; round < 200; ++round) {
    const uint64_t from = random_() % size;
    const uint64_t length = round % 2 == 0 ? random_() % 50 : random_() % 200'000;
    ASSERT_TRUE(book_->Read(from, length) == all.substr(from, length)) << from << " " << length;
  }
  // The central directory and the records around it have the most boundaries.
  const uint64_t tail = std::min<uint64_t>(size, 3000);
  for (int round = 0; round < 300; ++round) {
    const uint64_t from = size - 1 - random_() % tail;
    const uint64_t length = 1 + random_() % 100;
    ASSERT_TRUE(book_->Read(from, length) == all.substr(from, length)) << from << " " << length;
  }
}

TEST_P(RandomBooksTest, PiecesCoverARangeWithoutGaps) {
  const Layout& layout = book_->layout();
  for (int round = 0; round < 100; ++round) {
    const uint64_t from = random_() % layout.size();
    const uint64_t length = random_() % (layout.size() + 100);
    uint64_t at = from;
    for (const Piece& piece : layout.Map(from, length)) {
      ASSERT_EQ(piece.offset, at);
      ASSERT_GT(piece.size, 0u);
      if (piece.kind == Piece::Kind::kBody) {
        ASSERT_LE(piece.body_offset + piece.size, layout.Body(piece.page).body_bytes);
      } else if (piece.kind == Piece::Kind::kSource) {
        const Page& page = layout.document().pages[piece.page];
        ASSERT_GE(piece.source_offset, page.source_offset);
        ASSERT_LE(piece.source_offset + piece.size, page.source_offset + page.source_bytes);
      }
      at += piece.size;
    }
    ASSERT_EQ(at, std::min(layout.size(), from + length));
  }
  EXPECT_TRUE(layout.Map(layout.size(), 1).empty());
  EXPECT_TRUE(layout.Map(UINT64_MAX, UINT64_MAX).empty());
  EXPECT_TRUE(layout.Map(0, 0).empty());
  EXPECT_EQ(layout.Map(1, UINT64_MAX).back().offset + layout.Map(1, UINT64_MAX).back().size,
            layout.size());
}

TEST_P(RandomBooksTest, EveryEntryIsWhereAndWhatTheHeadersSay) {
  const Layout& layout = book_->layout();
  const std::string all = book_->ReadAll();
  uint64_t expected = 0;  // entries follow one another without gaps
  for (uint32_t entry = 0; entry <= layout.page_count(); ++entry) {
    const uint64_t offset =
        entry == 0 ? 0 : layout.PageDataOffset(entry - 1) - 30 - layout.PageName(entry - 1).size();
    ASSERT_EQ(offset, expected);
    ASSERT_EQ(offset % (book_->parts().options.guard == 0 ? 1 : 4096), 0u);
    ASSERT_EQ(U32(all, offset), 0x04034B50u);
    EXPECT_EQ(U16(all, offset + 6) & ~0x800u, 0u) << "no flag but UTF-8";
    EXPECT_EQ(U16(all, offset + 8), 0u) << "stored";
    EXPECT_EQ(U16(all, offset + 28), 0u) << "no extra field";
    const uint64_t bytes = U32(all, offset + 18);
    EXPECT_EQ(bytes, U32(all, offset + 22));
    const std::string name = all.substr(offset + 30, U16(all, offset + 26));
    EXPECT_EQ(name, entry == 0 ? "ComicInfo.xml" : layout.PageName(entry - 1));
    const std::string data = all.substr(offset + 30 + name.size(), bytes);
    ASSERT_EQ(data.size(), bytes);
    EXPECT_EQ(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()),
              U32(all, offset + 14))
        << entry;
    EXPECT_EQ(bytes, entry == 0 ? bytes : layout.PageDataBytes(entry - 1));
    expected = offset + 30 + name.size() + bytes;
  }
  EXPECT_EQ(U32(all, expected), 0x02014B50u);
}

TEST_P(RandomBooksTest, PageDataIsTheImageBetweenConstantEnds) {
  const Layout& layout = book_->layout();
  for (uint32_t i = 0; i < layout.page_count(); ++i) {
    const Page& page = layout.document().pages[i];
    const std::string data = book_->PageData(i);
    EXPECT_EQ(data.substr(data.size() - 2), "\xFF\xD9");
    if (page.kind == PageKind::kOriginal) {
      std::string stream = book_->parts().source.substr(page.source_offset, page.source_bytes);
      if (page.insert >= 0) stream.insert(page.insert_at, layout.document().inserts[page.insert]);
      ASSERT_TRUE(data.substr(0, stream.size()) == stream);
    } else {
      EXPECT_GE(layout.Body(i).max_payload, page.payload_bytes);
      EXPECT_EQ(data.substr(0, 2), "\xFF\xD8");
      const bool jfif = data.substr(2, 4) == std::string("\xFF\xE0\x00\x10", 4);
      EXPECT_EQ(jfif, page.kind == PageKind::kDrawn);
      const std::string& payload = book_->parts().payloads[i];
      ASSERT_TRUE(data.substr(layout.Body(i).head_bytes, payload.size()) == payload);
    }
  }
}

TEST_P(RandomBooksTest, LibzipAcceptsAndVerifiesIt) {
  const std::string all = book_->ReadAll();
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(all.data(), all.size(), 0, &error);
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  ASSERT_NE(archive, nullptr) << zip_error_strerror(&error);
  ASSERT_EQ(zip_get_num_entries(archive, 0),
            static_cast<zip_int64_t>(book_->layout().page_count() + 1));
  for (zip_uint64_t i = 0; i <= book_->layout().page_count(); ++i) {
    zip_file_t* file = zip_fopen_index(archive, i, 0);
    ASSERT_NE(file, nullptr) << zip_strerror(archive);
    std::string buffer(1 << 20, 'x');
    zip_int64_t got;
    while ((got = zip_fread(file, buffer.data(), buffer.size())) > 0) {
    }
    EXPECT_EQ(got, 0) << zip_file_strerror(file);
    zip_fclose(file);
  }
  zip_discard(archive);
}

INSTANTIATE_TEST_SUITE_P(Rounds, RandomBooksTest, ::testing::Range(0, 36));

TEST(LayoutTest, NothingIsDrawnForWhatIsConstant) {
  for (const uint32_t guard : {4096u, 65536u}) {
    VirtualBook book = BookOf({Drawn(100'000), Drawn(50'000), Drawn(300'000)}, guard);
    const Layout& layout = book.layout();
    for (uint32_t page = 0; page < 3; ++page) {
      const uint64_t header = layout.PageDataOffset(page) - 30 - layout.PageName(page).size();
      EXPECT_EQ(header % 4096, 0u);
      EXPECT_EQ(book.Read(header, guard).size(), guard);
    }
    const uint64_t end = guard == 4096 ? 16 << 10 : 72 << 10;
    EXPECT_EQ(book.Read(layout.size() - end, end).size(), end);
    EXPECT_EQ(book.Read(0, 16 << 10).size(), 16u << 10);  // what the kernel reads first
    EXPECT_EQ(book.bodies_made(), 0u);
    book.Read(layout.PageDataOffset(1) + layout.PageDataBytes(1) - 3, 1);
    EXPECT_EQ(book.bodies_made(), 1u);
  }
}

TEST(LayoutTest, BehindAPageOfABookWithACommentMoreIsConstant) {
  VirtualBook::Parts parts;
  parts.document.pages = {Drawn(100'000)};
  parts.document.info = {{ComicField::kSeries, "Series"}};
  parts.payloads = {std::string(90'000, 'a')};
  VirtualBook book(parts);
  ASSERT_NE(book.layout().comment(), "");
  book.Read(book.layout().size() - (72 << 10), 72 << 10);
  EXPECT_EQ(book.bodies_made(), 0u);
}

TEST(LayoutTest, TheEndIsNotPaddedBehindAnOriginalPageOrWithoutAGuard) {
  const VirtualBook original = BookOf({Drawn(100), Original(0, 5000)});
  EXPECT_EQ(original.layout().Body(1).tail_bytes, 2u);
  const VirtualBook bare = BookOf({Drawn(100)}, 0);
  EXPECT_EQ(bare.layout().Body(0).tail_bytes, 2u);
}

TEST(LayoutTest, WithoutAGuardNothingIsWasted) {
  VirtualBook book = BookOf({Drawn(1000), Original(10, 500)}, 0);
  EXPECT_EQ(book.layout().PageDataBytes(0), 2u + 18 + 1000 + 8 + 2);
  EXPECT_EQ(book.layout().PageDataBytes(1), 500u + 8 + 2);
  EXPECT_EQ(book.layout().Body(0).max_payload, 1000u);
}

TEST(LayoutTest, DensityIsThePagesResolution) {
  const std::pair<float, std::string> cases[] = {
      {150.0f, std::string("\x01\x00\x96\x00\x96", 5)},
      {150.5f, std::string("\x01\x00\x97\x00\x97", 5)},
      {300.0f, std::string("\x01\x01\x2C\x01\x2C", 5)},
      {1e9f, std::string("\x01\xFF\xFF\xFF\xFF", 5)},
      {0.1f, std::string("\x01\x00\x01\x00\x01", 5)},
      {0.0f, std::string("\x00\x00\x01\x00\x01", 5)},
  };
  for (const auto& [dpi, density] : cases) {
    Page page = Drawn(100);
    page.dpi = dpi;
    VirtualBook book = BookOf({page});
    const std::string head = book.Read(book.layout().PageDataOffset(0), 20);
    EXPECT_EQ(head.substr(6, 7), std::string("JFIF\0\x01\x01", 7));
    EXPECT_EQ(head.substr(13, 5), density) << dpi;
    EXPECT_EQ(head.substr(18, 2), std::string(2, '\0'));
  }
}

TEST(LayoutTest, OriginalPagesComeFromTheSourceWithoutABody) {
  VirtualBook book = BookOf({Original(1234, 50'000), Drawn(10)});
  const uint64_t data = book.layout().PageDataOffset(0);
  const std::vector<Piece> pieces = book.layout().Map(data + 100, 1000);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].kind, Piece::Kind::kSource);
  EXPECT_EQ(pieces[0].source_offset, 1334u);
  EXPECT_EQ(pieces[0].page, 0u);
  EXPECT_TRUE(book.layout().OriginalData(1).empty());
}

TEST(LayoutTest, InsertsMayStandAtEitherEndOfTheStream) {
  for (const uint32_t at : {2u, 250u, 500u}) {
    VirtualBook::Parts parts;
    Page page = Original(0, 500);
    page.insert = 0;
    page.insert_at = at;
    parts.document.pages = {page};
    parts.document.inserts = {"INSERTED"};
    parts.source = std::string(500, 's');
    VirtualBook book(std::move(parts));
    EXPECT_EQ(book.PageData(0).substr(0, 508),
              std::string(at, 's') + "INSERTED" + std::string(500 - at, 's'));
  }
}

uint32_t DeclaredCrc(VirtualBook::Parts parts, uint32_t page = 0) {
  return VirtualBook(std::move(parts)).layout().Body(page).declared_crc;
}

TEST(LayoutTest, DeclaredCrcFollowsFromEverythingThatDecidesThePage) {
  VirtualBook::Parts base;
  base.document.pages = {Drawn(1000), Drawn(1000)};
  std::set<uint32_t> seen = {DeclaredCrc(base), DeclaredCrc(base, 1)};
  const auto changed = [&](auto change) {
    VirtualBook::Parts parts = base;
    change(parts);
    return DeclaredCrc(std::move(parts));
  };
  seen.insert(changed([](auto& p) { ++p.identity.fingerprint; }));
  seen.insert(changed([](auto& p) { ++p.identity.options; }));
  seen.insert(changed([](auto& p) { p.options.guard = 0; }));
  seen.insert(changed([](auto& p) { ++p.document.pages[0].width; }));
  seen.insert(changed([](auto& p) { ++p.document.pages[0].height; }));
  seen.insert(changed([](auto& p) { p.document.pages[0].dpi = 151; }));
  seen.insert(changed([](auto& p) { p.document.pages[0].gray = true; }));
  seen.insert(changed([](auto& p) { ++p.document.pages[0].payload_bytes; }));
  seen.insert(changed([](auto& p) { p.document.pages[0].kind = PageKind::kExtracted; }));
  EXPECT_EQ(seen.size(), 11u);
  // Neither the name of the file nor its other pages matter.
  EXPECT_EQ(changed([](auto& p) { p.stem = "Another"; }), DeclaredCrc(base));
  EXPECT_EQ(changed([](auto& p) { p.document.pages.pop_back(); }), DeclaredCrc(base));
}

TEST(LayoutTest, EqualBooksAreEqualBytes) {
  std::mt19937_64 random(7);
  const VirtualBook::Parts parts = RandomBook(random, 20, {});
  EXPECT_TRUE(VirtualBook(parts).ReadAll() == VirtualBook(parts).ReadAll());
}

// The bytes of a layout are a promise to every mount, index and backup: a change of this value is
// a change of the format, and kEngineVersion has to be raised with it.
TEST(LayoutTest, BytesDoNotChangeFromVersionToVersion) {
  VirtualBook::Parts parts;
  parts.document.pages = {
      Drawn(1000),
      Original(3, 700),
      {.kind = PageKind::kExtracted, .width = 9, .height = 9, .payload_bytes = 500}};
  parts.document.info = {{ComicField::kTitle, "Title"}, {ComicField::kWriter, "Author"}};
  parts.source = std::string(1000, 's');
  parts.payloads = {std::string(900, 'a'), "", std::string(400, 'b')};
  const std::string all = VirtualBook(parts).ReadAll();
  EXPECT_EQ(crc32_z(0, reinterpret_cast<const Bytef*>(all.data()), all.size()), 232371952u);
}

TEST(LayoutTest, RefusesWhatCannotBeLaidOut) {
  const auto create = [](Document document, LayoutOptions options = {}) {
    return Layout::Create(std::make_shared<const Document>(std::move(document)), "x", {}, options)
        .status()
        .code();
  };
  EXPECT_EQ(create({}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(create({.pages = {Drawn(1)}}, {.guard = 5}), absl::StatusCode::kInvalidArgument);
  Page page = Original(0, 100);
  page.insert = 0;
  EXPECT_EQ(create({.pages = {page}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(create({.pages = {Original(0, uint64_t{1} << 32)}}), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(create({.pages = {Original(0, UINT64_MAX)}}), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(create({.pages = {Drawn(UINT32_MAX)}}), absl::StatusCode::kOutOfRange);
}

TEST(LayoutTest, WhateverTheCodecLetsThroughCanBeLaidOut) {
  std::mt19937_64 random(9);
  const VirtualBook::Parts parts = RandomBook(random, 12, {});
  const std::string bytes = EncodeDocument(parts.document);
  int laid_out = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string broken = bytes;
    for (uint64_t flips = random() % 3 + 1; flips > 0; --flips) {
      broken[random() % broken.size()] = static_cast<char>(random());
    }
    auto document = DecodeDocument(broken, parts.source.size());
    if (!document.ok()) continue;
    const auto layout = Layout::Create(std::make_shared<const Document>(*std::move(document)),
                                       parts.stem, parts.identity, parts.options);
    ASSERT_TRUE(layout.ok()) << layout.status();
    ++laid_out;
  }
  EXPECT_GT(laid_out, 1000);
}

TEST(LayoutTest, DrawnPagesIgnoreTheSourceFields) {
  Page page = Drawn(100);
  page.source_offset = page.source_bytes = UINT64_MAX;
  page.insert = 7;
  VirtualBook book = BookOf({page});
  EXPECT_EQ(book.ReadAll().size(), book.layout().size());
}

TEST(LayoutTest, ManyThreadsMayReadOneLayout) {
  std::mt19937_64 random(8);
  const VirtualBook::Parts parts = RandomBook(random, 50, {});
  VirtualBook book(parts);
  const Layout& layout = book.layout();
  const std::vector<Piece> pieces = layout.Map(0, layout.size());
  std::vector<std::thread> threads;
  std::vector<std::string> results(4);
  for (std::string& result : results) {
    threads.emplace_back([&layout, &pieces, &result] {
      for (const Piece& piece : pieces) {
        if (piece.kind != Piece::Kind::kLiteral) continue;
        std::string bytes(piece.size, 'x');
        layout.ReadLiteral(piece, bytes.data());
        result += bytes;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) EXPECT_TRUE(result == results[0]);
}

}  // namespace
}  // namespace cbzfs
