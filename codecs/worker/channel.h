// Messages over a SOCK_SEQPACKET socket, with descriptors beside them.
//
// Neither function trusts the other side: a message that is too long, has more descriptors than
// expected or does not decode is refused as a whole, and no descriptor of it stays open.
//
// Statuses of failures:
//   kUnavailable         the other side is gone
//   kResourceExhausted   Wait::kNo, and it would have to wait
//   kDataLoss            what came is no such message
//   kInternal            the system refused (a full descriptor table, no memory)
//
// Any thread; one at a time for each direction of a socket.

#ifndef CBZFS_CODECS_WORKER_CHANNEL_H_
#define CBZFS_CODECS_WORKER_CHANNEL_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/worker/unique_fd.h"
#include "google/protobuf/message_lite.h"

namespace cbzfs {

enum class Wait { kNo, kYes };

// The most descriptors a message has beside it.
inline constexpr size_t kMaxDescriptors = 3;

// A connected pair, both ends close-on-exec.
absl::StatusOr<std::pair<UniqueFd, UniqueFd>> MakeSocketPair();

// The descriptors stay the caller's. Never raises SIGPIPE.
absl::Status SendMessage(int socket, const google::protobuf::MessageLite& message,
                         absl::Span<const int> descriptors, Wait wait);

// Receives one message and at most `max_descriptors`, which are close-on-exec. With 0 the kernel
// is given no room for any, so a peer cannot fill this process' descriptor table.
absl::StatusOr<std::vector<UniqueFd>> ReceiveMessage(int socket, size_t max_descriptors, Wait wait,
                                                     google::protobuf::MessageLite* message);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_CHANNEL_H_
