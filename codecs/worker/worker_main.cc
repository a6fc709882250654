// cbzfs-worker: started by cbzfs, once; see codecs/worker/zygote_server.h.

#include <malloc.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "absl/strings/numbers.h"
#include "codecs/archive/legacy_charsets.h"
#include "codecs/packed/packed_reader.h"
#include "codecs/pdf/pdf.h"
#include "codecs/worker/request_loop.h"
#include "codecs/worker/zygote_server.h"

namespace {

// Rasters and coefficients come and go with every page. glibc would map each afresh and give it
// back at once: 10 000 page faults for a page of 6 megapixels, a fifth of all that enhancing it
// costs. So they stay in the heap, up to what a few such pages need; what idle
// workers hold counts, and they are replaced when others need it (MemoryAccount).
void TuneAllocator() {
  mallopt(M_MMAP_THRESHOLD, 512 << 20);
  mallopt(M_TRIM_THRESHOLD, 96 << 20);
  // There is one thread. malloc might still try a second arena when memory has ended, and for that
  // ask how many processors there are, which is no business of a worker's (sandbox_syscalls.cc).
  mallopt(M_ARENA_MAX, 1);
}

}  // namespace

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
  TuneAllocator();
  // libzip turns times into dates, for which the C library looks for the time zone's file, once.
  setenv("TZ", "UTC0", 1);
  tzset();
  if (!cbzfs::PackedReader::UseUtf8Names()) {
    fputs(
        "cbzfs-worker: no locale C.UTF-8: names in 7z and RAR archives that are not ASCII are "
        "lost\n",
        stderr);
  }
  const auto charsets = cbzfs::LegacyCharsets::Load();
  if (!charsets.ok()) {
    fprintf(stderr, "cbzfs-worker: %s\n", std::string(charsets.status().message()).c_str());
    return 1;
  }
  cbzfs::PdfEngine pdf;  // shared by all workers until they write to it
  const cbzfs::Engines engines = {.pdf = &pdf, .charsets = charsets->get()};
  return cbzfs::RunZygote(socket, [&engines](int worker, const cbzfs::proto::Hello& hello) {
    return cbzfs::ServeRequests(engines, worker, hello);
  });
}
