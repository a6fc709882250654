// What the fuzz targets share. A target is LLVMFuzzerTestOneInput() in a file of its own, which
// asserts what its unit promises of any input, not only that it survives.
//
// The first bytes of most inputs choose the options; FuzzedDataProvider would take them from the
// end, so that a seed could not be a plain file with a few bytes before it.
//
// One thread.

#ifndef CBZFS_TESTS_FUZZ_FUZZ_H_
#define CBZFS_TESTS_FUZZ_FUZZ_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/types/span.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Holds in every build, unlike assert().
#define FUZZ_CHECK(condition)                                                      \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

namespace cbzfs::fuzz {

// Takes values off the front of an input; of an input that has ended, zeros and nothing.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(data, size) {}

  size_t left() const { return rest_.size(); }

  // Little-endian.
  template <typename T>
  T Take() {
    uint64_t value = 0;
    const size_t taken = std::min(sizeof(T), rest_.size());
    for (size_t i = 0; i < taken; ++i) value |= uint64_t{rest_[i]} << (8 * i);
    rest_.remove_prefix(taken);
    return static_cast<T>(value);
  }

  bool Flag() { return (Take<uint8_t>() & 1) != 0; }

  // From `least` to `most`, both possible.
  uint64_t Between(uint64_t least, uint64_t most) {
    const uint64_t span = most - least + 1;
    const uint64_t value = most - least > UINT16_MAX ? Take<uint64_t>() : Take<uint16_t>();
    return least + (span == 0 ? value : value % span);
  }

  absl::Span<const uint8_t> Bytes(size_t size) {
    const absl::Span<const uint8_t> bytes = rest_.subspan(0, std::min(size, rest_.size()));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

  // A text with its length, of one byte, before it.
  std::string Text() {
    const absl::Span<const uint8_t> bytes = Bytes(Take<uint8_t>());
    return {bytes.begin(), bytes.end()};
  }

  // All that is left, which stays.
  absl::Span<const uint8_t> Rest() const { return rest_; }
  std::string RestText() const { return {rest_.begin(), rest_.end()}; }

 private:
  absl::Span<const uint8_t> rest_;
};

// One line fit for the user or a log: what every message that leaves a room must be.
inline bool IsOneLine(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; });
}

}  // namespace cbzfs::fuzz

#endif  // CBZFS_TESTS_FUZZ_FUZZ_H_
