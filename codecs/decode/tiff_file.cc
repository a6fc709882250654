#include "codecs/decode/tiff_file.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/pixel_math.h"

namespace cbzfs {
namespace {

constexpr uint32_t kMaxSamples = 32;

struct OptionsDeleter {
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

int IgnoreWarning(TIFF*, void*, const char*, const char*, va_list) { return 1; }
tmsize_t Write(thandle_t, void*, tmsize_t) { return 0; }
int Close(thandle_t) { return 0; }
void Unmap(thandle_t, void*, toff_t) {}

}  // namespace

int TiffFile::OnError(TIFF*, void* self, const char*, const char* format, va_list args) {
  TiffFile* file = static_cast<TiffFile*>(self);
  if (!file->failed()) std::vsnprintf(file->message_, sizeof file->message_, format, args);
  return 1;  // nobody else is to be told
}

tmsize_t TiffFile::Read(thandle_t self, void* out, tmsize_t length) {
  TiffFile* file = static_cast<TiffFile*>(self);
  if (length <= 0 || file->at_ >= file->file_.size()) return 0;
  const size_t got = std::min<size_t>(static_cast<size_t>(length), file->file_.size() - file->at_);
  std::memcpy(out, file->file_.data() + file->at_, got);
  file->at_ += got;
  return static_cast<tmsize_t>(got);
}

toff_t TiffFile::Seek(thandle_t self, toff_t offset, int whence) {
  TiffFile* file = static_cast<TiffFile*>(self);
  file->at_ = whence == SEEK_SET   ? offset
              : whence == SEEK_CUR ? file->at_ + offset
                                   : file->file_.size() + offset;
  return file->at_;
}

toff_t TiffFile::Size(thandle_t self) { return static_cast<TiffFile*>(self)->file_.size(); }

int TiffFile::Map(thandle_t self, void** base, toff_t* size) {
  TiffFile* file = static_cast<TiffFile*>(self);
  *base = const_cast<uint8_t*>(file->file_.data());
  *size = file->file_.size();
  return 1;
}

absl::Status TiffFile::Open(uint32_t width, uint32_t height) {
  tiff_.reset();
  at_ = 0;
  message_[0] = 0;
  const std::unique_ptr<TIFFOpenOptions, OptionsDeleter> options(TIFFOpenOptionsAlloc());
  if (options == nullptr) return absl::ResourceExhaustedError("no memory for libtiff");
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(kMaxHeldBytes));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), OnError, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), IgnoreWarning, nullptr);
  tiff_.reset(TIFFClientOpenExt("TIFF", "r", this, Read, Write, Seek, Close, Size, Map, Unmap,
                                options.get()));
  if (tiff_ == nullptr) return absl::DataLossError(Damage());
  uint32_t seen_width = 0;
  uint32_t seen_height = 0;
  TIFFGetField(tiff_.get(), TIFFTAG_IMAGEWIDTH, &seen_width);
  TIFFGetField(tiff_.get(), TIFFTAG_IMAGELENGTH, &seen_height);
  if (seen_width != width || seen_height != height) {
    return absl::DataLossError("TIFF: header and picture disagree");
  }
  message_[0] = 0;  // what there was to say about the directory did not keep it from being read
  return absl::OkStatus();
}

std::string TiffFile::Damage() const {
  return DamageLine("TIFF", failed() ? message_ : "picture data missing");
}

bool TiffPixels::Read(TIFF* tiff, uint32_t components) {
  components_ = components;
  uint16_t planar = PLANARCONFIG_CONTIG;
  uint16_t format = SAMPLEFORMAT_UINT;
  uint16_t compression = COMPRESSION_NONE;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits_);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples_);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric_) == 0) return false;
  if ((planar != PLANARCONFIG_CONTIG && samples_ > 1) || samples_ == 0 || samples_ > kMaxSamples ||
      (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) ||
      compression == COMPRESSION_OJPEG) {
    return false;
  }
  if (photometric_ == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG && bits_ == 8) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric_ = PHOTOMETRIC_RGB;
  }
  const bool bits_known = bits_ == 1 || bits_ == 2 || bits_ == 4 || bits_ == 8 || bits_ == 16;
  return bits_known && ReadKind(tiff);
}

bool TiffPixels::ReadKind(TIFF* tiff) {
  uint16_t extra_count = 0;
  uint16_t* extras = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);
  uint32_t colors = 0;
  switch (photometric_) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      colors = 1;
      break;
    case PHOTOMETRIC_RGB:
      colors = 3;
      break;
    case PHOTOMETRIC_SEPARATED:
      colors = 4;
      break;
    case PHOTOMETRIC_PALETTE:
      return samples_ == 1 && components_ == 3 && ReadPalette(tiff);
    default:
      return false;
  }
  if (samples_ < colors || (bits_ < 8 && samples_ > 1)) return false;
  if ((colors == 1) != (components_ == 1)) return false;
  if (colors <= 3 && samples_ > colors && extra_count > 0 && extras != nullptr) {
    // 999 is what Corel Draw writes for straight alpha.
    if (extras[0] == EXTRASAMPLE_ASSOCALPHA) alpha_ = Alpha::kPremultiplied;
    if (extras[0] == EXTRASAMPLE_UNASSALPHA || extras[0] == 999) alpha_ = Alpha::kStraight;
  }
  return true;
}

// Entries have 16 bits; where none is over 255 the writer meant 8.
bool TiffPixels::ReadPalette(TIFF* tiff) {
  if (bits_ > 8) return false;
  uint16_t* colors[3] = {};
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &colors[0], &colors[1], &colors[2]) == 0) return false;
  const size_t entries = size_t{1} << bits_;
  bool wide = false;
  for (const uint16_t* color : colors) {
    wide = wide || std::any_of(color, color + entries, [](uint16_t v) { return v > 255; });
  }
  palette_.resize(entries * 3);
  for (size_t i = 0; i < entries; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      palette_[i * 3 + c] = static_cast<uint8_t>(wide ? colors[c][i] >> 8 : colors[c][i]);
    }
  }
  return true;
}

// Of 16 bits the high byte; libtiff gives them in the byte order of the machine.
uint8_t TiffPixels::Sample(const uint8_t* in, size_t index) const {
  if (bits_ == 8) return in[index];
  if (bits_ == 16) {
    uint16_t wide;
    std::memcpy(&wide, in + index * 2, 2);
    return static_cast<uint8_t>(wide >> 8);
  }
  const size_t bit = index * bits_;
  const uint32_t most = (1u << bits_) - 1;
  return static_cast<uint8_t>(in[bit / 8] >> (8 - bits_ - bit % 8) & most);
}

void TiffPixels::Flatten(uint8_t alpha, uint8_t* pixel) const {
  for (uint32_t c = 0; c < components_; ++c) {
    pixel[c] = alpha_ == Alpha::kStraight ? OnWhite(pixel[c], alpha)
                                          : PremultipliedOnWhite(pixel[c], alpha);
  }
}

void TiffPixels::Convert(const uint8_t* in, uint32_t width, uint8_t* out) const {
  const uint32_t spread = bits_ < 8 ? 255 / ((1u << bits_) - 1) : 1;
  for (uint32_t x = 0; x < width; ++x, out += components_) {
    const size_t at = size_t{x} * samples_;
    switch (photometric_) {
      case PHOTOMETRIC_PALETTE:
        std::memcpy(out, palette_.data() + size_t{Sample(in, at)} * 3, 3);
        break;
      case PHOTOMETRIC_RGB:
        for (size_t c = 0; c < 3; ++c) out[c] = Sample(in, at + c);
        break;
      case PHOTOMETRIC_SEPARATED: {
        uint8_t cmyk[4];
        for (size_t c = 0; c < 4; ++c) cmyk[c] = Sample(in, at + c);
        CmykToRgb(cmyk, 1, out);
        break;
      }
      default:
        out[0] = static_cast<uint8_t>(Sample(in, at) * spread);
        if (photometric_ == PHOTOMETRIC_MINISWHITE) out[0] = static_cast<uint8_t>(255 - out[0]);
        break;
    }
    if (alpha_ != Alpha::kNone) Flatten(Sample(in, at + (components_ == 1 ? 1 : 3)), out);
  }
}

}  // namespace cbzfs
