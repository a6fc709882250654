#include "codecs/zip/body.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/zip/crc_force.h"
#include "codecs/zip/padding.h"
#include "codecs/zip/page_shape.h"

namespace cbzfs {
namespace {

Padding PaddingOf(const BodySpec& spec, uint64_t payload_bytes) {
  return Padding(spec.format, spec.body_bytes - payload_bytes, kPatchBytes);
}

// The patch for a body whose entry's data up to the padding has the CRC `crc`.
std::array<char, kPatchBytes> PatchFor(const BodySpec& spec, uint32_t crc, uint64_t payload_bytes) {
  const Padding padding = PaddingOf(spec, payload_bytes);
  const uint32_t before = padding.ExtendCrc(crc, padding.bytes() - kPatchBytes);
  return CrcPatch(before, spec.declared_crc, spec.tail_crc, spec.tail_bytes);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Body>> Body::Drawn(const BodySpec& spec, std::string payload) {
  const uint64_t least = LeastPadding(spec.format);
  if (spec.body_bytes < least || payload.size() > spec.body_bytes - least ||
      payload.size() > spec.max_payload) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a payload of ", payload.size(), " bytes does not fit its slot of ", spec.max_payload));
  }
  if (payload.size() % Padding::Unit(spec.format) != 0) {
    return absl::DataLossError("a payload that is no whole chunks");
  }
  const auto patch = PatchFor(spec, ExtendCrc(spec.head_crc, payload), payload.size());
  return std::shared_ptr<const Body>(new Body(spec, std::move(payload), patch));
}

std::shared_ptr<const Body> Body::Original(const BodySpec& spec, uint32_t data_crc,
                                           uint64_t data_bytes) {
  assert(data_bytes == spec.head_bytes);
  static_cast<void>(data_bytes);  // the CRC alone says enough
  return std::shared_ptr<const Body>(new Body(spec, {}, PatchFor(spec, data_crc, 0)));
}

std::shared_ptr<const Body> Body::Raw(std::string bytes) {
  const BodySpec spec{.body_bytes = bytes.size()};
  return std::shared_ptr<const Body>(new Body(spec, std::move(bytes), {}, /*raw=*/true));
}

void Body::Read(uint64_t offset, absl::Span<char> out) const {
  const uint64_t end = offset + out.size();
  const uint64_t payload_end = payload_.size();
  if (offset < payload_end) {
    std::memcpy(out.data(), payload_.data() + offset, std::min(end, payload_end) - offset);
  }
  if (raw_) return;
  if (end > payload_end) {
    const uint64_t from = std::max(offset, payload_end);
    PaddingOf(spec_, payload_end).Read(from - payload_end, out.subspan(from - offset));
  }
  const uint64_t patch_start = size() - kPatchBytes;
  for (uint64_t i = 0; i < kPatchBytes; ++i) {
    const uint64_t at = patch_start + i;
    if (at >= offset && at < end) out[at - offset] = patch_[i];
  }
}

}  // namespace cbzfs
