#include "tests/codecs/worker/pool_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/time/clock.h"
#include "codecs/worker/pidfd.h"

namespace cbzfs {

Gate::Gate(uint64_t key) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) abort();
  source_ = std::make_shared<SourceFile>(ends[0], 1000, key);
  test_end_.reset(ends[1]);
}

void Gate::WaitForWorker() {
  pollfd readable = {.fd = test_end_.get(), .events = POLLIN};
  ASSERT_EQ(poll(&readable, 1, 60'000), 1) << "no worker came within a minute";
  char word = 0;
  ASSERT_EQ(read(test_end_.get(), &word, 1), 1);
}

void Gate::Tell(Evil deed) {
  const char word = static_cast<char>(deed);
  ASSERT_EQ(write(test_end_.get(), &word, 1), 1);
}

std::shared_ptr<const SourceFile> PlainSource(uint64_t key) {
  return std::make_shared<SourceFile>(open("/dev/null", O_RDONLY | O_CLOEXEC), 1000, key);
}

int CountDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<int>(std::distance(begin(all), end(all)));
}

std::string ReadProc(int pid, const std::string& file) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

int ParentOf(int pid) {
  const std::string status = ReadProc(pid, "status");
  const size_t at = status.find("PPid:");
  return at == std::string::npos ? -1 : std::stoi(status.substr(at + 5));
}

void WaitForEndOf(int pid) {
  const UniqueFd pidfd = OpenPidfd(pid);
  if (!pidfd.valid()) return;  // ended and reaped
  pollfd ended = {.fd = pidfd.get(), .events = POLLIN};
  EXPECT_EQ(poll(&ended, 1, 60'000), 1) << "process " << pid << " lives on";
}

std::string PoolTest::EvilProgram(const std::string& name) {
  return std::filesystem::path(CBZFS_EVIL_WORKER).parent_path() / name;
}

void PoolTest::StartPool() {
  absl::StatusOr<std::unique_ptr<WorkerPool>> pool = WorkerPool::Start(options_);
  ASSERT_TRUE(pool.ok()) << pool.status();
  pool_ = *std::move(pool);
}

DrawRequest PoolTest::RequestFor(Evil deed) {
  return {.page = static_cast<uint32_t>(deed),
          .row = {.width = 100, .height = 100, .dpi = 150, .payload_bytes = 5000},
          .max_payload = 5000};
}

PoolTest::Sent<Drawn> PoolTest::Draw(std::shared_ptr<const SourceFile> source, Evil deed,
                                     Priority priority) {
  return Draw(std::move(source), RequestFor(deed), priority);
}

PoolTest::Sent<Drawn> PoolTest::Draw(std::shared_ptr<const SourceFile> source,
                                     const DrawRequest& request, Priority priority) {
  Sent<Drawn> sent;
  sent.id = pool_->Draw(
      std::move(source), request, priority,
      [outcome = sent.outcome](absl::StatusOr<Drawn> drawn) { outcome->Set(std::move(drawn)); });
  return sent;
}

PoolTest::Sent<ProbeResult> PoolTest::Probe(std::shared_ptr<const SourceFile> source,
                                            Priority priority) {
  Sent<ProbeResult> sent;
  sent.id = pool_->Probe(
      std::move(source), priority,
      [outcome = sent.outcome](absl::StatusOr<ProbeResult> result) { outcome->Set(result); });
  return sent;
}

PoolTest::Sent<Document> PoolTest::Analyse(std::shared_ptr<const SourceFile> source,
                                           Priority priority) {
  Sent<Document> sent;
  sent.id = pool_->Analyse(std::move(source), {.options = analyse_}, priority,
                           [outcome = sent.outcome](absl::StatusOr<Document> document) {
                             outcome->Set(std::move(document));
                           });
  return sent;
}

void PoolTest::WarmUp(int count) {
  std::vector<std::unique_ptr<Gate>> gates;
  std::vector<Sent<ProbeResult>> probes;
  for (int i = 0; i < count; ++i) {
    const uint64_t key = 0x10000 + 0x100 * static_cast<uint64_t>(i);
    gates.push_back(std::make_unique<Gate>(key + static_cast<uint64_t>(Evil::kAsk)));
    probes.push_back(Probe(gates.back()->source()));
    gates.back()->WaitForWorker();
  }
  for (const auto& gate : gates) gate->Tell(Evil::kGood);
  for (const Sent<ProbeResult>& probe : probes) EXPECT_TRUE(probe.Wait().ok());
  EXPECT_EQ(pool_->stats().alive, static_cast<uint32_t>(count));
}

void PoolTest::LetThePoolSettle() {
  // Refused at once, by the pool's thread, after everything before it.
  DrawRequest impossible = RequestFor(Evil::kGood);
  impossible.max_payload = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Draw(PlainSource(1), impossible).Wait().status()));
}

void PoolTest::WaitUntil(const std::function<bool(const WorkerPoolStats&)>& reached) {
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (!reached(pool_->stats())) {
    ASSERT_LT(absl::Now(), end) << "not within a minute";
    absl::SleepFor(absl::Milliseconds(2));
  }
}

void PoolTest::ExpectPoolWorks() {
  const absl::StatusOr<Drawn> drawn = Draw(PlainSource(0), Evil::kGood).Wait();
  EXPECT_TRUE(drawn.ok()) << drawn.status();
}

}  // namespace cbzfs
