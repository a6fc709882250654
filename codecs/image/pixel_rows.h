// A picture as rows, from top to bottom, as often as one likes: what decoders give and what
// enhancing, scaling and encoding take.
//
// Everything that reads a picture reads it in passes, so a page of 50 megapixels can go through in
// bands: a decoder starts anew for each pass, and only a raster that fits well is kept in memory.
// Rows are 8-bit gray or RGB.
//
// A decoder that meets damage half-way goes on with white rows and says so in damage(): a broken
// picture is shown as far as it goes. status() is for what ends the work: memory, mostly.
//
// One thread.

#ifndef CBZFS_CODECS_IMAGE_PIXEL_ROWS_H_
#define CBZFS_CODECS_IMAGE_PIXEL_ROWS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "codecs/image/raster.h"

namespace cbzfs {

class PixelRows {
 public:
  virtual ~PixelRows() = default;
  PixelRows(const PixelRows&) = delete;
  PixelRows& operator=(const PixelRows&) = delete;

  uint32_t width() const { return width_; }
  uint32_t height() const { return height_; }
  uint32_t components() const { return components_; }  // bytes a pixel: 1 gray, 3 RGB

  // Begins a pass. Needed before the first row, too.
  virtual absl::Status Rewind() = 0;

  // The next row of the pass: width() * components() bytes, valid until the next call of any method
  // that is not const. Null after a failure, which status() tells. At most height() times a pass.
  // Never throws and never longjmps: encoders call it from inside libjpeg.
  virtual const uint8_t* Next() = 0;

  virtual absl::Status status() const { return absl::OkStatus(); }

  // What was broken in the picture, as one line; empty: nothing so far. Settled after a whole pass.
  virtual std::string damage() const { return {}; }

 protected:
  PixelRows(uint32_t width, uint32_t height, uint32_t components)
      : width_(width), height_(height), components_(components) {}

 private:
  const uint32_t width_;
  const uint32_t height_;
  const uint32_t components_;
};

// Borrowed pixels as rows.
class RasterRows final : public PixelRows {
 public:
  explicit RasterRows(const RasterView& raster)
      : PixelRows(raster.width, raster.height, raster.components), raster_(raster) {}
  absl::Status Rewind() override {
    next_ = 0;
    return absl::OkStatus();
  }
  const uint8_t* Next() override { return raster_.Row(next_++); }

 private:
  const RasterView raster_;
  uint32_t next_ = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_PIXEL_ROWS_H_
