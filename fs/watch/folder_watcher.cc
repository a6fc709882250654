#include "fs/watch/folder_watcher.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace cbzfs {
namespace {

constexpr int64_t kMostWatches = 32'768;
constexpr int64_t kKernelsDefault = 8'192;  // where /proc does not say

// Other programs have used up the user's watches: when to try again.
constexpr absl::Duration kRetry = absl::Minutes(1);

// Enough for some hundred events; the kernel hands out whole ones only.
constexpr size_t kBufferBytes = 64 << 10;

constexpr size_t kMostUnseenDevices = 256;

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

// One event, said in the listener's words.
struct FolderWatcher::Happened {
  enum class Kind { kNothing, kEntry, kLost, kEverything };
  Kind kind = Kind::kNothing;
  FolderId folder;
  std::string name;
};

int64_t DefaultWatchLimit() {
  std::ifstream file("/proc/sys/fs/inotify/max_user_watches");
  int64_t most = 0;
  if (!(file >> most) || most <= 0) most = kKernelsDefault;
  return std::clamp<int64_t>(most / 4, 1, kMostWatches);
}

bool ChangesUnseen(int64_t file_system_type) {
  // From linux/magic.h, and from the drivers where it has no name there.
  constexpr uint32_t kTypes[] = {
      0x6969,      // NFS
      0x517B,      // SMB
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB2
      0x65735546,  // FUSE: sshfs, rclone, mergerfs, virtiofs
      0x01021997,  // 9p
      0x00C36400,  // Ceph
      0x5346414F,  // AFS
      0x6B414653,  // kAFS
      0x73757245,  // Coda
      0x7461636f,  // OCFS2
      0x01161970,  // GFS2
      0x0BD00BD0,  // Lustre
      0x47504653,  // GPFS
      0x19830326,  // BeeGFS
      0x786F4256,  // VirtualBox' shared folders
      0xBACBACBC,  // VMware's
      0x564C,      // NCP
      0xAAD7AAEA,  // PanFS
  };
  const auto type = static_cast<uint32_t>(file_system_type);
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

FolderWatcher::FolderWatcher(FolderWatcherOptions options, WatchListener* listener)
    : info_(std::move(options.info)), inotify_(std::move(options.inotify)), listener_(listener) {
  absl::MutexLock lock(&mu_);
  limit_ = static_cast<uint64_t>(options.limit < 0 ? DefaultWatchLimit() : options.limit);
  if (limit_ == 0) return;
  const int opened = inotify_->Open();
  if (opened < 0) {
    InfoOnce("open", absl::StrCat("folders are not watched for changes, but looked at when somebody"
                                  " asks: inotify: ",
                                  Reason(-opened)));
    limit_ = 0;
    return;
  }
  stop_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_ < 0) {
    InfoOnce("open", absl::StrCat("folders are not watched for changes: ", Reason(errno)));
    close(opened);
    limit_ = 0;
    return;
  }
  descriptor_ = opened;
  stats_.active = true;
  thread_ = std::thread([this] { Run(); });
}

FolderWatcher::~FolderWatcher() {
  if (thread_.joinable()) {
    eventfd_write(stop_, 1);
    thread_.join();
  }
  if (descriptor_ >= 0) close(descriptor_);
  if (stop_ >= 0) close(stop_);
}

FolderWatcher::Stats FolderWatcher::stats() const {
  absl::MutexLock lock(&mu_);
  Stats stats = stats_;
  stats.folders = watched_.size();
  stats.limit = limit_;
  return stats;
}

FolderWatcher::State FolderWatcher::Touch(const FolderId& folder) {
  absl::MutexLock lock(&mu_);
  if (descriptor_ < 0) return State::kUnwatchable;
  const auto it = watched_.find(folder);
  if (it != watched_.end()) {
    order_.splice(order_.begin(), order_, it->second.place);
    return State::kWatched;
  }
  if (unseen_devices_.contains(folder.dev)) return State::kUnwatchable;
  if (retry_at_ != absl::InfinitePast() && absl::Now() < retry_at_) return State::kUnwatchable;
  return State::kUnwatched;
}

bool FolderWatcher::Add(const FolderId& folder, int descriptor) {
  if (descriptor_ < 0) return false;
  const int64_t type = inotify_->FileSystemType(descriptor);  // may wait for a server: no lock
  FolderId given_up;
  FolderId replaced;
  bool added = false;
  {
    absl::MutexLock lock(&mu_);
    if (ChangesUnseen(type)) {
      if (unseen_devices_.size() >= kMostUnseenDevices) unseen_devices_.clear();
      unseen_devices_.insert(folder.dev);
      InfoOnce("unseen",
               "the library is, in part or as a whole, on a file system that does not"
               " tell of changes; they are seen after the ttl there");
      return false;
    }
    // Events wait for this lock as well, so none comes for a watch that is not in the tables yet.
    const int watch = AddWatch(descriptor, &given_up);
    added = watch >= 0;
    if (added) Place(folder, watch, &replaced);
  }
  if (given_up != FolderId()) listener_->FolderLost(given_up);
  if (replaced != FolderId()) listener_->FolderLost(replaced);
  return added;
}

int FolderWatcher::AddWatch(int descriptor, FolderId* given_up) {
  if (watched_.size() >= limit_) GiveUpOne(given_up);
  int watch = inotify_->Add(descriptor_, descriptor);
  if (watch == -ENOSPC && *given_up == FolderId() && GiveUpOne(given_up)) {
    // What others leave us is less than our limit.
    limit_ = watched_.size() + 1;
    InfoOnce("ENOSPC", absl::StrCat("fs.inotify.max_user_watches is used up: ", limit_,
                                    " folders are watched for changes, the rest is looked at when"
                                    " somebody asks"));
    watch = inotify_->Add(descriptor_, descriptor);
  }
  if (watch == -ENOSPC || watch == -ENOMEM) {
    retry_at_ = absl::Now() + kRetry;
    InfoOnce("full", absl::StrCat("folders cannot be watched for changes: ", Reason(-watch),
                                  "; they are looked at when somebody asks"));
  }
  return watch;
}

// `gone`: another folder had this watch, so it can no longer be what its id says.
bool FolderWatcher::Place(const FolderId& folder, int watch, FolderId* gone) {
  const auto known = by_watch_.find(watch);
  if (known != by_watch_.end()) {
    if (known->second == folder) return true;
    *gone = known->second;
    Erase(*gone, /*remove=*/false);
  }
  if (watched_.contains(folder)) Erase(folder, /*remove=*/true);
  order_.push_front(folder);
  watched_[folder] = {watch, order_.begin()};
  by_watch_[watch] = folder;
  return true;
}

void FolderWatcher::Erase(const FolderId& folder, bool remove) {
  const auto it = watched_.find(folder);
  if (it == watched_.end()) return;
  if (remove) inotify_->Remove(descriptor_, it->second.watch);
  by_watch_.erase(it->second.watch);
  order_.erase(it->second.place);
  watched_.erase(it);
}

bool FolderWatcher::GiveUpOne(FolderId* given_up) {
  if (order_.empty()) return false;
  *given_up = order_.back();
  Erase(*given_up, /*remove=*/true);
  ++stats_.given_up;
  return true;
}

void FolderWatcher::InfoOnce(const char* key, const std::string& message) {
  if (said_.insert(key).second && info_) info_(message);
}

void FolderWatcher::Run() {
  pthread_setname_np(pthread_self(), "watch");
  alignas(inotify_event) static thread_local char buffer[kBufferBytes];
  pollfd waits[] = {{descriptor_, POLLIN, 0}, {stop_, POLLIN, 0}};
  for (;;) {
    if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
    if ((waits[1].revents & POLLIN) != 0) return;
    if ((waits[0].revents & (POLLIN | POLLERR | POLLHUP)) == 0) continue;
    const ssize_t got = read(descriptor_, buffer, sizeof(buffer));
    if (got > 0) {
      Handle(buffer, static_cast<size_t>(got));
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
      listener_->EverythingChanged();  // no more will be heard
      return;
    }
  }
}

void FolderWatcher::Handle(const char* bytes, size_t size) {
  std::vector<Happened> happened;
  {
    absl::MutexLock lock(&mu_);
    while (size >= sizeof(inotify_event)) {
      inotify_event event;
      memcpy(&event, bytes, sizeof(event));
      const size_t whole = sizeof(event) + event.len;
      if (whole > size) break;
      const char* const name = bytes + sizeof(event);
      happened.push_back(Interpret(event.wd, event.mask, {name, strnlen(name, event.len)}));
      bytes += whole;
      size -= whole;
    }
  }
  for (const Happened& one : happened) {
    switch (one.kind) {
      case Happened::Kind::kNothing:
        break;
      case Happened::Kind::kEntry:
        listener_->EntryChanged(one.folder, one.name);
        break;
      case Happened::Kind::kLost:
        listener_->FolderLost(one.folder);
        break;
      case Happened::Kind::kEverything:
        listener_->EverythingChanged();
        break;
    }
  }
}

FolderWatcher::Happened FolderWatcher::Interpret(int watch, uint32_t mask, std::string_view name) {
  ++stats_.events;
  if ((mask & IN_Q_OVERFLOW) != 0) {
    ++stats_.overflows;
    return {Happened::Kind::kEverything, {}, ""};
  }
  const auto known = by_watch_.find(watch);
  if (known == by_watch_.end()) return {};  // given up while the event was on its way
  const FolderId folder = known->second;
  if ((mask & (IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)) == 0) {
    return {Happened::Kind::kEntry, folder, std::string(name)};
  }
  // Of these only a move leaves the watch in the kernel.
  Erase(folder, /*remove=*/(mask & IN_MOVE_SELF) != 0);
  return {Happened::Kind::kLost, folder, ""};
}

}  // namespace cbzfs
