// What a hostile worker can say: packets on its socket, and a result file. ReceiveMessage(), the
// failures and answers of a Reply, Hello; and, for the other side, a Request's rows and options.

#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "codecs/document/utf8.h"
#include "codecs/worker/answer.h"
#include "codecs/worker/channel.h"
#include "codecs/worker/protocol.h"
#include "codecs/worker/result_file.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs {
namespace {

constexpr uint64_t kSourceBytes = 1 << 20;
constexpr uint64_t kMostResult = 1 << 20;

bool IsPrintable(std::string_view line) {
  return fuzz::IsOneLine(line) && IsValidUtf8(line) && line.size() <= kMaxReasonBytes;
}

bool IsPrintable(const absl::Status& status) {
  return IsPrintable({status.message().data(), status.message().size()});
}

Job JobOf(uint8_t choice) {
  Job job;
  job.id = 7;
  job.source = std::make_shared<SourceFile>(-1, kSourceBytes, 77, SourceFormat::kArchive);
  job.kind = static_cast<Job::Kind>(choice % 3);
  job.analysis.options.max_pages = 1 + choice % 5;
  job.draw = {.max_payload = kMostResult, .finish = static_cast<Finish>(choice / 3 % 4)};
  job.draw.entry_bytes = choice;
  return job;
}

// `message` as it came through a socket.
template <typename Message>
bool PassThroughSocket(absl::Span<const uint8_t> bytes, size_t descriptors, Message* message) {
  static const auto ends = *MakeSocketPair();
  // One that is too long, as the peer may try.
  if (bytes.size() > kMaxMessageBytes + 1) bytes = bytes.subspan(0, kMaxMessageBytes + 1);
  if (send(ends.first.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    return false;
  }
  const auto got = ReceiveMessage(ends.second.get(), descriptors, Wait::kNo, message);
  if (!got.ok()) {
    FUZZ_CHECK(absl::IsDataLoss(got.status()) || absl::IsUnavailable(got.status()));
    return false;
  }
  FUZZ_CHECK(got->empty());
  return true;
}

void CheckAnswer(const Job& job, const proto::Reply& reply, absl::Span<const uint8_t> result) {
  const uint64_t capacity = std::min(job.ResultCapacity(), kMostResult);
  auto file = MakeResultFile(job.ResultCapacity());
  FUZZ_CHECK(file.ok());
  result = result.subspan(0, std::min<uint64_t>(result.size(), capacity));
  FUZZ_CHECK(
      WriteResult(file->get(), {reinterpret_cast<const char*>(result.data()), result.size()}).ok());
  const auto answer = ReadAnswer(job, reply, file->get());
  if (!answer.ok()) {
    FUZZ_CHECK(absl::IsDataLoss(answer.status()) && IsPrintable(answer.status()));
    return;
  }
  if (const auto* drawn = std::get_if<Drawn>(&*answer)) {
    FUZZ_CHECK(job.kind == Job::Kind::kDraw);
    FUZZ_CHECK(drawn->payload.size() == reply.result_bytes());
    FUZZ_CHECK(drawn->payload.size() <= job.ResultCapacity() && drawn->quality <= 100);
    FUZZ_CHECK(IsPrintable(drawn->note));
  } else if (const auto* document = std::get_if<Document>(&*answer)) {
    FUZZ_CHECK(job.kind == Job::Kind::kAnalyse && !document->pages.empty());
  } else {
    FUZZ_CHECK(job.kind == Job::Kind::kProbe && std::get<ProbeResult>(*answer).page_count > 0);
  }
}

void CheckReply(fuzz::Input& input) {
  const Job job = JobOf(input.Take<uint8_t>());
  const absl::Span<const uint8_t> packet = input.Bytes(input.Take<uint16_t>());
  proto::Reply reply;
  if (!PassThroughSocket(packet, 0, &reply)) return;
  if (reply.code() == proto::OK) {
    CheckAnswer(job, reply, input.Rest());
    return;
  }
  const absl::Status failure = FailureOf(reply);
  FUZZ_CHECK(!failure.ok() && IsPrintable(failure));
  proto::Reply again;
  SetFailure(failure, &again);
  FUZZ_CHECK(FailureOf(again) == failure);
}

// What a request says is understood as it is: said again, it is the same.
void CheckRequest(fuzz::Input& input) {
  proto::Request request;
  if (!PassThroughSocket(input.Rest(), kMaxDescriptors, &request)) return;
  const proto::PageRow row = ToProto(FromProto(request.draw().row()));
  FUZZ_CHECK(ToProto(FromProto(row)).SerializeAsString() == row.SerializeAsString());
  const proto::AnalyseOptions options = ToProto(FromProto(request.analyse().options()));
  FUZZ_CHECK(ToProto(FromProto(options)).SerializeAsString() == options.SerializeAsString());
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  switch (input.Take<uint8_t>() % 4) {
    case 0: {
      proto::Hello hello;
      if (!PassThroughSocket(input.Rest(), 0, &hello)) break;
      const absl::Status status = CheckHello(hello);
      FUZZ_CHECK(status.ok() || IsPrintable(status));
      break;
    }
    case 1:
      CheckRequest(input);
      break;
    case 2: {
      const size_t most = input.Take<uint8_t>();
      const std::string line = PrintableLine(input.RestText(), most);
      FUZZ_CHECK(line.size() <= most && fuzz::IsOneLine(line) && IsValidUtf8(line));
      FUZZ_CHECK(PrintableLine(line, most) == line);
      break;
    }
    default:
      CheckReply(input);
  }
  return 0;
}
