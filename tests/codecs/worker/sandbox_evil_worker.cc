// A worker program for sandbox_test: a zygote and workers as the real one's, that try to do what
// the page of a drawing says (sandbox_deeds.h), and answer with what came of it if they live.

#include <seccomp.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/worker/channel.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"
#include "codecs/worker/zygote_server.h"
#include "tests/codecs/worker/sandbox_deeds.h"

namespace cbzfs {
namespace {

std::string_view g_name;
pid_t g_zygote = -1;

int Serve(int socket, proto::Hello hello) {
  if (g_name == kClaimsNoSandbox) hello.clear_sandbox();
  if (!SendMessage(socket, hello, {}, Wait::kYes).ok()) return 1;
  while (true) {
    proto::Request request;
    absl::StatusOr<std::vector<UniqueFd>> got =
        ReceiveMessage(socket, kMaxDescriptors, Wait::kYes, &request);
    if (!got.ok() || got->size() != 2 || !request.has_draw()) return 1;
    const int result = got->back().get();
    const uint32_t page = request.draw().page();
    std::string text = "good";
    if (page < kDeeds) {
      const int error = kDeedList[page].commit({.socket = socket,
                                                .source = got->front().get(),
                                                .result = result,
                                                .capacity = request.draw().max_payload(),
                                                .parent = g_zygote});
      text = error == 0 ? "done" : "refused " + std::to_string(error);
    }
    if (!WriteResult(result, text).ok()) return 1;
    proto::Reply reply;
    reply.set_id(request.id());
    reply.set_quality(85);
    reply.set_result_bytes(text.size());
    if (!SendMessage(socket, reply, {}, Wait::kYes).ok()) return 1;
  }
}

// As containers do whose runtime is older than Landlock.
bool ForbidLandlock() {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  const bool done =
      filter != nullptr &&
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(landlock_create_ruleset), 0) == 0 &&
      seccomp_load(filter) == 0;
  seccomp_release(filter);
  return done;
}

}  // namespace
}  // namespace cbzfs

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const std::string_view path = argv[0];
  cbzfs::g_name = path.substr(path.rfind('/') + 1);
  cbzfs::g_zygote = getpid();
  if (cbzfs::g_name == cbzfs::kLandlockForbidden && !cbzfs::ForbidLandlock()) return 2;
  return cbzfs::RunZygote(atoi(argv[1]), cbzfs::Serve);
}
