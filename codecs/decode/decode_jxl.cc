// JPEG XL (ISO 18181) through libjxl: held as a whole, turned upright by the library.
//
// Of an animation it is the first frame. A file that ends early gives what libjxl has by then.

#include <memory>
#include <string>

#include <jxl/decode.h>

#include "absl/status/status.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/pixel_math.h"

namespace cbzfs {
namespace {

struct DecoderDeleter {
  void operator()(JxlDecoder* decoder) const { JxlDecoderDestroy(decoder); }
};
using Decoder = std::unique_ptr<JxlDecoder, DecoderDeleter>;

absl::Status NoMemory() { return absl::ResourceExhaustedError("no memory for libjxl"); }

// CMYK has its black in a further channel and needs its profile.
bool HasBlack(const JxlDecoder* decoder, const JxlBasicInfo& basic) {
  for (uint32_t i = 0; i < basic.num_extra_channels; ++i) {
    JxlExtraChannelInfo extra;
    if (JxlDecoderGetExtraChannelInfo(decoder, i, &extra) == JXL_DEC_SUCCESS &&
        extra.type == JXL_CHANNEL_BLACK) {
      return true;
    }
  }
  return false;
}

class JxlRows final : public HeldRows {
 public:
  explicit JxlRows(const DecodeRequest& request)
      : HeldRows(request.width, request.height, request.info.gray ? 1 : 3, 1),
        file_(request.file) {}

 private:
  absl::StatusOr<PixelBuffer> Decode() override {
    const Decoder decoder(JxlDecoderCreate(nullptr));
    if (decoder == nullptr ||
        JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE) !=
            JXL_DEC_SUCCESS ||
        JxlDecoderSetUnpremultiplyAlpha(decoder.get(), JXL_TRUE) != JXL_DEC_SUCCESS ||
        JxlDecoderSetInput(decoder.get(), file_.data(), file_.size()) != JXL_DEC_SUCCESS) {
      return NoMemory();
    }
    // JxlDecoderCloseInput() would have it print a line on stderr for a file that ends early.
    PixelBuffer pixels;
    uint32_t channels = components();
    for (;;) {
      const JxlDecoderStatus status = JxlDecoderProcessInput(decoder.get());
      absl::Status done;
      if (status == JXL_DEC_BASIC_INFO) {
        done = ReadBasicInfo(decoder.get(), &channels);
      } else if (status == JXL_DEC_NEED_IMAGE_OUT_BUFFER) {
        done = SetBuffer(decoder.get(), channels, &pixels);
      } else if (status == JXL_DEC_FULL_IMAGE) {
        return Flatten(std::move(pixels), channels);
      } else {
        // The end of the file or an error; what there is so far may do.
        if (pixels == nullptr || JxlDecoderFlushImage(decoder.get()) != JXL_DEC_SUCCESS) {
          return absl::DataLossError("JPEG XL: broken or cut short");
        }
        SetDamage("JPEG XL: broken or cut short");
        return Flatten(std::move(pixels), channels);
      }
      if (!done.ok()) return done;
    }
  }

  absl::Status ReadBasicInfo(const JxlDecoder* decoder, uint32_t* channels) const {
    JxlBasicInfo basic;
    if (JxlDecoderGetBasicInfo(decoder, &basic) != JXL_DEC_SUCCESS || basic.xsize != width() ||
        basic.ysize != height() || (basic.num_color_channels == 1) != (components() == 1)) {
      return absl::DataLossError("JPEG XL: header and picture disagree");
    }
    if (HasBlack(decoder, basic)) return absl::UnimplementedError("JPEG XL in CMYK");
    if (basic.alpha_bits > 0) *channels = components() + 1;
    return absl::OkStatus();
  }

  absl::Status SetBuffer(JxlDecoder* decoder, uint32_t channels, PixelBuffer* pixels) const {
    const JxlPixelFormat format = {channels, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
    const size_t expected = size_t{width()} * height() * channels;
    size_t bytes = 0;
    if (JxlDecoderImageOutBufferSize(decoder, &format, &bytes) != JXL_DEC_SUCCESS ||
        bytes != expected) {
      return absl::DataLossError("JPEG XL: header and picture disagree");
    }
    absl::StatusOr<PixelBuffer> made = MakePixels(width(), height(), channels);
    if (!made.ok()) return made.status();
    *pixels = *std::move(made);
    if (JxlDecoderSetImageOutBuffer(decoder, &format, pixels->get(), bytes) != JXL_DEC_SUCCESS) {
      return NoMemory();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<PixelBuffer> Flatten(PixelBuffer pixels, uint32_t channels) const {
    if (pixels == nullptr) return absl::DataLossError("JPEG XL: no picture");
    if (channels != components()) {
      FlattenOnWhite(pixels.get(), size_t{width()} * height(), static_cast<int>(components()),
                     pixels.get());
    }
    return pixels;
  }

  const Bytes file_;
};

}  // namespace

absl::StatusOr<ImageInfo> ReadJxlInfo(Bytes head) {
  const Decoder decoder(JxlDecoderCreate(nullptr));
  JxlBasicInfo basic;
  if (decoder == nullptr ||
      JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_BASIC_INFO) != JXL_DEC_SUCCESS ||
      JxlDecoderSetInput(decoder.get(), head.data(), head.size()) != JXL_DEC_SUCCESS) {
    return NoMemory();
  }
  if (JxlDecoderProcessInput(decoder.get()) != JXL_DEC_BASIC_INFO ||
      JxlDecoderGetBasicInfo(decoder.get(), &basic) != JXL_DEC_SUCCESS) {
    return absl::InvalidArgumentError("JPEG XL whose header is broken or not in its head");
  }
  ImageInfo info;
  info.width = basic.xsize;
  info.height = basic.ysize;
  info.gray = basic.num_color_channels == 1;
  // Measured with libjxl 0.7 for 6 megapixels of RGB, beside the bytes given: 1 byte a sample for
  // most files, 9 for lossless ones that come in levels. The header does not tell them apart.
  const uint64_t channels = basic.num_color_channels + basic.num_extra_channels;
  info.decode_bytes = uint64_t{basic.xsize} * basic.ysize * channels * 5 + (4 << 20);
  return info;
}

DecodedImage DecodeJxl(const DecodeRequest& request) {
  if (request.TooLargeToHold()) return TooLarge(request.width, request.height);
  return std::make_unique<JxlRows>(request);
}

}  // namespace cbzfs
