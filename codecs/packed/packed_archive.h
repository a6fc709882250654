// The entries of a RAR, 7z or tar archive by their numbers.
//
// Whoever asks for entries in their order has all of them for one pass over the archive, however it
// is packed: the place in it is kept. An entry before that place takes a pass of its own, but for
// the last few that were passed over in an archive that is one stream, which are kept.
//
// Only the worker calls this; see packed_reader.h. One thread.

#ifndef CBZFS_CODECS_PACKED_PACKED_ARCHIVE_H_
#define CBZFS_CODECS_PACKED_PACKED_ARCHIVE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/packed/packed_reader.h"

namespace cbzfs {

// What the data of an entry came to.
struct PackedData {
  uint64_t bytes = 0;
  uint32_t crc = 0;        // CRC-32 of them
  std::string_view whole;  // where they were asked for; else empty
};

class PackedArchive {
 public:
  // `file` must outlive the archive. Statuses here and below are those of PackedReader.
  static absl::StatusOr<std::unique_ptr<PackedArchive>> Open(absl::Span<const uint8_t> file);

  // The files in their order, without their data, until `visit` says false. It may ask for the data
  // of the entry that it is given. An archive in one stream is unpacked for that, and no more of it
  // than kMostListedBytes.
  static constexpr uint64_t kMostListedBytes = 64 << 20;
  using ReadIt = absl::FunctionRef<absl::StatusOr<std::string>(uint64_t max_bytes)>;
  absl::Status List(absl::FunctionRef<bool(const PackedEntry&, ReadIt)> visit);

  // All files with their data, in their order. `wants` says whether an entry's data are to be
  // whole; those of more than `max_whole` bytes never are. A failure names the entry.
  absl::Status ReadAll(uint64_t max_whole, absl::FunctionRef<bool(const PackedEntry&)> wants,
                       absl::FunctionRef<void(const PackedEntry&, const PackedData&)> visit);

  // The data of one entry. kNotFound: there is no such entry; kResourceExhausted: it is of more
  // than `max_bytes`.
  absl::StatusOr<std::string> Read(uint32_t index, uint64_t max_bytes);

  bool in_one_stream() const { return in_one_stream_; }
  // How often the archive was begun at its beginning.
  uint64_t passes() const { return passes_; }

 private:
  struct Kept {
    uint32_t index = 0;
    std::string data;
  };

  explicit PackedArchive(absl::Span<const uint8_t> file) : file_(file) {}

  absl::Status Rewind();
  absl::StatusOr<std::string> ReadFrom(uint64_t most);
  absl::StatusOr<uint64_t> PassOver();
  void Keep(uint32_t index, std::string data);
  std::optional<std::string> TakeKept(uint32_t index);

  const absl::Span<const uint8_t> file_;
  std::unique_ptr<PackedReader> reader_;  // null after a failure
  bool in_one_stream_ = false;
  uint32_t next_ = 0;  // the entry that the reader comes to next
  uint64_t passes_ = 0;
  std::deque<Kept> kept_;  // the oldest first
  uint64_t kept_bytes_ = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PACKED_PACKED_ARCHIVE_H_
