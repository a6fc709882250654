// The part of a page's entry that depends on its bytes: payload, padding, and the CRC patch. Or all
// of an entry of a real archive, unpacked.
//
// Immutable after construction: any thread. Charged to the page cache by memory_bytes(): padding is
// made on reading, not stored.

#ifndef CBZFS_CODECS_ZIP_BODY_H_
#define CBZFS_CODECS_ZIP_BODY_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/zip/layout.h"

namespace cbzfs {

class Body {
 public:
  // A drawn or extracted page. kResourceExhausted when the payload is longer than
  // spec.max_payload; kDataLoss when one of a WebP has an odd length. Computes the CRC of the
  // payload once: O(payload).
  static absl::StatusOr<std::shared_ptr<const Body>> Drawn(const BodySpec& spec,
                                                           std::string payload);

  // An original page, from the CRC-32 and length of its entry's data before the body (the pieces of
  // Layout::OriginalData). The length must be spec.head_bytes.
  static std::shared_ptr<const Body> Original(const BodySpec& spec, uint32_t data_crc,
                                              uint64_t data_bytes);

  // Bytes as they are, without padding or patch.
  static std::shared_ptr<const Body> Raw(std::string bytes);

  // What Drawn() was given.
  const std::string& payload() const { return payload_; }

  // Copies [offset, offset + out.size()) of the body, which must lie inside it.
  void Read(uint64_t offset, absl::Span<char> out) const;

  uint64_t size() const { return spec_.body_bytes; }
  uint64_t memory_bytes() const { return sizeof(*this) + payload_.size(); }

 private:
  Body(const BodySpec& spec, std::string payload, std::array<char, 4> patch, bool raw = false)
      : spec_(spec), payload_(std::move(payload)), patch_(patch), raw_(raw) {}
  const BodySpec spec_;
  const std::string payload_;
  const std::array<char, 4> patch_;  // the last bytes of the body
  const bool raw_;                   // nothing but the payload
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_BODY_H_
