#include "fs/service_notify.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {
namespace {

// A path, or with an "@" in front an abstract name, which begins with a zero byte in an address.
void SendTo(std::string_view name, const std::string& text) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const bool abstract = name.starts_with('@');
  if ((!abstract && !name.starts_with('/')) || name.size() >= sizeof(address.sun_path)) return;
  memcpy(address.sun_path, name.data(), name.size());
  if (abstract) address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());

  const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // A manager that hangs must not keep a mount from ending.
  const timeval patience = {.tv_sec = 1, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&address), length);
}

void Send(std::string_view state, std::string status) {
  const char* const name = getenv("NOTIFY_SOCKET");
  if (name == nullptr) return;
  // What comes behind a line's end would be another assignment.
  std::replace(status.begin(), status.end(), '\n', ' ');
  SendTo(name, absl::StrCat(std::string(state), "STATUS=", status));
}

}  // namespace

void TellServiceReady(const std::string& status) { Send("READY=1\n", status); }

void TellServiceStopping(const std::string& status) { Send("STOPPING=1\n", status); }

void TellServiceFailed(const std::string& message) { Send("", message); }

}  // namespace cbzfs
