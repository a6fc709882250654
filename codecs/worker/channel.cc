#include "codecs/worker/channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "codecs/worker/protocol.h"

namespace cbzfs {
namespace {

absl::Status StatusOfErrno(int error, const char* what) {
  switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
    case ECONNREFUSED:
      return absl::UnavailableError("the other side is gone");
    case EAGAIN:
      return absl::ResourceExhaustedError("the socket would block");
    default:
      return absl::InternalError(std::string(what) + ": " + strerror(error));
  }
}

// Takes over every descriptor of the message, so that none leaks whatever is wrong with it.
std::vector<UniqueFd> TakeDescriptors(msghdr* header) {
  std::vector<UniqueFd> descriptors;
  for (cmsghdr* c = CMSG_FIRSTHDR(header); c != nullptr; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

}  // namespace

absl::StatusOr<std::pair<UniqueFd, UniqueFd>> MakeSocketPair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return StatusOfErrno(errno, "socketpair");
  }
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

absl::Status SendMessage(int socket, const google::protobuf::MessageLite& message,
                         absl::Span<const int> descriptors, Wait wait) {
  const std::string bytes = message.SerializeAsString();
  if (bytes.empty() || bytes.size() > kMaxMessageBytes || descriptors.size() > kMaxDescriptors) {
    return absl::InternalError("a message that cannot be sent");
  }
  iovec part = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))] = {};
  if (!descriptors.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    memcpy(CMSG_DATA(c), descriptors.data(), descriptors.size() * sizeof(int));
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &header, MSG_NOSIGNAL | (wait == Wait::kNo ? MSG_DONTWAIT : 0));
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? StatusOfErrno(errno, "sendmsg") : absl::OkStatus();
}

absl::StatusOr<std::vector<UniqueFd>> ReceiveMessage(int socket, size_t max_descriptors, Wait wait,
                                                     google::protobuf::MessageLite* message) {
  // Too much for a stack frame.
  const auto buffer = std::make_unique_for_overwrite<char[]>(kMaxMessageBytes);
  iovec part = {.iov_base = buffer.get(), .iov_len = kMaxMessageBytes};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (max_descriptors > 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (wait == Wait::kNo ? MSG_DONTWAIT : 0));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return StatusOfErrno(errno, "recvmsg");
  std::vector<UniqueFd> descriptors = TakeDescriptors(&header);
  // An empty packet cannot be told from the end of file; nobody honest sends one.
  if (got == 0) return absl::UnavailableError("the other side is gone");
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || descriptors.size() > max_descriptors ||
      !message->ParseFromArray(buffer.get(), static_cast<int>(got))) {
    return absl::DataLossError("no message of the protocol");
  }
  return descriptors;
}

}  // namespace cbzfs
