// A worker program for tests: speaks the protocol, and does to the daemon what a worker that was
// taken over by a document might. What it does is the page of a drawing, or the low byte of a
// probe's or analysis' source key (evil.h); what it does at its start follows from the name it is
// started by.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/document/document_codec.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"
#include "codecs/worker/worker_pool.h"
#include "codecs/worker/zygote_server.h"
#include "tests/codecs/worker/evil.h"

namespace cbzfs {
namespace {

std::string g_name;  // the last part of the path this was started by

// The source is one end of a socket pair: tells the test that it is here, waits for its word.
Evil Ask(int source) {
  char word = 0;
  if (write(source, "!", 1) != 1 || read(source, &word, 1) != 1) _exit(3);
  return static_cast<Evil>(word);
}

Evil DeedOf(const proto::Request& request, int source) {
  const uint64_t told = request.has_draw() ? request.draw().page() : request.source_key() & 0xFF;
  const Evil deed = static_cast<Evil>(told);
  if (deed == Evil::kHangsUnlessSparing) {
    return request.has_analyse() && request.analyse().sparing() ? Evil::kGood : Evil::kHang;
  }
  return deed == Evil::kAsk ? Ask(source) : deed;
}

void Answer(const proto::Request& request, int result, proto::Reply* reply) {
  if (request.has_probe()) return reply->set_page_count(7);
  std::string bytes = std::to_string(getpid());
  if (request.has_analyse()) {
    Document document;
    document.pages.resize(2);
    for (Page& page : document.pages) {
      page = {.width = 100, .height = 100, .dpi = 150, .payload_bytes = 5000};
    }
    bytes = EncodeDocument(document);
  }
  const bool entry =
      request.has_draw() && request.draw().finish() == static_cast<uint32_t>(Finish::kEntry);
  if (entry) bytes.assign(request.draw().entry_bytes(), 'e');
  if (!WriteResult(result, bytes).ok()) _exit(4);
  reply->set_result_bytes(bytes.size());
  if (!entry) reply->set_quality(85);
}

void SendRaw(int socket, const void* data, size_t bytes) {
  send(socket, data, bytes, MSG_NOSIGNAL);
}

// Something for the result file or the memory; the reply may then be sent as usual.
void Prepare(Evil deed, int result, proto::Reply* reply) {
  switch (deed) {
    case Evil::kWrongId:
      return reply->set_id(reply->id() + 1);
    case Evil::kTooLong:
      return reply->set_result_bytes(uint64_t{1} << 60);
    case Evil::kOneByteLess:
      return reply->set_result_bytes(reply->result_bytes() - 1);
    case Evil::kOneByteMore:
      return reply->set_result_bytes(reply->result_bytes() + 1);
    case Evil::kNotes:
      return reply->set_message("damaged\x1b[31m\n" + std::string(1000, 'x'));
    case Evil::kNothing:
      return reply->clear_result_bytes();
    case Evil::kKeepsMapping: {
      void* const kept = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, result, 0);
      if (kept == MAP_FAILED) _exit(5);
      return;
    }
    case Evil::kUnknownCode:
      return reply->set_code(static_cast<proto::Code>(99));
    case Evil::kBadDocument:
      if (!WriteResult(result, "\xff\xff\xff\xff nonsense").ok()) _exit(4);
      return reply->set_result_bytes(13);
    case Evil::kNoPages:
      return reply->set_page_count(0);
    case Evil::kBadQuality:
      return reply->set_quality(1000);
    case Evil::kHonestFailure:
      reply->set_code(proto::DATA_LOSS);
      return reply->set_message("a bad\n\x1b[31mpage \xff" + std::string(1000, 'x'));
    case Evil::kMemoryEnded:
      reply->set_code(proto::RESOURCE_EXHAUSTED);
      return reply->set_message("memory ended");
    case Evil::kGrows: {
      constexpr size_t kBytes = 300 << 20;
      volatile char* const grown = static_cast<char*>(malloc(kBytes));
      for (size_t i = 0; i < kBytes; i += 4096) grown[i] = 1;
      return;
    }
    default:
      return;
  }
}

void Misbehave(Evil deed, int socket, proto::Reply* reply, int source) {
  switch (deed) {
    case Evil::kCrash:
      kill(getpid(), SIGSEGV);
      break;
    case Evil::kDiesOfBus:
      kill(getpid(), SIGBUS);
      break;
    case Evil::kDiesOfKill:
      kill(getpid(), SIGKILL);
      break;
    case Evil::kDiesOfSys:
      kill(getpid(), SIGSYS);
      break;
    case Evil::kDiesOfAbort:
      kill(getpid(), SIGABRT);
      break;
    case Evil::kExits:
      _exit(7);
    case Evil::kHang:
      while (true) pause();
    case Evil::kGarbage:
      return SendRaw(socket, "\xff\xff\xff\xff\xff", 5);
    case Evil::kEmpty:
      return SendRaw(socket, "", 0);
    case Evil::kHuge:
      return SendRaw(socket, std::string(100'000, 'x').data(), 100'000);
    case Evil::kDescriptors:
      static_cast<void>(SendMessage(socket, *reply, {source, source}, Wait::kYes));
      return;
    case Evil::kTwoReplies:
      static_cast<void>(SendMessage(socket, *reply, {}, Wait::kYes));
      break;
    case Evil::kFloods:
      for (int i = 0; i < 100'000; ++i) fputs("a line that nobody needs\n", stderr);
      break;
    default:
      break;
  }
  static_cast<void>(SendMessage(socket, *reply, {}, Wait::kYes));
}

int Serve(int socket, proto::Hello hello) {
  for (const int caught : {SIGSEGV, SIGBUS, SIGABRT}) signal(caught, SIG_DFL);  // by sanitizers
  if (g_name == kDiesBeforeHello) return 1;
  if (g_name == kWorkerOfAnotherVersion) hello.set_engine(hello.engine() + 1);
  if (!SendMessage(socket, hello, {}, Wait::kYes).ok()) return 1;
  if (g_name == kDiesAfterHello) return 1;
  while (true) {
    proto::Request request;
    absl::StatusOr<std::vector<UniqueFd>> got =
        ReceiveMessage(socket, kMaxDescriptors, Wait::kYes, &request);
    if (!got.ok()) return 0;
    const int source = got->front().get();
    const int result = got->back().get();
    proto::Reply reply;
    reply.set_id(request.id());
    HoldToData(request.data_limit());
    const Evil deed = DeedOf(request, source);
    if (deed != Evil::kHonestFailure && deed != Evil::kMemoryEnded) Answer(request, result, &reply);
    Prepare(deed, result, &reply);
    Misbehave(deed, socket, &reply, source);
  }
}

}  // namespace
}  // namespace cbzfs

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const std::string_view path = argv[0];
  cbzfs::g_name = path.substr(path.rfind('/') + 1);
  const int socket = atoi(argv[1]);
  if (cbzfs::g_name == cbzfs::kZygoteOfAnotherVersion) {
    cbzfs::proto::Hello hello = cbzfs::MakeHello();
    hello.set_version(hello.version() + 1);
    static_cast<void>(cbzfs::SendMessage(socket, hello, {}, cbzfs::Wait::kYes));
    while (true) pause();
  }
  return cbzfs::RunZygote(socket, cbzfs::Serve);
}
