// A file that the daemon handed over, mapped.
//
// One thread. A file that is truncated meanwhile makes the mapping fault (SIGBUS): this process
// dies, which is what workers are for.

#ifndef CBZFS_CODECS_WORKER_MAPPED_FILE_H_
#define CBZFS_CODECS_WORKER_MAPPED_FILE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace cbzfs {

class MappedFile {
 public:
  // The first `bytes` of it; `fd` may be closed afterwards. kDataLoss when it is shorter,
  // kInvalidArgument when that is nothing, kUnavailable when it cannot be read for the time being,
  // kResourceExhausted when there is no room.
  static absl::StatusOr<MappedFile> Map(int fd, uint64_t bytes);

  absl::Span<const uint8_t> bytes() const { return {data_.get(), data_.get_deleter().bytes}; }

 private:
  struct Unmap {
    uint64_t bytes;
    void operator()(uint8_t* data) const;
  };

  MappedFile(uint8_t* data, uint64_t bytes) : data_(data, Unmap{bytes}) {}

  std::unique_ptr<uint8_t, Unmap> data_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_MAPPED_FILE_H_
