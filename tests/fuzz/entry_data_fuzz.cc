// The data of an archive's entry, through libzip and what it decodes with. Two bytes of method, two
// of flags, one for how much is wanted, then the data. Whatever decodes at all decodes as a whole
// under the length and check sum that it turns out to have, and under no other.

#include "codecs/archive/entry_data.h"

#include <string>

#include "codecs/zip/crc_force.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  constexpr uint64_t kMost = 1 << 20;
  fuzz::Input input(data, size);
  CodedEntry entry = {.method = input.Take<uint16_t>(), .flags = input.Take<uint16_t>()};
  const size_t wanted = input.Take<uint8_t>() * size_t{64};
  entry.data = input.Rest();
  entry.bytes = kMost;
  const absl::Status method = CheckMethod(entry.method);
  const auto head = DecodeEntryHead(entry, kMost);
  FUZZ_CHECK(method.ok() || !head.ok());
  if (!head.ok()) return 0;
  FUZZ_CHECK(head->size() <= kMost);
  const auto less = DecodeEntryHead(entry, wanted);
  if (less.ok()) {
    FUZZ_CHECK(less->size() <= wanted);
    FUZZ_CHECK(head->starts_with(*less));
  }
  entry.bytes = head->size();
  entry.crc = ExtendCrc(0, *head);
  const auto whole = DecodeEntry(entry, kMost);
  if (!whole.ok()) return 0;
  FUZZ_CHECK(*whole == *head);
  entry.crc ^= 1;
  FUZZ_CHECK(!DecodeEntry(entry, kMost).ok());
  entry.crc ^= 1;
  entry.bytes += 1;
  FUZZ_CHECK(!DecodeEntry(entry, kMost).ok());
  entry.bytes -= 1;
  if (entry.bytes > 0) {
    FUZZ_CHECK(absl::IsResourceExhausted(DecodeEntry(entry, entry.bytes - 1).status()));
  }
  return 0;
}
