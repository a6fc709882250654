#include "tests/codecs/zip/archive_book.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/codecs/zip/jpeg_sample.h"

namespace cbzfs::testing {
namespace {

constexpr size_t kMarkers = 2 + 18;  // SOI and APP0, which the layout makes itself

uint32_t Pick(std::mt19937_64& random, uint32_t low, uint32_t high) {
  return std::uniform_int_distribution<uint32_t>(low, high)(random);
}

// The AES extra field within a central record's, else nothing.
std::string AesExtra(const std::string& extra) {
  for (size_t at = 0; at + 4 <= extra.size(); at += 4 + U16(extra, at + 2)) {
    if (U16(extra, at) == 0x9901) return extra.substr(at, 4 + U16(extra, at + 2));
  }
  return "";
}

Page RandomRaw(std::mt19937_64& random, const std::string& source, ArchiveEntry& entry) {
  Page page{.kind = PageKind::kRaw, .width = 1, .height = 1};
  page.source_bytes = Pick(random, 0, 9) == 0 ? 0 : Pick(random, 0, 9000);
  page.source_offset = Pick(random, 0, static_cast<uint32_t>(source.size() - page.source_bytes));
  const std::string data = source.substr(page.source_offset, page.source_bytes);
  entry.crc =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
  entry.bytes = data.size();
  entry.dos_time = static_cast<uint32_t>(random());
  entry.flags = static_cast<uint16_t>(random());
  constexpr uint16_t kMethods[] = {0, 0, 8, 12, 14, 93, 99};
  entry.method = kMethods[Pick(random, 0, 6)];
  if (entry.method != 0) entry.bytes = Pick(random, 0, 1'000'000);
  if (entry.method == 99)
    entry.extra = std::string("\x01\x99\x07\x00\x02\x00\x41\x45\x03\x08\x00", 11);
  return page;
}

}  // namespace

uint32_t U16(const std::string& bytes, size_t at) {
  return static_cast<uint8_t>(bytes.at(at)) | static_cast<uint8_t>(bytes.at(at + 1)) << 8;
}
uint32_t U32(const std::string& bytes, size_t at) {
  return U16(bytes, at) | U16(bytes, at + 2) << 16;
}

RealArchive ReadRealArchive(const std::string& bytes) {
  RealArchive archive;
  const size_t end = bytes.size() - 22;
  EXPECT_EQ(U32(bytes, end), 0x06054B50u);
  size_t at = U32(bytes, end + 16);
  for (uint32_t i = 0; i < U16(bytes, end + 10); ++i) {
    EXPECT_EQ(U32(bytes, at), 0x02014B50u);
    const uint32_t name = U16(bytes, at + 28);
    const uint32_t extra = U16(bytes, at + 30);
    archive.entries.push_back({.name = bytes.substr(at + 46, name),
                               .index = i,
                               .method = static_cast<uint16_t>(U16(bytes, at + 10)),
                               .flags = static_cast<uint16_t>(U16(bytes, at + 8)),
                               .dos_time = U32(bytes, at + 12),
                               .crc = U32(bytes, at + 16),
                               .bytes = U32(bytes, at + 24),
                               .extra = AesExtra(bytes.substr(at + 46 + name, extra))});
    archive.stored_bytes.push_back(U32(bytes, at + 20));
    const uint32_t local = U32(bytes, at + 42);
    EXPECT_EQ(U32(bytes, local), 0x04034B50u);
    archive.offsets.push_back(local);
    archive.data_offsets.push_back(local + 30 + U16(bytes, local + 26) + U16(bytes, local + 28));
    at += 46 + name + extra + U16(bytes, at + 32);
  }
  EXPECT_EQ(at, end);
  return archive;
}

VirtualBook::Parts EnhancedArchive(const std::string& source, const LayoutOptions& options) {
  VirtualBook::Parts parts{.source = source, .options = options};
  const RealArchive archive = ReadRealArchive(source);
  parts.document.entries = archive.entries;
  for (uint32_t i = 0; i < archive.entries.size(); ++i) {
    const std::string& name = archive.entries[i].name;
    Page page{.width = 90 + i, .height = 80 + i, .source_offset = archive.data_offsets[i]};
    page.source_bytes = archive.stored_bytes[i];
    std::string payload;
    if (name.ends_with(".png") || name.ends_with(".jpg")) {
      const std::string jpeg = MakeJpeg({.width = page.width, .height = page.height}, i);
      payload = jpeg.substr(kMarkers, jpeg.size() - kMarkers - 2);
      page.payload_bytes = static_cast<uint32_t>(payload.size()) + i * 1000;
    } else {
      page.kind = PageKind::kRaw;
      page.width = page.height = 1;
    }
    parts.document.pages.push_back(page);
    parts.payloads.push_back(std::move(payload));
  }
  return parts;
}

VirtualBook::Parts RandomArchive(std::mt19937_64& random, uint32_t page_count,
                                 const LayoutOptions& options) {
  VirtualBook::Parts parts{.options = options};
  parts.source = RandomBytes(random, 20'000);
  parts.identity = {random(), random()};
  const uint32_t drawn = Pick(random, 0, page_count - 1);
  const uint32_t raw_of_ten = Pick(random, 0, 10);
  for (uint32_t i = 0; i < page_count; ++i) {
    ArchiveEntry entry{.index = i};
    Page page{.width = Pick(random, 1, 5000), .height = Pick(random, 1, 5000), .dpi = 72};
    page.payload_bytes = Pick(random, 0, 9) == 0 ? Pick(random, 0, 200'000) : Pick(random, 0, 9000);
    if (i != drawn && Pick(random, 0, 9) < raw_of_ten)
      page = RandomRaw(random, parts.source, entry);
    // Few numbers, so that names collide once they lose their extensions.
    constexpr const char* kExtensions[] = {".png", ".jpg", ".JPG", ".webp", "", ".003"};
    entry.name = "\u7b2c" + std::to_string(Pick(random, 0, 3)) + "/";
    if (Pick(random, 0, 20) == 0) entry.name += std::string(Pick(random, 1, 250), 'x') + "/";
    entry.name += std::to_string(i / 3) + kExtensions[i % 6];
    parts.document.pages.push_back(page);
    parts.document.entries.push_back(std::move(entry));
  }
  const VirtualBook sizes(parts);
  for (uint32_t i = 0; i < page_count; ++i) {
    const uint64_t most = sizes.layout().Body(i).max_payload;
    const uint64_t size =
        Pick(random, 0, 1) == 0 ? most : Pick(random, 0, static_cast<uint32_t>(most));
    const bool is_raw = parts.document.pages[i].kind == PageKind::kRaw;
    parts.payloads.push_back(is_raw ? "" : RandomBytes(random, size));
  }
  return parts;
}

}  // namespace cbzfs::testing
