// Image files for tests of comics, and what their pages are read with.
//
// Pure functions: any thread.

#ifndef CBZFS_TESTS_CODECS_COMIC_IMAGE_SAMPLES_H_
#define CBZFS_TESTS_CODECS_COMIC_IMAGE_SAMPLES_H_

#include <zlib.h>

#include <cstdint>
#include <random>
#include <string>

#include "codecs/image/jpeg_fit.h"
#include "tests/support/jpeg_maker.h"

namespace cbzfs::testing {

inline std::string BigEndian32(uint64_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

inline std::string PngChunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size());
  return BigEndian32(data.size()) + body + BigEndian32(crc);
}

// A PNG of 8 bits a sample (ISO 15948), gray or RGB, by its rows with their filter bytes.
inline std::string PngOf(uint32_t width, uint32_t height, bool gray, const std::string& rows) {
  uLongf packed = compressBound(rows.size());
  std::string data(packed, '\0');
  compress2(reinterpret_cast<Bytef*>(data.data()), &packed,
            reinterpret_cast<const Bytef*>(rows.data()), rows.size(), 6);
  data.resize(packed);
  const std::string header = BigEndian32(width) + BigEndian32(height) + '\x08' +
                             (gray ? '\0' : '\2') + std::string(3, '\0');
  return "\x89PNG\r\n\x1A\n" + PngChunk("IHDR", header) + PngChunk("IDAT", data) +
         PngChunk("IEND", "");
}

// A slope with stripes.
inline std::string MakePng(uint32_t width, uint32_t height, bool gray) {
  std::string rows;
  for (uint32_t y = 0; y < height; ++y) {
    rows += '\0';  // no filter
    for (uint32_t x = 0; x < width * (gray ? 1 : 3); ++x) {
      rows += static_cast<char>((x + 3 * y + (x / 16 % 2) * 90) % 256);
    }
  }
  return PngOf(width, height, gray, rows);
}

// Noise in RGB, which nothing makes small.
inline std::string MakeNoisePng(uint32_t width, uint32_t height) {
  std::mt19937 random(1);
  std::string rows;
  for (uint32_t y = 0; y < height; ++y) {
    rows += '\0';
    for (uint32_t x = 0; x < 3 * width; ++x) rows += static_cast<char>(random());
  }
  return PngOf(width, height, false, rows);
}

// EXIF 2.32: an APP1 segment that says how the picture lies.
inline std::string WithOrientation(const std::string& jpeg, char orientation) {
  std::string body("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 24);
  body += orientation;
  body.append(7, '\0');
  return WithSegment(jpeg, 0xE1, body);
}

inline std::string WithProfile(const std::string& jpeg, const std::string& profile) {
  return WithSegment(jpeg, 0xE2, std::string("ICC_PROFILE\0\1\1", 14) + profile);
}

// The page that a payload makes, decoded.
inline Picture Decoded(const FittedImage& jpeg) {
  return ReadJpeg("\xFF\xD8" + jpeg.payload + "\xFF\xD9");
}

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_COMIC_IMAGE_SAMPLES_H_
