// JPEG 2000 (ISO 15444-1: JP2 files and bare codestreams) through OpenJPEG.
//
// OpenJPEG holds four bytes for each sample; rows are made from them as they are asked for, so the
// picture is not held twice. Where less is wanted, resolution levels are left out. Samples of more
// than 8 bits keep their high ones, those of fewer are spread over 0 to 255. Without a colour space
// in the file, components that are subsampled are YCC, as Pillow guesses.

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <openjpeg.h>

#include "absl/status/status.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/jpeg2000_levels.h"
#include "codecs/decode/jpeg2000_stream.h"
#include "codecs/decode/pixel_math.h"

namespace cbzfs {
namespace {

constexpr uint32_t kMaxComponents = 16;

struct Jp2Header {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t components = 0;
  bool palette = false;
  uint64_t codestream = 0;  // where it begins in the file
};

// SIZ directly follows SOC (ISO 15444-1, A.5.1).
absl::Status ReadCodestream(const ByteReader& reader, uint64_t at, Jp2Header* header) {
  if (!reader.Is(at, "\xFF\x4F\xFF\x51") || !reader.Has(at, 42)) {
    return absl::InvalidArgumentError("JPEG 2000 without a codestream in its head");
  }
  const uint32_t right = reader.Be32(at + 8);
  const uint32_t bottom = reader.Be32(at + 12);
  const uint32_t left = reader.Be32(at + 16);
  const uint32_t top = reader.Be32(at + 20);
  if (right <= left || bottom <= top) {
    return absl::InvalidArgumentError("JPEG 2000 without a size");
  }
  header->width = right - left;
  header->height = bottom - top;
  header->components = reader.Be16(at + 40);
  return absl::OkStatus();
}

// Boxes of a JP2 file up to its codestream (I.4).
absl::StatusOr<Jp2Header> ReadHeader(Bytes head) {
  const ByteReader reader(head);
  Jp2Header header;
  uint64_t at = 0;
  if (!reader.Is(0, "\xFF\x4F")) {
    while (!reader.Is(at + 4, "jp2c")) {
      uint64_t length = reader.Be32(at);
      uint64_t body = 8;
      if (length == 1) {
        length = reader.Be64(at + 8);
        body = 16;
      }
      if (!reader.Has(at, 8) || length < body || length > kMaxImageFileBytes) {
        return absl::InvalidArgumentError("JPEG 2000 without a codestream in its head");
      }
      if (reader.Is(at + 4, "jp2h")) {
        for (uint64_t inner = at + body; reader.Has(inner, 8) && inner < at + length;) {
          if (reader.Is(inner + 4, "pclr")) header.palette = true;
          inner += std::max<uint64_t>(reader.Be32(inner), 8);
        }
      }
      at += length;
    }
    at += reader.Be32(at) == 1 ? 16 : 8;
  }
  if (absl::Status status = ReadCodestream(reader, at, &header); !status.ok()) return status;
  header.codestream = at;
  if (header.components == 0 || header.components > kMaxComponents) {
    return absl::UnimplementedError("JPEG 2000 with an unusual number of components");
  }
  return header;
}

bool IsGray(const Jp2Header& header) { return header.components <= 2 && !header.palette; }

struct CodecDeleter {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct StreamDeleter {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct ImageDeleter {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
using Image = std::unique_ptr<opj_image_t, ImageDeleter>;

// The file, its codec and its stream, from the header to the picture.
class Jp2File {
 public:
  // `codestream`: of its Jp2Header.
  Jp2File(Bytes file, uint64_t codestream)
      : bare_(ByteReader(file).Is(0, "\xFF\x4F")), file_(file, codestream) {}

  absl::Status Open() {
    codec_.reset(opj_create_decompress(bare_ ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
    stream_.reset(opj_stream_create(64 << 10, OPJ_TRUE));
    if (codec_ == nullptr || stream_ == nullptr) {
      return absl::ResourceExhaustedError("no memory for OpenJPEG");
    }
    opj_set_error_handler(codec_.get(), OnMessage, this);
    opj_set_warning_handler(codec_.get(), OnMessage, this);
    opj_stream_set_read_function(stream_.get(), Read);
    opj_stream_set_skip_function(stream_.get(), Skip);
    opj_stream_set_seek_function(stream_.get(), Seek);
    opj_stream_set_user_data(stream_.get(), this, nullptr);
    opj_stream_set_user_data_length(stream_.get(), file_.size());
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_image_t* image = nullptr;
    const bool opened = opj_setup_decoder(codec_.get(), &parameters) != OPJ_FALSE &&
                        opj_decoder_set_strict_mode(codec_.get(), OPJ_TRUE) != OPJ_FALSE &&
                        opj_read_header(stream_.get(), codec_.get(), &image) != OPJ_FALSE;
    image_.reset(image);
    return opened && image_ != nullptr ? absl::OkStatus() : absl::DataLossError(Damage());
  }

  const opj_image_t& image() const { return *image_; }

  uint32_t MostReduction() const { return cbzfs::MostReduction(codec_.get()); }

  absl::StatusOr<Image> Decode(uint32_t reduction) {
    message_[0] = 0;
    if (opj_set_decoded_resolution_factor(codec_.get(), reduction) == OPJ_FALSE ||
        opj_decode(codec_.get(), stream_.get(), image_.get()) == OPJ_FALSE) {
      return absl::DataLossError(Damage());
    }
    return std::move(image_);
  }

  bool warned() const { return message_[0] != 0; }
  bool damaged() const { return warned() || file_.mended(); }
  std::string Damage() const {
    if (file_.mended()) return "JPEG 2000: cut off";
    return DamageLine("JPEG 2000", warned() ? message_ : "cannot be decoded");
  }

 private:
  static void OnMessage(const char* message, void* self) {
    Jp2File* file = static_cast<Jp2File*>(self);
    if (file->warned()) return;
    std::strncpy(file->message_, message, sizeof file->message_ - 1);
    file->message_[std::strcspn(file->message_, "\r\n")] = 0;
  }
  static OPJ_SIZE_T Read(void* out, OPJ_SIZE_T length, void* self) {
    Jp2File* file = static_cast<Jp2File*>(self);
    const size_t got = file->file_.Read(file->at_, static_cast<uint8_t*>(out), length);
    if (got == 0) return static_cast<OPJ_SIZE_T>(-1);
    file->at_ += got;
    return got;
  }
  static OPJ_OFF_T Skip(OPJ_OFF_T length, void* self) {
    Jp2File* file = static_cast<Jp2File*>(self);
    if (length < 0 || static_cast<uint64_t>(length) > file->file_.size() - file->at_) return -1;
    file->at_ += static_cast<uint64_t>(length);
    return length;
  }
  static OPJ_BOOL Seek(OPJ_OFF_T offset, void* self) {
    Jp2File* file = static_cast<Jp2File*>(self);
    if (offset < 0 || static_cast<uint64_t>(offset) > file->file_.size()) return OPJ_FALSE;
    file->at_ = static_cast<uint64_t>(offset);
    return OPJ_TRUE;
  }

  const bool bare_;  // a codestream without boxes
  const Jpeg2000Stream file_;
  uint64_t at_ = 0;
  char message_[160] = {};
  std::unique_ptr<opj_stream_t, StreamDeleter> stream_;
  std::unique_ptr<opj_codec_t, CodecDeleter> codec_;
  Image image_;
};

uint8_t To8(int32_t value, const opj_image_comp_t& component) {
  const int64_t bits = std::clamp<int64_t>(component.prec, 1, 31);
  const int64_t most = (int64_t{1} << bits) - 1;
  int64_t v = value;
  if (component.sgnd != 0) v += int64_t{1} << (bits - 1);
  v = std::clamp<int64_t>(v, 0, most);
  return static_cast<uint8_t>(bits >= 8 ? v >> (bits - 8) : v * 255 / most);
}

uint8_t Clamp8(int32_t v) { return static_cast<uint8_t>(std::clamp(v, 0, 255)); }

// JFIF's full-range YCbCr, as sYCC has it, in 16 bits behind the point.
void YccToRgb(uint8_t* pixel) {
  const int32_t y = pixel[0] * 65536 + 32768;
  const int32_t cb = pixel[1] - 128;
  const int32_t cr = pixel[2] - 128;
  pixel[0] = Clamp8((y + 91881 * cr) >> 16);
  pixel[1] = Clamp8((y - 22554 * cb - 46802 * cr) >> 16);
  pixel[2] = Clamp8((y + 116130 * cb) >> 16);
}

class Jp2Rows final : public PixelRows {
 public:
  Jp2Rows(const DecodeRequest& request, uint64_t codestream, uint32_t width, uint32_t height,
          uint32_t reduction)
      : PixelRows(width, height, request.info.gray ? 1 : 3),
        file_(request.file),
        codestream_(codestream),
        reduction_(reduction) {}

  absl::Status Rewind() override {
    y_ = 0;
    if (image_ != nullptr) return absl::OkStatus();
    row_.resize(size_t{width()} * components());
    Jp2File file(file_, codestream_);
    if (absl::Status status = file.Open(); !status.ok()) return status;
    absl::StatusOr<Image> image = file.Decode(reduction_);
    if (!image.ok()) return image.status();
    if (file.damaged()) damage_ = file.Damage();
    image_ = *std::move(image);
    absl::Status status = Understand();
    if (!status.ok()) image_.reset();
    return status;
  }

  const uint8_t* Next() override {
    const uint32_t y = y_++;
    uint8_t* out = row_.data();
    for (uint32_t x = 0; x < width(); ++x, out += components()) {
      uint8_t sample[4] = {};
      for (uint32_t c = 0; c < colors_; ++c) sample[c] = At(image_->comps[c], x, y);
      if (colors_ == 4) CmykToRgb(sample, 1, sample);
      if (is_ycc_) YccToRgb(sample);
      if (alpha_ >= 0) {
        const uint8_t alpha = At(image_->comps[alpha_], x, y);
        for (uint32_t c = 0; c < components(); ++c) sample[c] = OnWhite(sample[c], alpha);
      }
      std::memcpy(out, sample, components());
    }
    return row_.data();
  }

  std::string damage() const override { return damage_; }

 private:
  // Which components are what.
  absl::Status Understand() {
    const uint32_t count = image_->numcomps;
    bool subsampled = false;
    for (uint32_t i = 0; i < count; ++i) {
      const opj_image_comp_t& component = image_->comps[i];
      if (component.data == nullptr || component.w == 0 || component.h == 0) {
        return absl::DataLossError("JPEG 2000: component without data");
      }
      subsampled =
          subsampled || component.dx != image_->comps[0].dx || component.dy != image_->comps[0].dy;
    }
    const OPJ_COLOR_SPACE space = image_->color_space;
    colors_ = components();
    if (space == OPJ_CLRSPC_CMYK && components() == 3 && count >= 4) colors_ = 4;
    if (count < colors_) return absl::DataLossError("JPEG 2000: header and picture disagree");
    is_ycc_ = colors_ == 3 && (space == OPJ_CLRSPC_SYCC || space == OPJ_CLRSPC_EYCC ||
                               (space != OPJ_CLRSPC_SRGB && subsampled));
    // The component behind the colours is alpha, whether the file says so or not: as Pillow has it.
    alpha_ = count > colors_ ? static_cast<int>(colors_) : -1;
    return absl::OkStatus();
  }

  // The sample that covers the pixel; components with fewer samples are spread.
  uint8_t At(const opj_image_comp_t& component, uint32_t x, uint32_t y) const {
    const uint32_t at_x = component.w == width()
                              ? x
                              : std::min<uint32_t>(x / std::max(component.dx, 1u), component.w - 1);
    const uint32_t at_y = component.h == height()
                              ? y
                              : std::min<uint32_t>(y / std::max(component.dy, 1u), component.h - 1);
    return To8(component.data[size_t{at_y} * component.w + at_x], component);
  }

  const Bytes file_;
  const uint64_t codestream_;
  const uint32_t reduction_;
  Image image_;
  uint32_t colors_ = 0;
  int alpha_ = -1;
  bool is_ycc_ = false;
  std::vector<uint8_t> row_;
  uint32_t y_ = 0;
  std::string damage_;
};

uint32_t CeilShift(uint64_t value, uint32_t shift) {
  return static_cast<uint32_t>((value + (uint64_t{1} << shift) - 1) >> shift);
}

}  // namespace

absl::StatusOr<ImageInfo> ReadJpeg2000Info(Bytes head) {
  const absl::StatusOr<Jp2Header> header = ReadHeader(head);
  if (!header.ok()) return header.status();
  ImageInfo info;
  info.width = header->width;
  info.height = header->height;
  info.gray = IsGray(*header);
  const uint64_t samples = std::max<uint64_t>(header->components, header->palette ? 3 : 1);
  info.decode_bytes = uint64_t{header->width} * header->height * samples * 4 + (1 << 20);
  return info;
}

DecodedImage DecodeJpeg2000(const DecodeRequest& request) {
  const absl::StatusOr<Jp2Header> header = ReadHeader(request.file);
  if (!header.ok()) return header.status();
  Jp2File file(request.file, header->codestream);
  if (absl::Status status = file.Open(); !status.ok()) return status;
  const opj_image_t& image = file.image();
  const uint32_t most = file.MostReduction();
  // A level halves the coordinates of both edges (B.5), so sizes depend on where the picture lies.
  const auto width = [&](uint32_t reduction) {
    return CeilShift(image.x1, reduction) - CeilShift(image.x0, reduction);
  };
  const auto height = [&](uint32_t reduction) {
    return CeilShift(image.y1, reduction) - CeilShift(image.y0, reduction);
  };
  if (width(0) != request.width || height(0) != request.height) {
    return absl::DataLossError("JPEG 2000: header and picture disagree");
  }
  uint32_t reduction = 0;
  const auto pixels = [&] { return uint64_t{width(reduction)} * height(reduction); };
  const bool reduces = request.least.least_width != 0 || request.least.least_height != 0;
  while (reduces && reduction < most && width(reduction + 1) >= request.least.least_width &&
         height(reduction + 1) >= request.least.least_height) {
    ++reduction;
  }
  while (reduction < most && pixels() > kMaxPagePixels) ++reduction;
  if (pixels() > kMaxPagePixels) return TooLarge(request.width, request.height);
  if (width(reduction) == 0 || height(reduction) == 0) reduction = 0;
  return std::make_unique<Jp2Rows>(request, header->codestream, width(reduction), height(reduction),
                                   reduction);
}

}  // namespace cbzfs
