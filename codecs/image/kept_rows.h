// A picture read once into memory, so that later passes over it are cheap.
//
// One thread.

#ifndef CBZFS_CODECS_IMAGE_KEPT_ROWS_H_
#define CBZFS_CODECS_IMAGE_KEPT_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

class KeptRows final : public PixelRows {
 public:
  // One whole pass over `source`. `see` is called with each row once, when it has been copied, and
  // the row that it gets is the copy. The source's status when it fails; kResourceExhausted when
  // memory ends. Holds nothing of the source afterwards but what it said of damage.
  static absl::StatusOr<std::unique_ptr<KeptRows>> Read(
      PixelRows& source, absl::FunctionRef<void(const uint8_t* row)> see);

  absl::Status Rewind() override {
    next_ = 0;
    return absl::OkStatus();
  }
  const uint8_t* Next() override { return next_ < height() ? Row(next_++) : nullptr; }
  std::string damage() const override { return damage_; }

  // The pixels are the owner's to change. `y` is under height().
  uint8_t* Row(uint32_t y) { return pixels_.get() + y * row_bytes_; }

 private:
  explicit KeptRows(const PixelRows& source)
      : PixelRows(source.width(), source.height(), source.components()),
        row_bytes_(size_t{source.width()} * source.components()) {}

  const size_t row_bytes_;
  std::unique_ptr<uint8_t[]> pixels_;
  uint32_t next_ = 0;
  std::string damage_;
};

// The source kept; statuses as of KeptRows::Read().
absl::StatusOr<std::unique_ptr<PixelRows>> KeepRows(std::unique_ptr<PixelRows> source);

// After Next() gave null: the rows' status, or kInternal should they call that success.
absl::Status WhyRowsEnded(const PixelRows& rows);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_KEPT_ROWS_H_
