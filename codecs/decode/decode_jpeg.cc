// JPEG through libjpeg-turbo: rows as they come, scaled by the decoder where less is wanted.
//
// Everything but the scale is libjpeg's default (islow DCT, fancy upsampling, block smoothing), so
// the pixels are those of every program that uses it so, Pillow among them. Four components are
// taken for Adobe's inverted CMYK whether the file says so or not, as Pillow does.

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <memory>
#include <string>

// jpeglib.h needs <cstdio> before it.
#include <jerror.h>
#include <jpeglib.h>

#include "absl/status/status.h"
#include "codecs/decode/byte_reader.h"
#include "codecs/decode/decoded_rows.h"
#include "codecs/decode/formats.h"
#include "codecs/decode/jpeg_header.h"
#include "codecs/decode/pixel_math.h"

namespace cbzfs {
namespace {

// Real progressive JPEGs have about ten. Each further one costs a walk over all coefficients
// however few bytes it has.
constexpr int kMaxScans = 500;

// Plain data: libjpeg jumps over the frames that use it.
struct Decoder {
  jpeg_decompress_struct cinfo;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf jump;
  bool failed;
  bool warned;
  int code;  // of the error, or of the first warning
  char message[JMSG_LENGTH_MAX];
};

Decoder* Of(j_common_ptr cinfo) { return static_cast<Decoder*>(cinfo->client_data); }

void Keep(j_common_ptr cinfo) {
  Decoder* decoder = Of(cinfo);
  decoder->code = cinfo->err->msg_code;
  cinfo->err->format_message(cinfo, decoder->message);
}

[[noreturn]] void OnError(j_common_ptr cinfo) {
  Of(cinfo)->failed = true;
  Keep(cinfo);
  std::longjmp(Of(cinfo)->jump, 1);
}

// Warnings that do not touch the picture.
bool IsHarmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
         code == JWRN_BOGUS_ICC;
}

void OnMessage(j_common_ptr cinfo, int level) {
  if (level >= 0 || Of(cinfo)->warned || IsHarmless(cinfo->err->msg_code)) return;
  Of(cinfo)->warned = true;
  Keep(cinfo);
}

void OnProgress(j_common_ptr cinfo) {
  if (reinterpret_cast<j_decompress_ptr>(cinfo)->input_scan_number > kMaxScans) {
    ERREXIT(cinfo, JERR_BAD_PROGRESSION);
  }
}

J_COLOR_SPACE OutputSpace(int components) {
  return components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
}

bool Begin(Decoder* decoder, const uint8_t* bytes, size_t size, unsigned eighths) {
  jpeg_decompress_struct* cinfo = &decoder->cinfo;
  if (setjmp(decoder->jump) != 0) return false;
  if (cinfo->mem == nullptr) {
    cinfo->err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = OnError;
    decoder->errors.emit_message = OnMessage;
    cinfo->client_data = decoder;
    jpeg_create_decompress(cinfo);
    decoder->progress.progress_monitor = OnProgress;
    cinfo->progress = &decoder->progress;
  } else {
    jpeg_abort_decompress(cinfo);
  }
  jpeg_mem_src(cinfo, bytes, size);
  jpeg_read_header(cinfo, TRUE);
  cinfo->scale_num = eighths;
  cinfo->scale_denom = 8;
  cinfo->out_color_space = OutputSpace(cinfo->num_components);
  jpeg_start_decompress(cinfo);
  return true;
}

bool ReadLine(Decoder* decoder, uint8_t* row) {
  if (setjmp(decoder->jump) != 0) return false;
  return jpeg_read_scanlines(&decoder->cinfo, &row, 1) == 1;
}

class JpegRows final : public StreamedRows {
 public:
  JpegRows(Bytes file, uint32_t width, uint32_t height, uint32_t file_components, unsigned eighths)
      : StreamedRows(width, height, file_components == 1 ? 1 : 3),
        file_(file),
        file_components_(file_components),
        eighths_(eighths) {}
  ~JpegRows() override {
    if (decoder_ != nullptr) jpeg_destroy_decompress(&decoder_->cinfo);
  }

 protected:
  absl::Status Start() override {
    if (decoder_ == nullptr) decoder_ = std::make_unique<Decoder>();
    decoder_->failed = decoder_->warned = false;
    if (file_components_ == 4) cmyk_.resize(size_t{width()} * 4);
    if (!Begin(decoder_.get(), file_.data(), file_.size(), eighths_)) {
      std::string line = DamageLine("JPEG", decoder_->message);
      if (decoder_->code == JERR_OUT_OF_MEMORY) return absl::ResourceExhaustedError(line);
      return absl::DataLossError(line);
    }
    const jpeg_decompress_struct& cinfo = decoder_->cinfo;
    if (cinfo.output_width != width() || cinfo.output_height != height() ||
        cinfo.output_components != static_cast<int>(file_components_)) {
      return absl::DataLossError("JPEG: header and picture disagree");
    }
    return absl::OkStatus();
  }

  bool ReadRow(uint8_t* out) override {
    uint8_t* row = file_components_ == 4 ? cmyk_.data() : out;
    const bool read = ReadLine(decoder_.get(), row);
    if (decoder_->failed || decoder_->warned) AddDamage(DamageLine("JPEG", decoder_->message));
    if (read && file_components_ == 4) {
      for (uint8_t& sample : cmyk_) sample = static_cast<uint8_t>(255 - sample);
      CmykToRgb(row, width(), out);
    }
    return read;
  }

 private:
  const Bytes file_;
  const uint32_t file_components_;
  const unsigned eighths_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<uint8_t> cmyk_;
};

uint32_t Scaled(uint32_t side, unsigned eighths) {
  return static_cast<uint32_t>((uint64_t{side} * eighths + 7) / 8);
}

}  // namespace

DecodedImage DecodeJpeg(const DecodeRequest& request) {
  const absl::StatusOr<JpegHeader> header = ReadJpegHeader(request.file);
  if (!header.ok()) return header.status();
  const ByteReader reader(request.file);
  if (!reader.Has(header->scan_at + 2 + reader.Be16(header->scan_at + 2), 2)) {
    return absl::DataLossError("JPEG: file ends before the picture");
  }
  const bool turned = TurnHolds(request.info.orientation);
  const uint64_t pixels = uint64_t{request.width} * request.height;
  const uint64_t raster = turned ? pixels * (request.info.gray ? 1 : 3) : 0;
  if (request.info.decode_bytes - raster > kMaxHeldBytes) {
    return TooLarge(request.width, request.height);
  }

  unsigned eighths = 8;
  if (request.least.least_width != 0 || request.least.least_height != 0) {
    while (eighths > 1 && Scaled(request.width, eighths / 2) >= request.least.least_width &&
           Scaled(request.height, eighths / 2) >= request.least.least_height) {
      eighths /= 2;
    }
  }
  const auto size = [&] {
    return uint64_t{Scaled(request.width, eighths)} * Scaled(request.height, eighths);
  };
  while (turned && eighths > 1 && size() > kMaxPagePixels) eighths /= 2;
  if (turned && size() > kMaxPagePixels) return TooLarge(request.width, request.height);
  return TurnUpright(
      std::make_unique<JpegRows>(request.file, Scaled(request.width, eighths),
                                 Scaled(request.height, eighths), header->components, eighths),
      request.info.orientation);
}

}  // namespace cbzfs
