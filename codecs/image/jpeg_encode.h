// One encode through libjpeg-turbo: rows in, the payload of a baseline JPEG out.
//
// Only this folder includes jpeglib.h. The settings are fixed (4:2:0, islow DCT, no restart
// markers), so equal rows, quality and tables give equal bytes; libjpeg-turbo's SIMD islow DCT is
// bit-exact with its C one, so this holds across hosts.
//
// libjpeg reports errors by longjmp; all that it may jump over is plain data, and nothing leaks.
//
// Any thread; keeps no state.

#ifndef CBZFS_CODECS_IMAGE_JPEG_ENCODE_H_
#define CBZFS_CODECS_IMAGE_JPEG_ENCODE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "codecs/image/huffman_tables.h"
#include "codecs/image/pixel_rows.h"

namespace cbzfs {

// Where an encode takes its pixels from: rows asked for from top to bottom, each once. A row must
// stay valid until the next is asked for. `row` must not throw; null ends the encode.
struct RowSource {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t components = 3;  // bytes a pixel in the rows: 1 gray, 3 RGB
  const uint8_t* (*row)(void* state, uint32_t y) = nullptr;
  void* state = nullptr;
};

// The payload (see codecs/document/document.h). `gray` makes a one-component JPEG; RGB rows are
// then reduced to their luma. `tables` are those it is coded with, in one go; without them libjpeg
// finds the best, for which it keeps all coefficients, four bytes a pixel. The pixels are the same.
// kResourceExhausted when memory ends, kInternal when libjpeg refuses, kCancelled when `row` gave
// null.
absl::StatusOr<std::string> EncodeJpegPayload(const RowSource& source, uint32_t quality, bool gray,
                                              const HuffmanTables* tables = nullptr);

// The same of one pass over `rows`. Their own status when they fail.
absl::StatusOr<std::string> EncodeJpegPayload(PixelRows& rows, uint32_t quality, bool gray,
                                              const HuffmanTables* tables = nullptr);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_IMAGE_JPEG_ENCODE_H_
