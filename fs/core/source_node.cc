#include "fs/core/source_node.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fs/core/errno_status.h"
#include "fs/core/library.h"

namespace cbzfs {
namespace {

class PlainOpenFile : public OpenFile {
 public:
  PlainOpenFile(std::shared_ptr<const SourceFile> file, const SourceKey& key)
      : file_(std::move(file)), key_(key) {
    // What the kernel has cached of the node is of this version.
    keep_cache = true;
  }

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
    // After the read: what was read before the change is of the version that was opened.
    if (!Unchanged(*file_, key_)) {
      done(ErrnoStatus(EIO, "the source changed while open"));
      return nullptr;
    }
    ReadResult result;
    result.slices.push_back({buffer.get(), have, buffer});
    done(std::move(result));
    return nullptr;
  }

 private:
  const std::shared_ptr<const SourceFile> file_;
  const SourceKey key_;
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

void LatestHandle::Set(const std::shared_ptr<OpenFile>& file, const struct stat& attr) {
  absl::MutexLock lock(&mu_);
  file_ = file;
  attr_ = attr;
}

absl::StatusOr<struct stat> LatestHandle::AttrOfGone(const absl::StatusOr<struct stat>& now,
                                                     const std::string& where) const {
  absl::MutexLock lock(&mu_);
  if (!file_.expired()) return attr_;
  return ErrnoStatus(now.ok() ? ESTALE : ErrnoOf(now.status()), where);
}

PlainFile::PlainFile(std::shared_ptr<Services> services, const View* view,
                     const struct stat& source, std::string path)
    : SourceNode(
          std::move(services), view,
          InoOf(view->id(), absl::StrCat("version ", HashOf(KeyOf(source)), " of file"), source),
          std::move(path)),
      key_(KeyOf(source)),
      stat_ino_(InoOf(view->id(), "file", source)) {}

void PlainFile::GetAttr(AttrDone done) {
  const std::string where = path();
  auto st = services().library->Stat(where);
  if (!st.ok() || KeyOf(*st) != key_) {
    return done(latest_.AttrOfGone(st, where));
  }
  done(ShownAttr(view().since_ns(), *st, stat_ino_, static_cast<uint64_t>(st->st_size)));
}

void PlainFile::Open(OpenDone done) {
  const std::string where = path();
  SourceKey key;
  auto file = services().library->OpenFile(where, &key);
  if (!file.ok()) return done(OpenFailed(services(), where, file.status()));
  if (key != key_) return done(ErrnoStatus(ESTALE, where));
  struct stat st;
  if (fstat((*file)->fd(), &st) != 0) return done(ErrnoStatus(errno, where));
  auto open = std::make_shared<PlainOpenFile>(*std::move(file), key);
  latest_.Set(open, ShownAttr(view().since_ns(), st, stat_ino_, static_cast<uint64_t>(key.size)));
  done(std::move(open));
}

void PlainLink::GetAttr(AttrDone done) {
  auto st = services().library->Stat(path());
  if (!st.ok()) return done(st.status());
  done(ShownAttr(view().since_ns(), *st, ino(), static_cast<uint64_t>(st->st_size)));
}

absl::StatusOr<std::string> PlainLink::ReadLink() { return services().library->ReadLink(path()); }

}  // namespace cbzfs
