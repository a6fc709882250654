// Waiting for what is answered by a callback.
//
// Not on the thread that answers: that would wait for itself.

#ifndef CBZFS_FS_COMMAND_AWAIT_H_
#define CBZFS_FS_COMMAND_AWAIT_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"

namespace cbzfs {

// Calls `ask` with a callback and waits for it. What `ask` returns is kept until then.
template <typename Answer, typename Ask>
absl::StatusOr<Answer> Await(Ask ask) {
  // Shared: the one who answers may still be inside Notify() when the waiter goes.
  struct State {
    absl::Notification answered;
    absl::StatusOr<Answer> answer = absl::UnknownError("");
  };
  auto state = std::make_shared<State>();
  [[maybe_unused]] const auto wait = ask([state](absl::StatusOr<Answer> answer) {
    state->answer = std::move(answer);
    state->answered.Notify();
  });
  state->answered.WaitForNotification();
  return std::move(state->answer);
}

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_AWAIT_H_
