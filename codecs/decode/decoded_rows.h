// What the decoders of the formats are made from: pictures that stream, pictures that are held.
//
// Both give white rows for what cannot be decoded and say so in damage(). Internal to codecs/image.
// One thread.

#ifndef CBZFS_CODECS_DECODE_DECODED_ROWS_H_
#define CBZFS_CODECS_DECODE_DECODED_ROWS_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

// A library's message as one short line of printable ASCII, with the format's name before it.
std::string DamageLine(std::string_view format, std::string_view message);

// Row after row from a decoder that can start anew.
class StreamedRows : public PixelRows {
 public:
  absl::Status Rewind() final;
  const uint8_t* Next() final;
  std::string damage() const final { return damage_; }

 protected:
  using PixelRows::PixelRows;

  // Begins at the first row.
  virtual absl::Status Start() = 0;

  // The next row, or false: nothing more can be decoded, which AddDamage() was told. Rows from
  // there on are white. False for the very first row makes Rewind() fail with kDataLoss.
  virtual bool ReadRow(uint8_t* out) = 0;

  // Only the first of a pass is kept.
  void AddDamage(std::string line) {
    if (damage_.empty()) damage_ = std::move(line);
  }

 private:
  bool TryReadRow();

  std::vector<uint8_t> row_;
  bool ahead_ = false;   // row_ holds the first row, which Rewind() decoded
  bool broken_ = false;  // nothing more comes
  std::string damage_;
};

struct FreeDeleter {
  void operator()(uint8_t* bytes) const { std::free(bytes); }
};
using PixelBuffer = std::unique_ptr<uint8_t, FreeDeleter>;

// White pixels; kResourceExhausted when memory ends.
absl::StatusOr<PixelBuffer> MakePixels(uint32_t width, uint32_t height, uint32_t components);

// A picture decoded as a whole at the first Rewind(), held from then on, and turned upright as its
// rows are asked for.
class HeldRows : public PixelRows {
 public:
  absl::Status Rewind() final;
  const uint8_t* Next() final;
  std::string damage() const final { return damage_; }

 protected:
  // Size and components as the file has them; `orientation` as EXIF has it.
  HeldRows(uint32_t width, uint32_t height, uint32_t components, int orientation);

  // The whole picture, file_width() * components() bytes a row.
  virtual absl::StatusOr<PixelBuffer> Decode() = 0;

  uint32_t file_width() const { return file_width_; }
  uint32_t file_height() const { return file_height_; }
  void SetDamage(std::string line) { damage_ = std::move(line); }

 private:
  void TurnStrip(uint32_t first, uint32_t rows);

  const uint32_t file_width_;
  const uint32_t file_height_;
  const int orientation_;
  PixelBuffer pixels_;
  std::vector<uint8_t> strip_;  // a few upright rows
  uint32_t strip_rows_ = 1;
  uint32_t next_ = 0;
  std::string damage_;
};

// `rows` as they lie in the file, turned upright. Mirrored rows stream on; every other turn holds
// the picture.
std::unique_ptr<PixelRows> TurnUpright(std::unique_ptr<PixelRows> rows, int orientation);

// The turn needs the whole picture.
inline bool TurnHolds(int orientation) { return orientation > 2; }

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_DECODED_ROWS_H_
