#include "fs/core/change_watch.h"

#include <pthread.h>
#include <unistd.h>

#include <utility>

#include "absl/time/clock.h"
#include "fs/core/filesystem.h"
#include "fs/core/library.h"
#include "fs/core/names.h"
#include "fs/core/services.h"

namespace cbzfs {
namespace {

// A change seldom comes alone (create, write, close), and an answer that was read before it should
// have reached the kernel.
constexpr absl::Duration kGather = absl::Milliseconds(5);
// From the beginning of one round to that of the next.
constexpr absl::Duration kBetweenRounds = absl::Milliseconds(100);
// More than this at once, and everything is dropped instead of each by its name.
constexpr size_t kMostChanges = 10'000;
// Folders that show beside themselves; far more than are watched by default.
constexpr size_t kMostParents = 100'000;

}  // namespace

ChangeWatch::ChangeWatch(const Library* library, NodeTable* nodes, std::vector<uint64_t> views,
                         bool view_is_root, FolderWatcherOptions options)
    : library_(library),
      nodes_(nodes),
      views_(std::move(views)),
      watcher_(std::move(options), this) {
  if (!view_is_root) return;
  if (auto st = library_->Stat(""); st.ok()) root_ = {st->st_dev, st->st_ino};
}

ChangeWatch::~ChangeWatch() { Stop(); }

bool ChangeWatch::Watch(const std::string& path, const struct stat& st) {
  const FolderId id = {st.st_dev, st.st_ino};
  if (watcher_.Touch(id) != FolderWatcher::State::kUnwatched) return false;
  auto folder = library_->Hold(path);
  if (!folder.ok()) return false;
  auto found = folder->Stat();
  const bool same = found.ok() && FolderId{found->st_dev, found->st_ino} == id;
  return same && watcher_.Add(id, folder->fd());
}

void ChangeWatch::Start(KernelCache* kernel) {
  if (thread_.joinable() || !watcher_.stats().active) return;
  kernel_ = kernel;
  thread_ = std::thread([this] { Run(); });
}

void ChangeWatch::Stop() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

ChangeWatch::Stats ChangeWatch::stats() const {
  Stats stats;
  stats.folders = watcher_.stats();
  absl::MutexLock lock(&mu_);
  stats.rounds = rounds_;
  stats.names = names_;
  return stats;
}

void ChangeWatch::TellParent(const struct stat& st, const struct stat& parent,
                             std::string_view name) {
  const FolderId folder = {st.st_dev, st.st_ino};
  const FolderId above = {parent.st_dev, parent.st_ino};
  absl::MutexLock lock(&mu_);
  // Those that went are not taken out one by one; who is still there tells again.
  if (parents_.size() >= kMostParents) parents_.clear();
  Change& change = parents_[folder];
  change.folder = above;
  change.root = RootOfName(name);
}

void ChangeWatch::AddForParent(const FolderId& folder) {
  Change change;
  {
    absl::MutexLock lock(&mu_);
    const auto found = parents_.find(folder);
    if (found == parents_.end()) return;
    change = found->second;
  }
  Add(std::move(change));
}

void ChangeWatch::EntryChanged(const FolderId& folder, std::string_view name) {
  Add({.folder = folder, .root = std::string(RootOfName(name))});
  AddForParent(folder);
}

void ChangeWatch::FolderLost(const FolderId& folder) {
  Add({.folder = folder, .lost = true});
  AddForParent(folder);
}

void ChangeWatch::EverythingChanged() {
  absl::MutexLock lock(&mu_);
  everything_ = true;
}

void ChangeWatch::Add(Change change) {
  absl::MutexLock lock(&mu_);
  if (everything_ || stopping_) return;
  changes_.insert(std::move(change));
  if (changes_.size() > kMostChanges) {
    everything_ = true;
    changes_.clear();
  }
}

// One folder is an inode in each view.
std::vector<uint64_t> ChangeWatch::InosOf(const FolderId& folder) const {
  struct stat st = {};
  st.st_dev = folder.dev;
  st.st_ino = folder.ino;
  std::vector<uint64_t> inos;
  for (const uint64_t view : views_) inos.push_back(InoOf(view, kFolderIno, st));
  if (folder == root_) inos.push_back(Filesystem::kRootIno);
  return inos;
}

void ChangeWatch::Run() {
  pthread_setname_np(pthread_self(), "notify");
  const auto something = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return stopping_ || everything_ || !changes_.empty();
  };
  for (;;) {
    Changes changes;
    bool everything = false;
    {
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(&something));
      mu_.AwaitWithTimeout(absl::Condition(&stopping_), kGather);
      if (stopping_) return;
      changes.swap(changes_);
      everything = std::exchange(everything_, false);
      ++rounds_;
    }
    const absl::Time next = absl::Now() + kBetweenRounds;
    Round(changes, everything);
    absl::MutexLock lock(&mu_);
    if (mu_.AwaitWithDeadline(absl::Condition(&stopping_), next)) return;
  }
}

void ChangeWatch::Round(const Changes& changes, bool everything) {
  std::vector<NodeTable::Name> names;
  absl::flat_hash_set<uint64_t> inos;
  const auto take = [&](std::vector<NodeTable::Name> taken) {
    for (NodeTable::Name& name : taken) {
      inos.insert(name.child);
      names.push_back(std::move(name));
    }
  };
  if (everything) {
    nodes_->MarkAllChanged();
    for (const uint64_t ino : nodes_->Inos()) {
      inos.insert(ino);
      if (const auto node = nodes_->Find(ino)) node->SourceChanged();
    }
    take(nodes_->TakeAll());
  }
  for (const Change& change : changes) {
    for (const uint64_t ino : InosOf(change.folder)) {
      // First, so that an answer which is not in the table yet is known to be old when it comes.
      nodes_->MarkChanged(ino);
      const std::shared_ptr<Node> node = nodes_->Find(ino);
      if (node == nullptr) continue;
      node->SourceChanged();
      inos.insert(ino);
      if (change.lost) {
        take(nodes_->TakeUnder(ino));
        take(nodes_->TakeNamesOf(ino));
      } else if (!change.root.empty()) {
        take(nodes_->TakeRelated(ino, change.root));
      }
    }
  }
  {
    absl::MutexLock lock(&mu_);
    names_ += names.size();
  }
  for (const NodeTable::Name& name : names) kernel_->DropName(name.parent, name.name);
  for (const uint64_t ino : inos) kernel_->DropAttributes(ino);
}

}  // namespace cbzfs
