// Making a page clearer: an S-curve with lifted shadows, gamma, brightness, contrast around the
// page's mean, and autocontrast for each channel. The arithmetic is the seed's (comic-utils, which
// used Pillow's point tables, ImageEnhance and ImageOps.autocontrast), to the last bit.
//
// Everything is a table of 256 entries a channel, but two of the tables depend on the whole
// picture: the mean of its luma after brightness, and each channel's histogram after contrast. As
// all is tables, both follow from histograms of the pixels as they come and one sum. So the first
// pass gathers those, the second applies one table a channel, memory is constant, and bands or
// threads whose statistics are merged give the bytes that the whole picture gives.
//
//   S   curve:      s = 255 (0.5 - 0.5 cos(pi i / 255)), lifted by 0.1 (64 - i) below 64, blended
//                   into i from 128 on; curve c: i + c (s - i), rounded half to even
//   G   gamma:      trunc(255 (i / 255)^(1 / gamma))
//   B   brightness: trunc(f i), clamped, float
//   C   contrast:   trunc(m + f (i - m)), clamped, float; m = round(mean luma of B[G[S]])
//   A   autocontrast: floor(n cutoff / 100) of n pixels are given up at each end of the histogram
//                   of C[B[G[S]]]; what is left is stretched to 0..255
//
// This arithmetic is compiled without fused multiply-adds (CMakeLists.txt): they round otherwise.
//
// The options must be within the ranges that document.h names; others give some table, never
// undefined behaviour.

#ifndef CBZFS_CODECS_IMAGE_ENHANCE_H_
#define CBZFS_CODECS_IMAGE_ENHANCE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "codecs/document/document.h"
#include "codecs/image/byte_lookup.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

using Histogram = std::array<uint64_t, 256>;

// The stages, each alone. Pure functions.
ByteTable CurveTable(double curve);
ByteTable GammaTable(double gamma);
// From `base` to the value itself by `factor`, past it for factors over 1: brightness is this with
// base 0, contrast with the mean.
ByteTable BlendTable(uint8_t base, float factor);
ByteTable AutocontrastTable(const Histogram& histogram, double cutoff);
// Curve, gamma and brightness in one: what comes before anything depends on the picture.
ByteTable FirstStages(const EnhanceOptions& options);

// What the tables need to know of a picture. A value of 16 KiB; one thread at a time.
class EnhanceStatistics {
 public:
  explicit EnhanceStatistics(const EnhanceOptions& options);

  // The next row, in any order. `components` is 1 or 3 and the same in all calls and in all that is
  // merged.
  void Add(const uint8_t* row, uint32_t width, uint32_t components);

  // As if every row of `other`, which was made with the same options, had been added here.
  void Merge(const EnhanceStatistics& other);

  uint32_t components() const { return components_; }  // 0: nothing was added
  // Of the pixels as they came. `channel` is under components().
  Histogram Channel(uint32_t channel) const;
  // The mean luma after the first stages, rounded; 0 of nothing.
  uint8_t Mean() const;

 private:
  // Neighbouring pixels count in different tables, so that equal ones do not wait for each other's
  // store; the tables are not a power of two apart, so that equal levels of different channels do
  // not fall into the same cache set.
  static constexpr size_t kTables = 12;  // RGB: channel = table % 3; gray: any
  using Counts = std::array<uint32_t, 256 + 16>;
  using Weights = std::array<uint32_t, 256>;

  void AddGray(const uint8_t* row, uint32_t width);
  void AddColor(const uint8_t* row, uint32_t width);
  uint32_t AddPixel(size_t table, uint32_t pixel, uint32_t times);
  uint32_t AddFour(uint64_t first, uint32_t last, uint32_t times);
  void Fold();

  ByteTable first_stages_;
  std::array<Weights, 3>
      weights_;  // a channel's part of the luma, times 65536, after first_stages_
  std::array<Counts, kTables> counts_ = {};
  std::array<Histogram, 3> folded_ = {};  // counted before, so that counts_ cannot overflow
  uint64_t unfolded_ = 0;                 // pixels in counts_
  uint64_t luma_ = 0;                     // RGB: sum over all pixels
  uint32_t components_ = 0;
};

// The one table a channel; gray is channel 0.
using EnhanceTables = ByteLookup;

// Identities when options.on is false or nothing was added.
EnhanceTables MakeTables(const EnhanceStatistics& statistics, const EnhanceOptions& options);

// The source enhanced, in passes: its first Rewind() reads the whole source for the statistics.
// With options.on false the source's rows come through as they are. Status and damage are the
// source's.
std::unique_ptr<PixelRows> EnhanceRows(std::unique_ptr<PixelRows> source,
                                       const EnhanceOptions& options);

// The same pixels, enhanced at once and kept in memory: one pass over the source, which is not
// needed any more then, and later passes cost nothing. The source's status when it fails;
// kResourceExhausted when memory ends.
absl::StatusOr<std::unique_ptr<PixelRows>> KeepEnhanced(PixelRows& source,
                                                        const EnhanceOptions& options);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_ENHANCE_H_
