#include "fs/core/file_crcs.h"

#include <pthread.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/zip/crc_force.h"
#include "fs/core/advice.h"
#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

constexpr uint64_t kKnownCharge = 100;
constexpr size_t kChunk = 256 << 10;

// In the index a CRC stands where a document has its fingerprint, under options that no document
// has. To be raised when what is kept changes.
constexpr uint64_t kCrcOptions = 0x637263206f662066;
constexpr uint32_t kCrcEngine = 1;

DocumentKey IndexKey(const SourceKey& key) {
  return {.source = key, .options = kCrcOptions, .engine = kCrcEngine};
}

absl::Status Stopped() { return absl::CancelledError("the mount ends"); }

}  // namespace

// Whose files are looked at in order; `crcs` has those that are done.
class FileCrcs::Request : public FileCrcs::Wait {
 public:
  Request(std::vector<File> files, Done done) : files_(std::move(files)), done_(std::move(done)) {}

  void Leave() override { left_ = true; }
  bool left() const { return left_; }

  const std::vector<File>& files() const { return files_; }
  bool finished() const { return crcs.size() == files_.size(); }
  const File& next() const { return files_[crcs.size()]; }
  void Answer(absl::StatusOr<std::vector<uint32_t>> result) {
    if (!left_) done_(std::move(result));
  }

  std::vector<uint32_t> crcs;  // of one thread at a time

 private:
  const std::vector<File> files_;
  Done done_;
  std::atomic<bool> left_ = false;
};

std::optional<uint32_t> FileCrcs::Find(const SourceKey& key) {
  if (key.size == 0) return 0;
  if (const auto crc = known_.Find(key)) return *crc;
  const auto row = index_->FindDocument(IndexKey(key));
  if (!row.has_value() || !row->document.ok()) return std::nullopt;
  const auto crc = static_cast<uint32_t>(row->fingerprint);
  known_.Insert(key, std::make_shared<const uint32_t>(crc), kKnownCharge);
  return crc;
}

std::shared_ptr<FileCrcs::Wait> FileCrcs::Get(std::vector<File> files, Done done) {
  auto request = std::make_shared<Request>(std::move(files), std::move(done));
  request->crcs.reserve(request->files().size());
  {
    const Index::Reading reading(index_);
    while (!request->finished()) {
      const auto crc = Find(request->next().key);
      if (!crc.has_value()) break;
      request->crcs.push_back(*crc);
    }
  }
  if (request->finished()) {
    request->Answer(std::move(request->crcs));
    return nullptr;
  }
  {
    absl::MutexLock lock(&mu_);
    if (!stopping_) {
      if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
      queue_.push_back(request);
      return request;
    }
  }
  request->Answer(Stopped());
  return nullptr;
}

void FileCrcs::Stop() {
  std::thread thread;
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
    thread.swap(thread_);
  }
  if (thread.joinable()) thread.join();
}

absl::StatusOr<uint32_t> FileCrcs::Compute(const File& wanted) {
  SourceKey key;
  auto file = library_->OpenFile(wanted.path, &key, SourceFormat::kImage);
  if (file.ok() && !SameBytes(key, wanted.key)) {
    return absl::AbortedError("the file changed while it was looked at");
  }
  absl::Status read = file.status();
  uint32_t crc = 0;
  std::string buffer;
  for (uint64_t at = 0; read.ok() && at < static_cast<uint64_t>(key.size); at += buffer.size()) {
    if (stopping_) return Stopped();
    buffer.resize(std::min<uint64_t>(kChunk, static_cast<uint64_t>(key.size) - at));
    read = ReadExactly(**file, at, buffer.size(), buffer.data());
    if (read.ok()) crc = ExtendCrc(crc, buffer);
  }
  if (file.ok() && !Unchanged(**file, key)) {
    return absl::AbortedError("the file changed while it was looked at");
  }
  if (!read.ok()) {
    const int error = ErrnoOf(read);
    // One that is gone is another version of its folder.
    if (error == ENOENT || error == ENOTDIR || error == ELOOP) {
      return absl::AbortedError(read.message());
    }
    errors_->Report(wanted.path, 0,
                    absl::StrCat("cannot be read: ", std::generic_category().message(error)),
                    AdviceFor(WithErrno(read, error),
                              {.format = SourceFormat::kImage, .whole_file = true, .limits = {}}),
                    "whoever reads the directory of the archive that it is in gets that error");
    return MarkReported(read);
  }
  ++files_;
  bytes_ += static_cast<uint64_t>(key.size);
  known_.Insert(wanted.key, std::make_shared<const uint32_t>(crc), kKnownCharge);
  index_->PutDocument(IndexKey(wanted.key), {.fingerprint = crc, .document = std::string()});
  return crc;
}

void FileCrcs::Run() {
  pthread_setname_np(pthread_self(), "crcs");
  const auto something = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return stopping_ || !queue_.empty();
  };
  for (;;) {
    std::shared_ptr<Request> request;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(&something));
      if (queue_.empty()) return;  // and so all have been answered
      request = std::move(queue_.front());
      queue_.pop_front();
    }
    if (request->left()) continue;
    if (stopping_) {
      request->Answer(Stopped());
      continue;
    }
    // Somebody else may have waited for the same file.
    const auto known = Find(request->next().key);
    const absl::StatusOr<uint32_t> crc = known.has_value() ? *known : Compute(request->next());
    if (!crc.ok()) {
      request->Answer(crc.status());
      continue;
    }
    request->crcs.push_back(*crc);
    if (request->finished()) {
      request->Answer(std::move(request->crcs));
      continue;
    }
    absl::MutexLock lock(&mu_);
    queue_.push_back(std::move(request));
  }
}

}  // namespace cbzfs
