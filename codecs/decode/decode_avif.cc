// AVIF (HEIF boxes with AV1 inside) through libavif: held as a whole.
//
// The turn is that of the boxes irot and imir, which libavif leaves to its caller; EXIF does not
// count (HEIF, ISO 23008-12, 6.5.10 and 6.5.12). Of a sequence it is the first picture. AV1 gives
// a picture whole or not at all, so there are no white rows.

#include <memory>
#include <string>
#include <utility>

#include <avif/avif.h>

#include "absl/status/status.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/pixel_math.h"

namespace cbzfs {
namespace {

struct DecoderDeleter {
  void operator()(avifDecoder* decoder) const { avifDecoderDestroy(decoder); }
};
using Decoder = std::unique_ptr<avifDecoder, DecoderDeleter>;

// A file of which only the head is here.
struct Head {
  avifIO io = {};
  Bytes bytes;
};

avifResult ReadHead(avifIO* io, uint32_t flags, uint64_t offset, size_t size, avifROData* out) {
  const Head* head = static_cast<const Head*>(io->data);
  if (flags != 0 || offset > io->sizeHint) return AVIF_RESULT_IO_ERROR;
  const uint64_t length = std::min<uint64_t>(size, io->sizeHint - offset);
  if (offset > head->bytes.size() || length > head->bytes.size() - offset) {
    return AVIF_RESULT_WAITING_ON_IO;
  }
  out->data = head->bytes.data() + offset;
  out->size = static_cast<size_t>(length);
  return AVIF_RESULT_OK;
}

void Configure(avifDecoder* decoder) {
  decoder->maxThreads = 1;
  decoder->ignoreExif = AVIF_TRUE;
  decoder->ignoreXMP = AVIF_TRUE;
  decoder->strictFlags = AVIF_STRICT_DISABLED;  // many writers leave out boxes nobody needs
  decoder->imageDimensionLimit = 0;
}

// The picture is turned anticlockwise by irot, then mirrored by imir (MIAF, ISO 23000-22, 7.3.6.7).
int Orientation(const avifImage& image) {
  const int angle = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0 ? image.irot.angle & 3 : 0;
  constexpr int kTurned[] = {1, 8, 3, 6};
  constexpr int kThenTopDown[] = {4, 5, 2, 7};
  constexpr int kThenLeftRight[] = {2, 7, 4, 5};
  if ((image.transformFlags & AVIF_TRANSFORM_IMIR) == 0) return kTurned[angle];
  return image.imir.mode == 0 ? kThenTopDown[angle] : kThenLeftRight[angle];
}

class AvifRows final : public HeldRows {
 public:
  explicit AvifRows(const DecodeRequest& request)
      : HeldRows(request.width, request.height, request.info.gray ? 1 : 3,
                 request.info.orientation),
        file_(request.file) {}

 private:
  absl::StatusOr<PixelBuffer> Decode() override {
    const Decoder decoder(avifDecoderCreate());
    if (decoder == nullptr) return absl::ResourceExhaustedError("no memory for libavif");
    Configure(decoder.get());
    decoder->imageSizeLimit = kMaxPagePixels;
    avifResult result = avifDecoderSetIOMemory(decoder.get(), file_.data(), file_.size());
    if (result == AVIF_RESULT_OK) result = avifDecoderParse(decoder.get());
    if (result == AVIF_RESULT_OK) result = avifDecoderNextImage(decoder.get());
    if (result != AVIF_RESULT_OK) return Error(result);
    const avifImage* image = decoder->image;
    if (image->width != file_width() || image->height != file_height()) {
      return absl::DataLossError("AVIF: header and picture disagree");
    }
    const bool alpha = image->alphaPlane != nullptr;
    const uint32_t channels = alpha ? 4 : 3;
    absl::StatusOr<PixelBuffer> pixels = MakePixels(file_width(), file_height(), channels);
    if (!pixels.ok()) return pixels;
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, image);
    rgb.depth = 8;
    rgb.format = alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.pixels = pixels->get();
    rgb.rowBytes = file_width() * channels;
    result = avifImageYUVToRGB(image, &rgb);
    if (result != AVIF_RESULT_OK) return Error(result);
    const size_t count = size_t{file_width()} * file_height();
    if (alpha) FlattenOnWhite(pixels->get(), count, 3, pixels->get());
    if (components() == 1) {
      for (size_t i = 0; i < count; ++i) pixels->get()[i] = pixels->get()[i * 3];
    }
    return pixels;
  }

  static absl::Status Error(avifResult result) {
    const std::string line = DamageLine("AVIF", avifResultToString(result));
    if (result == AVIF_RESULT_OUT_OF_MEMORY) return absl::ResourceExhaustedError(line);
    if (result == AVIF_RESULT_NO_CODEC_AVAILABLE || result == AVIF_RESULT_NOT_IMPLEMENTED) {
      return absl::UnimplementedError(line);
    }
    return absl::DataLossError(line);
  }

  const Bytes file_;
};

// Planes as the AV1 decoder and libavif hold them (twice when the picture is a grid of tiles), and
// the pixels made of them.
uint64_t DecodeBytes(const avifImage& image, bool alpha) {
  const uint64_t pixels = uint64_t{image.width} * image.height;
  const uint64_t halves = image.yuvFormat == AVIF_PIXEL_FORMAT_YUV444   ? 6
                          : image.yuvFormat == AVIF_PIXEL_FORMAT_YUV422 ? 4
                          : image.yuvFormat == AVIF_PIXEL_FORMAT_YUV420 ? 3
                                                                        : 2;
  const uint64_t planes = pixels * (halves + (alpha ? 2 : 0)) / 2 * (image.depth > 8 ? 2 : 1);
  return planes * 2 + pixels * (alpha ? 4 : 3) + (1 << 20);
}

}  // namespace

absl::StatusOr<ImageInfo> ReadAvifInfo(Bytes head, uint64_t file_bytes) {
  Head source;
  source.bytes = head;
  source.io.read = ReadHead;
  source.io.sizeHint = file_bytes;
  source.io.persistent = AVIF_TRUE;
  source.io.data = &source;
  const Decoder decoder(avifDecoderCreate());
  if (decoder == nullptr) return absl::ResourceExhaustedError("no memory for libavif");
  Configure(decoder.get());
  avifDecoderSetIO(decoder.get(), &source.io);
  if (const avifResult result = avifDecoderParse(decoder.get()); result != AVIF_RESULT_OK) {
    return absl::InvalidArgumentError(DamageLine("AVIF", result == AVIF_RESULT_WAITING_ON_IO
                                                             ? "header is not in the file's head"
                                                             : avifResultToString(result)));
  }
  const avifImage& image = *decoder->image;
  ImageInfo info;
  info.width = image.width;
  info.height = image.height;
  info.orientation = Orientation(image);
  if (info.orientation >= 5) std::swap(info.width, info.height);
  info.gray = image.yuvFormat == AVIF_PIXEL_FORMAT_YUV400;
  info.decode_bytes = DecodeBytes(image, decoder->alphaPresent != AVIF_FALSE);
  return info;
}

DecodedImage DecodeAvif(const DecodeRequest& request) {
  if (request.TooLargeToHold()) return TooLarge(request.width, request.height);
  return std::make_unique<AvifRows>(request);
}

}  // namespace cbzfs
