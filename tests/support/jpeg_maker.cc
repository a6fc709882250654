#include "tests/support/jpeg_maker.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>

// libjpeg's header needs stdio before it.
#include <jpeglib.h>

#include <cmath>
#include <limits>

namespace cbzfs::testing {
namespace {

struct Errors {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  bool warned;
};

[[noreturn]] void Fail(j_common_ptr info) {
  std::longjmp(reinterpret_cast<Errors*>(info->err)->jump, 1);
}
void Note(j_common_ptr info, int level) {
  if (level < 0) reinterpret_cast<Errors*>(info->err)->warned = true;
}

uint8_t Sample(const JpegSpec& spec, int x, int y, int c) {
  const double wave = std::sin((x + 31.0 * c) * 0.07 + spec.seed) + std::cos(y * 0.05 * (c + 1));
  const bool block = ((x / 24) ^ (y / 24) ^ spec.seed) % 5 == 0;
  return static_cast<uint8_t>(128 + 50 * wave + (block ? 25 : 0));
}

int ChannelOf(const Picture& picture, size_t pixel, int c) {
  return picture.pixels[pixel * picture.components + (picture.components == 1 ? 0 : c)];
}

}  // namespace

std::string MakeJpeg(const JpegSpec& spec) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* data = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's own type
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = spec.width;
  info.image_height = spec.height;
  info.input_components = spec.components;
  info.in_color_space = spec.components == 1   ? JCS_GRAYSCALE
                        : spec.components == 4 ? JCS_CMYK
                                               : JCS_RGB;
  jpeg_set_defaults(&info);
  if (spec.store_rgb) jpeg_set_colorspace(&info, JCS_RGB);
  jpeg_set_quality(&info, spec.quality, TRUE);
  if (spec.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row(static_cast<size_t>(spec.width) * spec.components);
  for (int y = 0; y < spec.height; ++y) {
    for (int x = 0; x < spec.width; ++x) {
      for (int c = 0; c < spec.components; ++c) {
        row[x * spec.components + c] = Sample(spec, x, y, c);
      }
    }
    JSAMPROW rows[] = {row.data()};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string jpeg(reinterpret_cast<char*>(data), size);
  std::free(data);
  return jpeg;
}

std::string WithSegment(const std::string& jpeg, uint8_t marker, const std::string& body) {
  size_t at = 2;
  while (static_cast<uint8_t>(jpeg[at + 1]) == 0xE0) {
    at += 2 + (static_cast<uint8_t>(jpeg[at + 2]) << 8 | static_cast<uint8_t>(jpeg[at + 3]));
  }
  const size_t length = body.size() + 2;
  std::string segment = {'\xFF', static_cast<char>(marker), static_cast<char>(length >> 8),
                         static_cast<char>(length)};
  return jpeg.substr(0, at) + segment + body + jpeg.substr(at);
}

std::string MakeProfile(const std::string& space, size_t bytes) {
  std::string profile(bytes, '\0');
  for (int i = 0; i < 4; ++i) profile[i] = static_cast<char>(bytes >> (24 - 8 * i));
  profile.replace(16, 4, space);
  profile.replace(36, 4, "acsp");
  for (size_t i = 128; i < bytes; ++i) profile[i] = static_cast<char>(i * 7);
  return profile;
}

Picture ReadJpeg(const std::string& jpeg) {
  jpeg_decompress_struct info;
  Errors errors = {};
  Picture picture;
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = Fail;
  errors.manager.emit_message = Note;
  if (setjmp(errors.jump) != 0) {
    jpeg_destroy_decompress(&info);
    return {};
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
  picture.width = static_cast<int>(info.output_width);
  picture.height = static_cast<int>(info.output_height);
  picture.components = info.output_components;
  const size_t stride = static_cast<size_t>(picture.width) * picture.components;
  picture.pixels.resize(stride * picture.height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW rows[] = {picture.pixels.data() + info.output_scanline * stride};
    jpeg_read_scanlines(&info, rows, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  if (errors.warned) return {};
  return picture;
}

double Psnr(const Picture& a, const Picture& b) {
  if (a.width != b.width || a.height != b.height || a.width == 0) return 0;
  double sum = 0;
  const size_t pixels = static_cast<size_t>(a.width) * a.height;
  for (size_t i = 0; i < pixels; ++i) {
    for (int c = 0; c < 3; ++c) {
      const double d = ChannelOf(a, i, c) - ChannelOf(b, i, c);
      sum += d * d;
    }
  }
  if (sum == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * 3.0 * static_cast<double>(pixels) / sum);
}

}  // namespace cbzfs::testing
