#include "codecs/zip/raw_entry.h"

#include <utility>

namespace cbzfs {
namespace {

constexpr uint16_t kEncrypted = 1 << 0;
constexpr uint16_t kOfTheMethod = 1 << 1 | 1 << 2;

}  // namespace

ZipEntry RawRecord(const ArchiveEntry& entry, uint64_t stored_bytes, std::string name,
                   uint64_t offset) {
  int flags = entry.flags & (kEncrypted | kOfTheMethod);
  if (RawDescriptorBytes(entry) > 0) flags |= kDescriptorFlag;
  return {.name = std::move(name),
          .crc = entry.crc,
          .stored_bytes = static_cast<uint32_t>(stored_bytes),
          .bytes = static_cast<uint32_t>(entry.bytes),
          .offset = offset,
          .method = entry.method,
          .flags = static_cast<uint16_t>(flags),
          .dos_time = entry.dos_time,
          .extra = std::string(RawExtra(entry))};
}

std::string_view RawExtra(const ArchiveEntry& entry) {
  return entry.method == kAesMethod ? std::string_view(entry.extra) : std::string_view();
}

uint64_t RawDescriptorBytes(const ArchiveEntry& entry) {
  constexpr uint16_t kBoth = kEncrypted | kDescriptorFlag;
  const bool by_time = (entry.flags & kBoth) == kBoth && entry.method != kAesMethod;
  return by_time ? kDataDescriptorBytes : 0;
}

}  // namespace cbzfs
