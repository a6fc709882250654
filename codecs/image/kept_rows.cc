#include "codecs/image/kept_rows.h"

#include <cstring>
#include <new>
#include <utility>

namespace cbzfs {

absl::Status WhyRowsEnded(const PixelRows& rows) {
  absl::Status status = rows.status();
  return status.ok() ? absl::InternalError("a picture has fewer rows than it said") : status;
}

absl::StatusOr<std::unique_ptr<KeptRows>> KeptRows::Read(
    PixelRows& source, absl::FunctionRef<void(const uint8_t* row)> see) {
  std::unique_ptr<KeptRows> kept(new KeptRows(source));
  size_t bytes = 0;
  if (!__builtin_mul_overflow(kept->row_bytes_, size_t{source.height()}, &bytes)) {
    kept->pixels_.reset(new (std::nothrow) uint8_t[bytes]);  // not zeroed
  }
  if (kept->pixels_ == nullptr) return absl::ResourceExhaustedError("no memory for a picture");
  if (absl::Status status = source.Rewind(); !status.ok()) return status;
  for (uint32_t y = 0; y < source.height(); ++y) {
    const uint8_t* row = source.Next();
    if (row == nullptr) return WhyRowsEnded(source);
    std::memcpy(kept->Row(y), row, kept->row_bytes_);
    see(kept->Row(y));
  }
  kept->damage_ = source.damage();
  return kept;
}

absl::StatusOr<std::unique_ptr<PixelRows>> KeepRows(std::unique_ptr<PixelRows> source) {
  return KeptRows::Read(*source, [](const uint8_t*) {});
}

}  // namespace cbzfs
