#include "fs/core/source_node.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

class PlainOpenFile : public OpenFile {
 public:
  explicit PlainOpenFile(std::shared_ptr<const SourceFile> file) : file_(std::move(file)) {}

  std::shared_ptr<ReadWait> Read(uint64_t offset, size_t size, ReadDone done) override {
    auto buffer = std::make_shared_for_overwrite<char[]>(size);
    size_t have = 0;
    while (have < size) {
      const ssize_t n =
          pread(file_->fd(), buffer.get() + have, size - have, static_cast<off_t>(offset + have));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        done(ErrnoStatus(errno, "reading the source"));
        return nullptr;
      }
      if (n == 0) break;
      have += static_cast<size_t>(n);
    }
    ReadResult result;
    result.slices.push_back({buffer.get(), have, buffer});
    done(std::move(result));
    return nullptr;
  }

 private:
  const std::shared_ptr<const SourceFile> file_;
};

}  // namespace

std::string SourceNode::path() const {
  absl::MutexLock lock(&path_mu_);
  return path_;
}

void SourceNode::Adopt(const Node& other) {
  std::string path = static_cast<const SourceNode&>(other).path();
  absl::MutexLock lock(&path_mu_);
  path_ = std::move(path);
}

void PlainFile::GetAttr(AttrDone done) {
  auto st = services().library->Stat(path());
  if (!st.ok()) return done(st.status());
  done(ShownAttr(view().since_ns(), *st, ino(), static_cast<uint64_t>(st->st_size)));
}

void PlainFile::Open(OpenDone done) {
  SourceKey key;
  auto file = services().library->OpenFile(path(), &key);
  if (!file.ok()) return done(OpenFailed(services(), path(), file.status()));
  auto open = std::make_shared<PlainOpenFile>(*std::move(file));
  {
    absl::MutexLock lock(&mu_);
    open->keep_cache = !opened_.has_value() || *opened_ == key;
    opened_ = key;
  }
  done(std::move(open));
}

void PlainLink::GetAttr(AttrDone done) {
  auto st = services().library->Stat(path());
  if (!st.ok()) return done(st.status());
  done(ShownAttr(view().since_ns(), *st, ino(), static_cast<uint64_t>(st->st_size)));
}

absl::StatusOr<std::string> PlainLink::ReadLink() { return services().library->ReadLink(path()); }

}  // namespace cbzfs
