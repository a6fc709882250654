// Documents of archives and of image files through the codec.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/document/document_codec.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

constexpr uint64_t kSourceBytes = 1'000'000;
const std::string kAes("\x01\x99\x07\x00\x02\x00\x41\x45\x03\x08\x00", 11);

// An image, a text, an encrypted image that cannot be read.
Document Archive() {
  Document document;
  document.pages = {{.kind = PageKind::kImage,
                     .width = 1000,
                     .height = 1500,
                     .source_offset = 40,
                     .source_bytes = 200'000,
                     .enhanced_bytes = 150'000,
                     .decode_bytes = 3'000'000},
                    {.kind = PageKind::kRaw,
                     .width = 1,
                     .height = 1,
                     .source_offset = 300'000,
                     .source_bytes = 700},
                    {.kind = PageKind::kRaw, .width = 1, .height = 1, .source_offset = 310'000}};
  document.entries = {{.name = "a/\u65e5\u672c 1.png",
                       .index = 2,
                       .method = 8,
                       .flags = 0x0802,
                       .dos_time = 0x5A210000,
                       .crc = 0xDEADBEEF,
                       .bytes = 210'000},
                      {.name = "ComicInfo.xml", .index = 0, .crc = 1, .bytes = 700},
                      {.name = "a/2.png",
                       .index = 70'000,
                       .method = 99,
                       .flags = 1,
                       .bytes = uint64_t{1} << 62,
                       .extra = kAes}};
  document.notes = {{.page = 2, .text = "a/2.png: encrypted"}};
  return document;
}

// The same of an archive that is no ZIP.
Document Packed() {
  Document document = Archive();
  for (Page& page : document.pages) {
    page.source_offset = page.source_bytes = 0;
    if (page.kind == PageKind::kRaw) page.kind = PageKind::kUnpacked;
  }
  for (ArchiveEntry& entry : document.entries) {
    entry.method = entry.flags = 0;
    entry.extra.clear();
  }
  return document;
}

Document ImageFile() {
  Document document;
  document.pages = {{.kind = PageKind::kImage,
                     .width = 10'000,
                     .height = 5'000,
                     .gray = true,
                     .source_bytes = kSourceBytes,
                     .enhanced_bytes = 5}};
  return document;
}

absl::StatusOr<Document> Through(const Document& document) {
  return DecodeDocument(EncodeDocument(document), kSourceBytes);
}

bool IsRefused(const Document& document) {
  const auto decoded = Through(document);
  if (decoded.ok()) return false;
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
  return true;
}

template <typename Change>
bool IsRefusedWith(Document document, Change change) {
  EXPECT_FALSE(IsRefused(document));
  change(document);
  return IsRefused(document);
}

bool AreNamesRefused(std::vector<std::string> names) {
  Document document = Archive();
  document.notes.clear();
  document.pages.assign(names.size(), document.pages[0]);
  document.entries.assign(names.size(), document.entries[0]);
  for (size_t i = 0; i < names.size(); ++i) document.entries[i].name = names[i];
  const bool refused = IsRefused(document);
  EXPECT_EQ(refused, !CheckEntryNames(document.entries).ok());
  return refused;
}

// What the header promises, said again without the codec's code.
void ExpectValid(const Document& document) {
  ASSERT_GE(document.pages.size(), 1u);
  size_t images = 0;
  for (const Page& page : document.pages) {
    images += page.kind == PageKind::kImage ? 1 : 0;
    if (page.kind != PageKind::kImage && page.kind != PageKind::kRaw) continue;
    ASSERT_LE(page.source_offset, kSourceBytes);
    ASSERT_LE(page.source_bytes, kSourceBytes - page.source_offset);
    ASSERT_LE(uint64_t{page.width} * page.height, page.kind == PageKind::kRaw ? 1u : 50'000'000u);
  }
  if (document.entries.empty()) return;
  ASSERT_EQ(document.entries.size(), document.pages.size());
  EXPECT_GE(images, 1u);
  std::set<std::string> names;
  for (const ArchiveEntry& entry : document.entries) {
    EXPECT_TRUE(IsValidUtf8(entry.name));
    EXPECT_TRUE(names.insert(entry.name).second);
    EXPECT_EQ(("/" + entry.name + "/").find("//"), std::string::npos);
    EXPECT_EQ(("/" + entry.name + "/").find("/../"), std::string::npos);
    EXPECT_EQ(("/" + entry.name + "/").find("/./"), std::string::npos);
    EXPECT_EQ(entry.name.find_first_of("\\:\n\x7f"), std::string::npos);
    EXPECT_TRUE(entry.extra.empty() || entry.extra.substr(0, 2) == "\x01\x99");
    EXPECT_LE(entry.bytes, uint64_t{1} << 62);
  }
  for (const std::string& name : names) {
    const auto inside = names.lower_bound(name + "/");
    EXPECT_FALSE(inside != names.end() && inside->starts_with(name + "/"));
  }
}

TEST(ArchiveCodecTest, WhatGoesInComesOut) {
  for (const Document& document : {Archive(), Packed(), ImageFile()}) {
    const auto decoded = Through(document);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(*decoded == document);
  }
}

TEST(ArchiveCodecTest, AllOfAnArchiveIsUnpackedOrNothing) {
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.pages[1].kind = PageKind::kRaw; }));
  EXPECT_TRUE(IsRefusedWith(Archive(), [](Document& d) {
    d.pages[2] = {.kind = PageKind::kUnpacked, .width = 1, .height = 1};
  }));
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.pages[0].source_bytes = 1; }));
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.pages[1].source_bytes = 1; }));
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.pages[1].source_offset = 1; }));
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.pages[1].width = 2; }));
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.pages[1].enhanced_bytes = 2; }));
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.entries[0].method = 8; }));
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.entries[1].flags = 1; }));
  EXPECT_TRUE(IsRefusedWith(Packed(), [](Document& d) { d.entries[2].extra = kAes; }));
  for (const int kind : {5, 6, 7, 9, 255}) {
    EXPECT_TRUE(IsRefusedWith(
        Packed(), [kind](Document& d) { d.pages[1].kind = static_cast<PageKind>(kind); }));
  }
}

TEST(ArchiveCodecTest, EveryFlippedByteIsRefusedOrValid) {
  for (const Document& document : {Archive(), Packed(), ImageFile()}) {
    const std::string bytes = EncodeDocument(document);
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (int flip = 1; flip < 256; ++flip) {
        std::string broken = bytes;
        broken[at] = static_cast<char>(broken[at] ^ flip);
        const auto decoded = DecodeDocument(broken, kSourceBytes);
        if (decoded.ok()) ExpectValid(*decoded);
      }
      const auto decoded = DecodeDocument(std::string_view(bytes).substr(0, at), kSourceBytes);
      if (decoded.ok()) ExpectValid(*decoded);
    }
  }
}

TEST(ArchiveCodecTest, AnArchiveHasImagesAndNothingDrawn) {
  EXPECT_FALSE(IsRefusedWith(Archive(), [](Document& d) { d.pages[1].kind = PageKind::kImage; }));
  EXPECT_TRUE(IsRefusedWith(Archive(), [](Document& d) { d.pages[0] = d.pages[1]; })) << "no image";
  for (const PageKind kind : {PageKind::kDrawn, PageKind::kOriginal, PageKind::kExtracted}) {
    EXPECT_TRUE(IsRefusedWith(Archive(), [kind](Document& d) { d.pages[1].kind = kind; }));
  }
}

TEST(ArchiveCodecTest, EveryPageOfAnArchiveHasItsEntry) {
  EXPECT_TRUE(IsRefusedWith(Archive(), [](Document& d) { d.entries.pop_back(); }));
  EXPECT_TRUE(IsRefusedWith(Archive(), [](Document& d) { d.entries.push_back({.name = "x"}); }));
  EXPECT_TRUE(IsRefusedWith(Archive(), [](Document& d) { d.entries.clear(); }));
}

TEST(ArchiveCodecTest, EntryColumnsAreWhole) {
  // One element more in index, method, flags, dos_time, crc, bytes, extra (31 to 37).
  using std::string_view_literals::operator""sv;
  for (const std::string_view column :
       {"\xf8\x01\x05"sv, "\x80\x02\x05"sv, "\x88\x02\x05"sv, "\x95\x02\x01\x02\x03\x04"sv,
        "\x9d\x02\x01\x02\x03\x04"sv, "\xa0\x02\x05"sv, "\xaa\x02\x00"sv}) {
    EXPECT_FALSE(DecodeDocument(EncodeDocument(Archive()).append(column), kSourceBytes).ok());
  }
}

TEST(ArchiveCodecTest, AnImageFileIsOnePageAndAllOfIt) {
  EXPECT_TRUE(IsRefusedWith(ImageFile(), [](Document& d) { d.pages.push_back(d.pages[0]); }));
  EXPECT_TRUE(IsRefusedWith(ImageFile(), [](Document& d) { d.pages.push_back({}); }));
  EXPECT_TRUE(IsRefusedWith(ImageFile(), [](Document& d) { --d.pages[0].source_bytes; }));
  EXPECT_TRUE(IsRefusedWith(ImageFile(), [](Document& d) { ++d.pages[0].source_bytes; }));
  EXPECT_TRUE(IsRefusedWith(ImageFile(), [](Document& d) {
    --d.pages[0].source_bytes;
    ++d.pages[0].source_offset;
  }));
  EXPECT_TRUE(IsRefusedWith(ImageFile(), [](Document& d) {
    d.pages[0].kind = PageKind::kRaw;
    d.pages[0].width = d.pages[0].height = 1;
    d.pages[0].enhanced_bytes = 0;
  }));
}

TEST(ArchiveCodecTest, RangesLieInsideTheSource) {
  for (const size_t page : {size_t{0}, size_t{1}}) {
    const auto refused = [page](uint64_t offset, uint64_t bytes) {
      return IsRefusedWith(Archive(), [=](Document& d) {
        d.pages[page].source_offset = offset;
        d.pages[page].source_bytes = bytes;
      });
    };
    EXPECT_FALSE(refused(0, kSourceBytes));
    EXPECT_FALSE(refused(kSourceBytes - 1, 1));
    EXPECT_TRUE(refused(0, kSourceBytes + 1));
    EXPECT_TRUE(refused(1, kSourceBytes));
    EXPECT_TRUE(refused(kSourceBytes + 1, 0));
    EXPECT_TRUE(refused(UINT64_MAX, 2));
    EXPECT_TRUE(refused(2, UINT64_MAX));
  }
}

TEST(ArchiveCodecTest, NumbersAreInRange) {
  const auto refused = [](size_t page, auto change) {
    return IsRefusedWith(Archive(), [&](Document& d) { change(d.pages[page], d.entries[page]); });
  };
  EXPECT_TRUE(refused(0, [](Page& p, auto&) { p.width = 10'000, p.height = 5'001; }));
  EXPECT_TRUE(refused(0, [](Page& p, auto&) { p.width = 65'501, p.height = 1; }));
  EXPECT_FALSE(refused(0, [](Page& p, auto&) { p.enhanced_bytes = 1u << 30; }));
  EXPECT_TRUE(refused(0, [](Page& p, auto&) { p.enhanced_bytes = (1u << 30) + 1; }));
  EXPECT_TRUE(refused(0, [](Page& p, auto&) { p.decode_bytes = (uint64_t{1} << 40) + 1; }));
  EXPECT_TRUE(refused(1, [](Page& p, auto&) { p.width = 2; }));
  EXPECT_TRUE(refused(1, [](Page& p, auto&) { p.height = 2; }));
  EXPECT_TRUE(refused(1, [](Page& p, auto&) { p.enhanced_bytes = 1; }));
  EXPECT_TRUE(refused(2, [](auto&, ArchiveEntry& e) { ++e.bytes; }));
  // One method that does not fit in 16 bits: the column (field 32) once more, whole.
  std::string bytes = EncodeDocument(Archive());
  const std::string column("\x82\x02\x03\x08\x00\x63", 6);
  ASSERT_NE(bytes.find(column), std::string::npos);
  bytes.replace(bytes.find(column), 6, std::string("\x82\x02\x05\x08\x00\x80\x80\x04", 8));
  EXPECT_FALSE(DecodeDocument(bytes, kSourceBytes).ok());
}

TEST(ArchiveCodecTest, TheExtraFieldIsThatOfAesAndWhole) {
  const auto refused = [](const std::string& extra) {
    return IsRefusedWith(Archive(), [&](Document& d) { d.entries[0].extra = extra; });
  };
  EXPECT_FALSE(refused(kAes));
  EXPECT_FALSE(refused(std::string("\x01\x99\x3c\x00", 4) + std::string(60, 'x')));
  EXPECT_TRUE(refused(std::string("\x01\x99\x3d\x00", 4) + std::string(61, 'x')));
  EXPECT_TRUE(refused(kAes.substr(0, 10)));
  EXPECT_TRUE(refused(kAes + "x"));
  EXPECT_TRUE(refused("\x01\x99"));
  EXPECT_TRUE(refused(std::string("\x01\x00\x00\x00", 4)));
}

TEST(ArchiveCodecTest, NamesAreRelativePathsOfPlainParts) {
  for (const std::string& name :
       {std::string("a"), std::string("a/b/c.png"), std::string("..a/.b/c.."), std::string(" "),
        std::string("\u65e5\u672c/\u00e9"), std::string(255, 'x') + "/" + std::string(255, 'y')}) {
    EXPECT_FALSE(AreNamesRefused({name})) << name;
    EXPECT_TRUE(IsEntryName(name));
  }
  for (const std::string& name :
       {std::string(), std::string("/"), std::string("/a"), std::string("a/"), std::string("a//b"),
        std::string("."), std::string(".."), std::string("./a"), std::string("a/../b"),
        std::string("a/.."), std::string("a\\b"), std::string("c:a"), std::string("a\nb"),
        std::string("a\x7f"), std::string("a\0b", 3), std::string("a\xff"), std::string(256, 'x'),
        "a/" + std::string(256, 'x') + "/b"}) {
    EXPECT_TRUE(AreNamesRefused({name})) << name;
    EXPECT_FALSE(IsEntryName(name));
  }
  std::string deep = "a";
  while (deep.size() < 65'000)
    deep += "/" + std::string(std::min<size_t>(64'999 - deep.size(), 99), 'a');
  EXPECT_EQ(deep.size(), 65'000u);
  EXPECT_TRUE(IsEntryName(deep));
  EXPECT_FALSE(IsEntryName(deep + "a"));
}

TEST(ArchiveCodecTest, NoTwoNamesAreEqualAndNoneIsAFolder) {
  EXPECT_TRUE(AreNamesRefused({"a", "b", "a"}));
  EXPECT_FALSE(AreNamesRefused({"a", "b", "A"}));
  EXPECT_TRUE(AreNamesRefused({"a/b", "a"}));
  EXPECT_TRUE(AreNamesRefused({"a", "a/b/c"}));
  // Names that sort between a file and what lies in a folder of its name.
  EXPECT_TRUE(AreNamesRefused({"a", "a b", "a!", "a-1/x", "a.png", "a/b"}));
  EXPECT_TRUE(AreNamesRefused({"x/a/b", "x/a b", "x/a"}));
  EXPECT_FALSE(AreNamesRefused({"a b", "a!", "a-1/x", "a.png", "a/b", "ab", "a/c"}));
}

}  // namespace
}  // namespace cbzfs
