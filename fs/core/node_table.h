// The nodes that the kernel holds, and the names under which it may have cached them.
//
// The kernel counts references on a node (each lookup and each entry of a listing with attributes
// is one) and gives them back with forget; the table owns the node meanwhile. The names are kept so
// that, when the library changes, exactly those can be dropped from the kernel's cache.
//
// An answer may be out of date before the kernel has it: it was read, then the folder changed, and
// what the kernel had was dropped before the answer arrived. Sequence() and ChangedSince() tell.
//
// Threads: any. Nodes are freed outside of the lock.

#ifndef CBZFS_FS_CORE_NODE_TABLE_H_
#define CBZFS_FS_CORE_NODE_TABLE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/node.h"

namespace cbzfs {

class NodeTable {
 public:
  // A name that the kernel may have cached.
  struct Name {
    uint64_t parent = 0;
    std::string name;
    uint64_t child = 0;
  };

  // Never forgotten: the kernel does not look the root up.
  void HoldRoot(std::shared_ptr<Node> root);

  // Null where the kernel does not hold such a node.
  std::shared_ptr<Node> Find(uint64_t ino) const;

  // Counts a reference on the node, and remembers the name.
  void Hold(uint64_t parent, std::string_view name, const std::shared_ptr<Node>& node);
  void Forget(uint64_t ino, uint64_t count);

  // Take before the library is read for an answer.
  uint64_t Sequence() const;
  // Whether the folder changed after `sequence` was taken. One that is not held yet may be asked
  // about, and marked, as well: it may be on its way to the kernel.
  bool ChangedSince(uint64_t folder, uint64_t sequence) const;
  void MarkChanged(uint64_t folder);
  void MarkAllChanged();

  // The names are taken out, as they are about to be dropped from the kernel's cache: those in the
  // folder that a change of the source `name` may concern (names.h), all in the folder, all of one
  // node, and all there are.
  std::vector<Name> TakeRelated(uint64_t folder, std::string_view name);
  std::vector<Name> TakeUnder(uint64_t folder);
  std::vector<Name> TakeNamesOf(uint64_t ino);
  std::vector<Name> TakeAll();

  std::vector<uint64_t> Inos() const;

 private:
  using Names = std::map<std::pair<uint64_t, std::string>, uint64_t>;  // to the child
  struct Held {
    std::shared_ptr<Node> node;
    uint64_t references = 0;
    uint64_t changed = 0;  // the sequence number of the last change
    std::vector<Names::iterator> names;
  };

  void Remember(uint64_t parent, std::string_view name, uint64_t child)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Unlink(Names::iterator name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Of the folder's names that begin with `prefix`, those that `wanted` is true for.
  template <typename Wanted>
  std::vector<Name> Take(uint64_t folder, std::string_view prefix, Wanted wanted)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  absl::flat_hash_map<uint64_t, Held> held_ ABSL_GUARDED_BY(mu_);
  Names names_ ABSL_GUARDED_BY(mu_);
  uint64_t sequence_ ABSL_GUARDED_BY(mu_) = 0;
  // Of folders that are not held: when they changed, and when that was last forgotten.
  absl::flat_hash_map<uint64_t, uint64_t> changed_ ABSL_GUARDED_BY(mu_);
  uint64_t all_changed_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t root_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_NODE_TABLE_H_
