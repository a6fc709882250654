// The image formats, one target each (CBZFS_FUZZ_FORMAT): what the header says and what decoding
// gives. The first two bytes wish for a smaller size (0: full size); the rest is the file.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "codecs/decode/image_decode.h"
#include "codecs/decode/image_info.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs {
namespace {

// Larger pictures are opened, which must take little memory, but not read: what can be wrong with
// them is wrong with small ones, too.
constexpr uint64_t kMostPixels = 1 << 20;

// FNV-1a.
uint64_t Add(uint64_t hash, const uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001B3;
  return hash;
}

struct Pass {
  bool whole = false;
  uint64_t hash = 0;
  std::string damage;
  friend bool operator==(const Pass&, const Pass&) = default;
};

Pass ReadRows(PixelRows& rows, uint32_t count) {
  Pass pass;
  const absl::Status status = rows.Rewind();
  if (!status.ok()) {
    const auto message = status.message();
    FUZZ_CHECK(fuzz::IsOneLine({message.data(), message.size()}));
    return pass;
  }
  for (uint32_t y = 0; y < count; ++y) {
    const uint8_t* const row = rows.Next();
    if (row == nullptr) {
      FUZZ_CHECK(!rows.status().ok());
      return pass;
    }
    pass.hash = Add(pass.hash, row, size_t{rows.width()} * rows.components());
  }
  pass.whole = true;
  pass.damage = rows.damage();
  FUZZ_CHECK(fuzz::IsOneLine(pass.damage));
  return pass;
}

void CheckInfo(const ImageInfo& info, absl::Span<const uint8_t> file) {
  FUZZ_CHECK(info.width > 0 && info.width <= 1 << 20);
  FUZZ_CHECK(info.height > 0 && info.height <= 1 << 20);
  FUZZ_CHECK(uint64_t{info.width} * info.height <= uint64_t{1} << 31);
  FUZZ_CHECK(info.orientation >= 1 && info.orientation <= 8);
  FUZZ_CHECK(info.format == FormatOf(file));
  FUZZ_CHECK(IccSegments(file).size() <= info.icc_bytes);
}

// More of a long file than its head never changes size or orientation.
void CheckHead(absl::Span<const uint8_t> file) {
  const size_t half = file.size() / 2;
  std::vector<uint8_t> long_file(file.begin(), file.begin() + half);
  long_file.resize(half + kImageHeadBytes, long_file.empty() ? 0 : long_file.back());
  long_file.insert(long_file.end(), file.begin() + half, file.end());
  const absl::Span<const uint8_t> all(long_file);
  const auto by_head = ReadImageInfo(all.subspan(0, kImageHeadBytes), all.size());
  const auto by_all = ReadImageInfo(all, all.size());
  if (!by_head.ok()) return;
  FUZZ_CHECK(by_all.ok());
  FUZZ_CHECK(by_head->width == by_all->width && by_head->height == by_all->height);
  FUZZ_CHECK(by_head->orientation == by_all->orientation);
}

void CheckRows(PixelRows& rows, const ImageInfo& info) {
  FUZZ_CHECK(rows.components() == 1 || rows.components() == 3);
  FUZZ_CHECK(!info.gray || rows.components() == 1);
  const Pass first = ReadRows(rows, rows.height());
  if (!first.whole) return;
  ReadRows(rows, rows.height() / 2);  // a pass that is given up
  FUZZ_CHECK(ReadRows(rows, rows.height()) == first);
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  const DecodeSize least = {.least_width = input.Take<uint8_t>(),
                            .least_height = input.Take<uint8_t>()};
  const absl::Span<const uint8_t> file = input.Rest();
  const bool ours = FormatOf(file) == ImageFormat::CBZFS_FUZZ_FORMAT;
  if (!ours) return 0;
  CheckHead(file);
  const auto info = ReadImageInfo(file, file.size());
  if (!info.ok()) {
    FUZZ_CHECK(!DecodeImage(file, least).ok() && IccSegments(file).empty());
    return 0;
  }
  CheckInfo(*info, file);
  const auto rows = DecodeImage(file, least);
  if (!rows.ok() || uint64_t{info->width} * info->height > kMostPixels) return 0;
  if (least.least_width == 0 && least.least_height == 0) {
    FUZZ_CHECK((*rows)->width() == info->width && (*rows)->height() == info->height);
  }
  FUZZ_CHECK((*rows)->width() >= std::min<uint32_t>(least.least_width, info->width));
  FUZZ_CHECK((*rows)->height() >= std::min<uint32_t>(least.least_height, info->height));
  CheckRows(**rows, *info);
  return 0;
}
