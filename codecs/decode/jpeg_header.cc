#include "codecs/decode/jpeg_header.h"

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "codecs/decode/exif.h"

namespace cbzfs {
namespace {

constexpr uint8_t kSoi = 0xD8;
constexpr uint8_t kEoi = 0xD9;
constexpr uint8_t kSos = 0xDA;
constexpr uint8_t kApp0 = 0xE0;
constexpr uint8_t kApp1 = 0xE1;
constexpr uint8_t kApp2 = 0xE2;
constexpr uint8_t kApp14 = 0xEE;

// Real headers have a few dozen segments, a few hundred with EXIF, XMP and ICC. The bound keeps a
// made-up stream of empty segments from costing more than a glance.
constexpr int kMaxSegments = 4096;

// Behind an EOI there may be padding of the program that wrote the file; this far it is looked for.
constexpr size_t kMaxTrailer = 64 << 10;

using Bytes = absl::Span<const uint8_t>;

uint32_t Be16(Bytes bytes, size_t at) { return uint32_t{bytes[at]} << 8 | bytes[at + 1]; }

bool StartsWith(Bytes body, const char* tag, size_t length) {
  return body.size() >= length && std::memcmp(body.data(), tag, length) == 0;
}

// SOFn are 0xC0 to 0xCF but for DHT, JPG and DAC.
bool IsSof(uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

bool IsStandalone(uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= kSoi); }

absl::Status ReadFrame(uint8_t marker, Bytes body, JpegHeader* header) {
  if (header->sof != 0) return absl::InvalidArgumentError("JPEG with two frames");
  if (body.size() < 6) return absl::InvalidArgumentError("JPEG frame header too short");
  header->sof = marker;
  header->precision = body[0];
  header->height = Be16(body, 1);
  header->width = Be16(body, 3);
  header->components = body[5];
  if (header->width == 0 || header->height == 0) {
    return absl::InvalidArgumentError("JPEG without a size");
  }
  if (header->components == 0 || header->components > 4 ||
      body.size() < 6 + size_t{header->components} * 3) {
    return absl::InvalidArgumentError("JPEG with impossible components");
  }
  for (size_t i = 0; i < header->components; ++i) header->component_ids[i] = body[6 + i * 3];
  return absl::OkStatus();
}

void ReadApplication(uint8_t marker, Bytes body, JpegHeader* header) {
  if (marker == kApp0 && StartsWith(body, "JFIF", 5)) header->jfif = true;
  if (marker == kApp1 && StartsWith(body, "Exif\0", 6)) {
    header->exif_orientation = ExifOrientation(body.subspan(6));
  }
  if (marker == kApp2 && StartsWith(body, "ICC_PROFILE", 12)) header->has_icc = true;
  // libjpeg asks for twelve bytes: the tag, three words, the transform.
  if (marker == kApp14 && StartsWith(body, "Adobe", 5) && body.size() >= 12) {
    header->adobe_transform = body[11];
  }
}

}  // namespace

bool JpegHeader::IsPlain() const { return sof >= 0xC0 && sof <= 0xC2 && precision == 8; }

bool JpegHeader::LooksYcc() const {
  if (components != 3) return false;
  if (jfif) return true;
  if (adobe_transform >= 0) return adobe_transform != 0;
  return !(component_ids[0] == 'R' && component_ids[1] == 'G' && component_ids[2] == 'B');
}

absl::StatusOr<JpegHeader> ReadJpegHeader(Bytes bytes) {
  if (bytes.size() < 2) return absl::OutOfRangeError("JPEG header cut short");
  if (bytes[0] != 0xFF || bytes[1] != kSoi) return absl::InvalidArgumentError("no JPEG");
  JpegHeader header;
  header.after_app0 = 2;
  bool only_app0 = true;
  size_t at = 2;
  for (int segment = 0; segment < kMaxSegments; ++segment) {
    if (at + 2 > bytes.size()) return absl::OutOfRangeError("JPEG header cut short");
    if (bytes[at] != 0xFF) return absl::InvalidArgumentError("JPEG with bytes between segments");
    const uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    if (marker == 0 || marker == kEoi || IsStandalone(marker)) {
      return absl::InvalidArgumentError("JPEG with a marker out of place");
    }
    if (marker == kSos) {
      if (header.sof == 0) return absl::InvalidArgumentError("JPEG scan without a frame");
      header.scan_at = static_cast<uint32_t>(at);
      return header;
    }
    if (at + 4 > bytes.size()) return absl::OutOfRangeError("JPEG header cut short");
    const size_t length = Be16(bytes, at + 2);
    if (length < 2) return absl::InvalidArgumentError("JPEG segment with an impossible length");
    if (at + 2 + length > bytes.size()) return absl::OutOfRangeError("JPEG header cut short");
    const Bytes body = bytes.subspan(at + 4, length - 2);
    if (IsSof(marker)) {
      if (absl::Status status = ReadFrame(marker, body, &header); !status.ok()) return status;
    } else {
      ReadApplication(marker, body, &header);
    }
    at += 2 + length;
    only_app0 = only_app0 && marker == kApp0;
    if (only_app0) header.after_app0 = static_cast<uint32_t>(at);
  }
  return absl::InvalidArgumentError("JPEG header without an end");
}

size_t FindLastEoi(Bytes bytes, const JpegHeader& header) {
  const size_t window = bytes.size() - std::min(bytes.size(), kMaxTrailer);
  const size_t least = std::max<size_t>(window, header.scan_at);
  for (size_t i = bytes.size(); i >= least + 2; --i) {
    if (bytes[i - 2] == 0xFF && bytes[i - 1] == kEoi) return i - 2;
  }
  return bytes.size();
}

}  // namespace cbzfs
