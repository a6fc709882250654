#include "fs/core/node.h"

#include <errno.h>

#include "fs/core/errno_status.h"

namespace cbzfs {

size_t ReadResult::size() const {
  size_t total = 0;
  for (const Slice& slice : slices) total += slice.size;
  return total;
}

void Node::Lookup(std::string_view /*name*/, LookupDone done) {
  done(ErrnoStatus(ENOTDIR, "lookup"));
}

void Node::List(bool /*plus*/, ListDone done) { done(ErrnoStatus(ENOTDIR, "list")); }

void Node::Open(OpenDone done) { done(ErrnoStatus(EISDIR, "open")); }

absl::StatusOr<std::string> Node::ReadLink() { return ErrnoStatus(EINVAL, "readlink"); }

void Node::Adopt(const Node& /*other*/) {}

void Node::SourceChanged() {}

}  // namespace cbzfs
