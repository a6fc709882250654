#include "fs/command/sync.h"

#include <utility>

#include "absl/synchronization/notification.h"

namespace cbzfs {
namespace {

// Calls `ask` with a callback and waits for it.
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

}  // namespace

absl::StatusOr<Found> LookupNow(Node& folder, std::string_view name) {
  return Await<Found>([&](auto done) {
    folder.Lookup(name, std::move(done));
    return 0;
  });
}

absl::StatusOr<std::shared_ptr<const Listing>> ListNow(Node& folder) {
  return Await<std::shared_ptr<const Listing>>([&](auto done) {
    folder.List(/*plus=*/false, std::move(done));
    return 0;
  });
}

absl::StatusOr<std::shared_ptr<OpenFile>> OpenNow(Node& file) {
  return Await<std::shared_ptr<OpenFile>>([&](auto done) {
    file.Open(std::move(done));
    return 0;
  });
}

absl::StatusOr<ReadResult> ReadNow(OpenFile& file, uint64_t offset, size_t size) {
  return Await<ReadResult>([&](auto done) { return file.Read(offset, size, std::move(done)); });
}

}  // namespace cbzfs
