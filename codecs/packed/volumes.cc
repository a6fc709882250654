#include "codecs/packed/volumes.h"

#include <cstddef>
#include <optional>

#include "codecs/document/archive_kind.h"

namespace cbzfs {
namespace {

// RAR 4: the marker, then the main header: CRC (2), type, flags (2), ...
constexpr size_t kRar4Type = 7 + 2;
constexpr uint8_t kRar4Main = 0x73;
constexpr uint16_t kRar4Volume = 0x0001;
constexpr uint16_t kRar4Solid = 0x0008;
constexpr uint16_t kRar4Password = 0x0080;

// RAR 5: the marker, then a header: CRC-32, size, type, flags, size of the extra area if flagged.
constexpr size_t kRar5Size = 8 + 4;
constexpr uint64_t kRar5Main = 1;
constexpr uint64_t kRar5Encryption = 4;
constexpr uint64_t kRar5HasExtra = 0x0001;
constexpr uint64_t kRar5Volume = 0x0001;
constexpr uint64_t kRar5Solid = 0x0004;

// Numbers of seven bits a byte, the least first.
class Numbers {
 public:
  Numbers(absl::Span<const uint8_t> bytes, size_t at) : bytes_(bytes), at_(at) {}

  std::optional<uint64_t> Next() {
    uint64_t number = 0;
    for (int shift = 0; shift < 63 && at_ < bytes_.size(); shift += 7) {
      const uint8_t byte = bytes_[at_++];
      number |= uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80) == 0) return number;
    }
    return std::nullopt;
  }

 private:
  const absl::Span<const uint8_t> bytes_;
  size_t at_;
};

RarTraits TraitsOfRar4(absl::Span<const uint8_t> file) {
  if (file.size() < kRar4Type + 3 || file[kRar4Type] != kRar4Main) return {};
  const int flags = file[kRar4Type + 1] | file[kRar4Type + 2] << 8;
  return {.volume = (flags & kRar4Volume) != 0,
          .solid = (flags & kRar4Solid) != 0,
          .encrypted = (flags & kRar4Password) != 0};
}

RarTraits TraitsOfRar5(absl::Span<const uint8_t> file) {
  Numbers numbers(file, kRar5Size);
  if (!numbers.Next().has_value()) return {};
  const std::optional<uint64_t> type = numbers.Next();
  const std::optional<uint64_t> flags = numbers.Next();
  if (!type.has_value() || !flags.has_value()) return {};
  if (*type == kRar5Encryption) return {.encrypted = true};
  if (*type != kRar5Main) return {};
  if ((*flags & kRar5HasExtra) != 0 && !numbers.Next().has_value()) return {};
  const std::optional<uint64_t> archive = numbers.Next();
  if (!archive.has_value()) return {};
  return {.volume = (*archive & kRar5Volume) != 0, .solid = (*archive & kRar5Solid) != 0};
}

}  // namespace

RarTraits TraitsOfRar(absl::Span<const uint8_t> file) {
  switch (SniffArchive(file)) {
    case ArchiveKind::kRar:
      return TraitsOfRar4(file);
    case ArchiveKind::kRar5:
      return TraitsOfRar5(file);
    default:
      return {};
  }
}

}  // namespace cbzfs
