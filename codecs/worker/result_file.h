// The memfd that a worker answers in. The daemon makes it and decides its size; the worker can
// neither grow nor shrink it, so reading it can never fault.
//
// Any thread; a file belongs to one request.

#ifndef CBZFS_CODECS_WORKER_RESULT_FILE_H_
#define CBZFS_CODECS_WORKER_RESULT_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {

// Sealed against growing and shrinking. Takes no memory until it is written to.
absl::StatusOr<UniqueFd> MakeResultFile(uint64_t capacity);

// The worker's side: from offset 0. By pwrite and not through a mapping, so that nothing is left
// that would hinder the seal, and no page is faulted in.
absl::Status WriteResult(int fd, std::string_view bytes);

// The daemon's side: forbids any further write, then copies the first `bytes` out. kDataLoss when
// the other side kept a writable mapping, which is how a result could change after it was checked,
// or when `bytes` is more than there is room for.
absl::StatusOr<std::string> CollectResult(int fd, uint64_t bytes, uint64_t capacity);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_RESULT_FILE_H_
