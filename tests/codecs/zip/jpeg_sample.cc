#include "tests/codecs/zip/jpeg_sample.h"

#include <setjmp.h>
#include <stdio.h>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

#include <cstdlib>
#include <random>

namespace cbzfs::testing {
namespace {

struct ErrorManager {
  jpeg_error_mgr base;
  jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
};

void OnError(j_common_ptr codec) {
  auto* manager = reinterpret_cast<ErrorManager*>(codec->err);
  codec->err->format_message(codec, manager->message);
  longjmp(manager->escape, 1);
}

void OnMessage(j_common_ptr codec) {
  codec->err->format_message(codec, reinterpret_cast<ErrorManager*>(codec->err)->message);
}

}  // namespace

std::string MakeJpeg(const JpegSampleOptions& options, uint32_t seed) {
  std::mt19937 random(seed);
  jpeg_compress_struct codec;
  jpeg_error_mgr errors;
  codec.err = jpeg_std_error(&errors);
  jpeg_create_compress(&codec);
  unsigned char* out = nullptr;
  unsigned long out_bytes = 0;  // NOLINT(runtime/int): libjpeg's
  jpeg_mem_dest(&codec, &out, &out_bytes);
  codec.image_width = options.width;
  codec.image_height = options.height;
  codec.input_components = options.components;
  codec.in_color_space = options.components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, options.quality, TRUE);
  if (options.progressive) jpeg_simple_progression(&codec);
  jpeg_start_compress(&codec, TRUE);
  std::string row(size_t{options.width} * options.components, '\0');
  while (codec.next_scanline < codec.image_height) {
    for (size_t x = 0; x < row.size(); ++x) {
      row[x] = static_cast<char>(x + codec.next_scanline * 2 + random() % 32);
    }
    auto* samples = reinterpret_cast<JSAMPROW>(row.data());
    jpeg_write_scanlines(&codec, &samples, 1);
  }
  jpeg_finish_compress(&codec);
  std::string bytes(reinterpret_cast<char*>(out), out_bytes);
  jpeg_destroy_compress(&codec);
  free(out);
  return bytes;
}

DecodedJpeg DecodeJpeg(const std::string& bytes) {
  DecodedJpeg result;
  jpeg_decompress_struct codec;
  ErrorManager errors;
  codec.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = OnError;
  errors.base.output_message = OnMessage;
  errors.message[0] = '\0';
  jpeg_create_decompress(&codec);
  if (setjmp(errors.escape) == 0) {
    jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&codec, TRUE);
    jpeg_start_decompress(&codec);
    result.width = codec.output_width;
    result.height = codec.output_height;
    const size_t stride = size_t{codec.output_width} * codec.output_components;
    result.pixels.resize(stride * codec.output_height);
    while (codec.output_scanline < codec.output_height) {
      auto* row = reinterpret_cast<JSAMPROW>(&result.pixels[codec.output_scanline * stride]);
      jpeg_read_scanlines(&codec, &row, 1);
    }
    jpeg_finish_decompress(&codec);
    result.ok = errors.base.num_warnings == 0;
  }
  result.error = errors.message;
  jpeg_destroy_decompress(&codec);
  return result;
}

}  // namespace cbzfs::testing
