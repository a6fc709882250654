#include "fs/core/source_table.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "fs/core/errno_status.h"

namespace cbzfs {

absl::StatusOr<std::shared_ptr<const SourceFile>> SourceTable::Share(int fd, const SourceKey& key,
                                                                     uint64_t hash,
                                                                     SourceFormat format,
                                                                     PasswordList passwords) {
  auto file = std::make_unique<const SourceFile>(fd, static_cast<uint64_t>(key.size), hash, format,
                                                 std::move(passwords));
  const Key full{key, hash, format};
  // Freed after the lock: with the last owner the file signs off, which takes the lock.
  std::shared_ptr<const SourceFile> shared;
  absl::MutexLock lock(&state_->mu);
  auto& known = state_->files[full];
  shared = known.lock();
  if (shared != nullptr) return shared;
  if (state_->open >= state_->limit) {
    state_->files.erase(full);
    return ErrnoStatus(EMFILE, "too many files of the library are open at once");
  }
  ++state_->open;
  shared = std::shared_ptr<const SourceFile>(
      file.release(), [full, state = state_](const SourceFile* closed) {
        delete closed;
        absl::MutexLock inner(&state->mu);
        --state->open;
        // Somebody may have opened the same version between the last owner's end and here.
        const auto found = state->files.find(full);
        if (found != state->files.end() && found->second.expired()) state->files.erase(found);
      });
  known = shared;
  return shared;
}

uint64_t SourceTable::open() const {
  absl::MutexLock lock(&state_->mu);
  return state_->open;
}

uint64_t SourceLimit(uint32_t workers) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = 1024;
  const uint64_t all = std::min<uint64_t>(limit.rlim_cur, 1 << 20);
  return all - std::min(64 + 16 * uint64_t{workers}, all / 2);
}

}  // namespace cbzfs
