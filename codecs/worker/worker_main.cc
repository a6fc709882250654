// cbzfs-worker: started by cbzfs, once; see codecs/worker/zygote_server.h.

#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "codecs/archive/legacy_charsets.h"
#include "codecs/pdf/pdf.h"
#include "codecs/worker/request_loop.h"
#include "codecs/worker/zygote_server.h"

int main(int argc, char** argv) {
  int socket = -1;
  int type = 0;
  socklen_t size = sizeof type;
  if (argc != 2 || !absl::SimpleAtoi(argv[1], &socket) ||
      getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
    fputs("cbzfs-worker draws pages for cbzfs, which starts it; it is of no use by itself.\n",
          stderr);
    return 64;  // EX_USAGE
  }
  // libzip turns times into dates, for which the C library would look for the time zone's file.
  setenv("TZ", "UTC0", 1);
  const auto charsets = cbzfs::LegacyCharsets::Load();
  if (!charsets.ok()) {
    fprintf(stderr, "cbzfs-worker: %s\n", std::string(charsets.status().message()).c_str());
    return 1;
  }
  cbzfs::PdfEngine pdf;  // shared by all workers until they write to it
  const cbzfs::Engines engines = {.pdf = &pdf, .charsets = charsets->get()};
  return cbzfs::RunZygote(
      socket, [&engines](int worker) { return cbzfs::ServeRequests(engines, worker); });
}
