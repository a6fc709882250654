#include "tests/codecs/archive/zip_builder.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

namespace cbzfs::testing {
namespace {

constexpr uint64_t kFull16 = 0xFFFF;
constexpr uint64_t kFull32 = 0xFFFFFFFF;

uint64_t BytesOf(const ZipItem& item) { return item.bytes.value_or(item.data.size()); }
uint64_t CompressedOf(const ZipItem& item) {
  return item.compressed.has_value() ? *item.compressed : CodedData(item).size();
}
uint32_t CrcOf(const ZipItem& item) { return item.crc.value_or(Crc(item.data)); }

std::string CentralRecordOf(const ZipItem& item, uint64_t offset) {
  std::string extra = item.central_extra;
  if (item.zip64 && !item.no_zip64_field) {
    std::string wide;
    Put(wide, BytesOf(item), 8);
    Put(wide, CompressedOf(item), 8);
    Put(wide, offset, 8);
    extra += ExtraField(1, wide);
  }
  std::string out;
  Put(out, 0x02014B50, 4);
  Put(out, item.made_by, 2);
  Put(out, item.zip64 ? 45 : 20, 2);
  Put(out, item.flags, 2);
  Put(out, item.method, 2);
  Put(out, 0x58216000, 4);  // 2024-01-01 12:00
  Put(out, CrcOf(item), 4);
  Put(out, item.zip64 ? kFull32 : CompressedOf(item), 4);
  Put(out, item.zip64 ? kFull32 : BytesOf(item), 4);
  Put(out, item.name.size(), 2);
  Put(out, extra.size(), 2);
  Put(out, 0, 2);
  Put(out, 0, 4);
  Put(out, item.attributes, 4);
  Put(out, item.zip64 ? kFull32 : offset, 4);
  return out + item.name + extra;
}

std::string EndOf(const ZipParts& parts, uint64_t at, uint64_t offset, uint64_t bytes) {
  const uint64_t entries = parts.entries.value_or(parts.items.size());
  bytes = parts.directory_bytes.value_or(bytes);
  offset = parts.directory_offset.value_or(offset);
  const bool wide = parts.zip64_end || entries > kFull16;
  std::string out;
  if (wide) {
    Put(out, 0x06064B50, 4);
    Put(out, 44, 8);
    Put(out, 45 << 16 | 45, 4);
    Put(out, 0, 8);
    Put(out, entries, 8);
    Put(out, entries, 8);
    Put(out, bytes, 8);
    Put(out, offset, 8);
    Put(out, 0x07064B50, 4);
    Put(out, 0, 4);
    Put(out, at, 8);
    Put(out, 1, 4);
  }
  Put(out, 0x06054B50, 4);
  Put(out, 0, 4);
  Put(out, wide ? kFull16 : entries, 2);
  Put(out, wide ? kFull16 : entries, 2);
  Put(out, wide ? kFull32 : bytes, 4);
  Put(out, wide ? kFull32 : offset, 4);
  Put(out, parts.comment.size(), 2);
  return out + parts.comment;
}

}  // namespace

void Put(std::string& out, uint64_t value, int size) {
  for (int i = 0; i < size; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint32_t Crc(const std::string& data) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

std::string Deflate(const std::string& data, int times) {
  z_stream stream = {};
  const int level = times > 1 ? 1 : 6;  // a gigabyte shall not take a minute
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out;
  std::string buffer(deflateBound(&stream, data.size()), '\0');
  for (int i = 0; i < times; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const bool last = i + 1 == times;
    EXPECT_EQ(deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH), last ? Z_STREAM_END : Z_OK);
    EXPECT_EQ(stream.avail_in, 0u);
    out.append(buffer, 0, buffer.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

std::string CodedData(const ZipItem& item) {
  if (item.coded.has_value()) return *item.coded;
  return item.method == 8 ? Deflate(item.data) : item.data;
}

std::string ExtraField(uint16_t id, const std::string& data) {
  std::string out;
  Put(out, id, 2);
  Put(out, data.size(), 2);
  return out + data;
}

std::string LocalHeaderOf(const ZipItem& item) {
  std::string extra;
  if (item.zip64) {
    std::string wide;
    Put(wide, item.local_bytes.has_value() ? *item.local_bytes : BytesOf(item), 8);
    Put(wide, item.local_compressed.has_value() ? *item.local_compressed : CompressedOf(item), 8);
    extra = ExtraField(1, wide);
  }
  const std::string name = item.local_name.value_or(item.name);
  std::string out;
  Put(out, 0x04034B50, 4);
  Put(out, item.zip64 ? 45 : 20, 2);
  Put(out, item.local_flags.value_or(item.flags), 2);
  Put(out, item.local_method.value_or(item.method), 2);
  Put(out, 0x58216000, 4);
  Put(out, item.local_crc.value_or(CrcOf(item)), 4);
  Put(out, item.zip64 ? kFull32 : item.local_compressed.value_or(CompressedOf(item)), 4);
  Put(out, item.zip64 ? kFull32 : item.local_bytes.value_or(BytesOf(item)), 4);
  Put(out, name.size(), 2);
  Put(out, extra.size(), 2);
  return out + name + extra;
}

std::string BuildZip(const ZipParts& parts) {
  std::string out = parts.prefix;
  const uint64_t base = parts.offsets_count_prefix ? 0 : out.size();
  std::string directory;
  for (const ZipItem& item : parts.items) {
    const uint64_t offset = item.offset.value_or(out.size() - base);
    if (!item.directory_only) out += LocalHeaderOf(item) + CodedData(item);
    directory += CentralRecordOf(item, offset);
  }
  const uint64_t at = out.size() - base;
  out += directory;
  out += EndOf(parts, out.size() - base, at, directory.size());
  return out + parts.behind;
}

std::string ZipOf(std::vector<ZipItem> items) {
  return BuildZip(ZipParts{.items = std::move(items)});
}

std::string QuotedOverlapBomb(int entries, const std::string& kernel) {
  std::string body;  // from the local header of the entry made last
  std::vector<ZipItem> items;
  std::vector<uint64_t> sizes;
  for (int i = 0; i < entries; ++i) {
    ZipItem item{.name = std::to_string(i) + ".jpg", .method = 8};
    if (i == 0) {
      item.data = kernel;
    } else {
      const ZipItem& next = items.back();
      const std::string header = LocalHeaderOf(next);
      std::string quote(1, '\0');  // a stored block that is not the last
      Put(quote, header.size(), 2);
      Put(quote, ~header.size(), 2);
      item.data = header + next.data;
      item.coded = quote + header + CodedData(next);
    }
    body = LocalHeaderOf(item) + CodedData(item);
    sizes.push_back(body.size());
    items.push_back(item);
  }
  for (int i = 0; i < entries; ++i) {
    items[i].directory_only = true;
    items[i].offset = body.size() - sizes[i];
  }
  std::reverse(items.begin(), items.end());
  return BuildZip(ZipParts{.items = items, .prefix = body});
}

}  // namespace cbzfs::testing
