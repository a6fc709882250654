#include "fs/core/node_table.h"

#include <algorithm>
#include <typeinfo>

#include "fs/core/names.h"

namespace cbzfs {
namespace {

constexpr size_t kMostUnheld = 4096;

bool OfOneKind(const Node& a, const Node& b) { return typeid(a) == typeid(b); }

}  // namespace

void NodeTable::HoldRoot(std::shared_ptr<Node> root) {
  absl::MutexLock lock(&mu_);
  root_ = root->ino();
  held_[root_].node = std::move(root);
}

std::shared_ptr<Node> NodeTable::Find(uint64_t ino) const {
  absl::MutexLock lock(&mu_);
  const auto it = held_.find(ino);
  return it == held_.end() ? nullptr : it->second.node;
}

void NodeTable::Hold(uint64_t parent, std::string_view name, const std::shared_ptr<Node>& node) {
  std::shared_ptr<Node> replaced;  // freed after the lock
  absl::MutexLock lock(&mu_);
  Held& held = held_[node->ino()];
  ++held.references;
  if (held.node == nullptr) {
    held.node = node;
    if (const auto it = changed_.find(node->ino()); it != changed_.end()) {
      held.changed = it->second;
      changed_.erase(it);
    }
  } else if (held.node != node && OfOneKind(*held.node, *node)) {
    held.node->Adopt(*node);
  } else if (held.node != node) {
    // The number is that of another kind of thing by now: the new one is true.
    replaced = std::exchange(held.node, node);
  }
  Remember(parent, name, node->ino());
}

void NodeTable::Remember(uint64_t parent, std::string_view name, uint64_t child) {
  const auto [it, added] = names_.try_emplace({parent, std::string(name)}, child);
  if (!added) {
    if (it->second == child) return;
    if (const auto old = held_.find(it->second); old != held_.end()) {
      std::erase(old->second.names, it);
    }
    it->second = child;
  }
  held_[child].names.push_back(it);
}

void NodeTable::Forget(uint64_t ino, uint64_t count) {
  std::shared_ptr<Node> gone;  // freed after the lock
  absl::MutexLock lock(&mu_);
  const auto it = held_.find(ino);
  if (it == held_.end() || ino == root_) return;
  Held& held = it->second;
  held.references -= std::min(held.references, count);
  if (held.references > 0) return;
  gone = std::move(held.node);
  for (const Names::iterator name : held.names) names_.erase(name);
  held_.erase(it);
}

uint64_t NodeTable::Sequence() const {
  absl::MutexLock lock(&mu_);
  return sequence_;
}

bool NodeTable::ChangedSince(uint64_t folder, uint64_t sequence) const {
  absl::MutexLock lock(&mu_);
  if (all_changed_ > sequence) return true;
  if (const auto it = held_.find(folder); it != held_.end()) return it->second.changed > sequence;
  const auto it = changed_.find(folder);
  return it != changed_.end() && it->second > sequence;
}

void NodeTable::MarkChanged(uint64_t folder) {
  absl::MutexLock lock(&mu_);
  ++sequence_;
  if (const auto it = held_.find(folder); it != held_.end()) {
    it->second.changed = sequence_;
    return;
  }
  if (changed_.size() >= kMostUnheld) {
    changed_.clear();
    all_changed_ = sequence_;
  }
  changed_[folder] = sequence_;
}

void NodeTable::MarkAllChanged() {
  absl::MutexLock lock(&mu_);
  all_changed_ = ++sequence_;
}

void NodeTable::Unlink(Names::iterator name) {
  if (const auto it = held_.find(name->second); it != held_.end()) {
    std::erase(it->second.names, name);
  }
  names_.erase(name);
}

template <typename Wanted>
std::vector<NodeTable::Name> NodeTable::Take(uint64_t folder, std::string_view prefix,
                                             Wanted wanted) {
  std::vector<Name> taken;
  auto it = names_.lower_bound({folder, std::string(prefix)});
  while (it != names_.end() && it->first.first == folder && it->first.second.starts_with(prefix)) {
    const auto next = std::next(it);
    if (wanted(it->first.second)) {
      taken.push_back({folder, it->first.second, it->second});
      Unlink(it);
    }
    it = next;
  }
  return taken;
}

std::vector<NodeTable::Name> NodeTable::TakeRelated(uint64_t folder, std::string_view name) {
  absl::MutexLock lock(&mu_);
  const std::string_view root = RootOfName(name);
  // The PDF that it says something of has another name, and what is made of that gets other sizes.
  if (IsRootOfFolderSidecar(root)) return Take(folder, "", [](const std::string&) { return true; });
  return Take(folder, root, [root](const std::string& other) { return RootOfName(other) == root; });
}

std::vector<NodeTable::Name> NodeTable::TakeUnder(uint64_t folder) {
  absl::MutexLock lock(&mu_);
  return Take(folder, "", [](const std::string&) { return true; });
}

std::vector<NodeTable::Name> NodeTable::TakeNamesOf(uint64_t ino) {
  absl::MutexLock lock(&mu_);
  std::vector<Name> taken;
  const auto it = held_.find(ino);
  if (it == held_.end()) return taken;
  for (const Names::iterator name : it->second.names) {
    taken.push_back({name->first.first, name->first.second, ino});
    names_.erase(name);
  }
  it->second.names.clear();
  return taken;
}

std::vector<NodeTable::Name> NodeTable::TakeAll() {
  absl::MutexLock lock(&mu_);
  std::vector<Name> taken;
  taken.reserve(names_.size());
  for (const auto& [key, child] : names_) taken.push_back({key.first, key.second, child});
  for (auto& [ino, held] : held_) held.names.clear();
  names_.clear();
  return taken;
}

std::vector<uint64_t> NodeTable::Inos() const {
  absl::MutexLock lock(&mu_);
  std::vector<uint64_t> inos;
  inos.reserve(held_.size());
  for (const auto& [ino, held] : held_) inos.push_back(ino);
  return inos;
}

}  // namespace cbzfs
