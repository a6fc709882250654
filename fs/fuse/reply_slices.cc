#include "fs/fuse/reply_slices.h"

#include <sys/uio.h>

#include <cerrno>
#include <climits>
#include <string>
#include <vector>

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

namespace cbzfs {

// writev() refuses an answer of more parts than
// IOV_MAX, libfuse's header among them.
void ReplySlices(fuse_req_t request, const ReadResult& result, size_t asked) {
  if (result.size() > asked) {
    fuse_reply_err(request, EIO);
    return;
  }
  if (result.slices.size() < IOV_MAX - 1) {
    std::vector<iovec> parts;
    parts.reserve(result.slices.size());
    for (const ReadResult::Slice& slice : result.slices) {
      parts.push_back({const_cast<char*>(slice.data), slice.size});
    }
    fuse_reply_iov(request, parts.data(), static_cast<int>(parts.size()));
    return;
  }
  std::string joined;
  joined.reserve(result.size());
  for (const ReadResult::Slice& slice : result.slices) joined.append(slice.data, slice.size);
  fuse_reply_buf(request, joined.data(), joined.size());
}

}  // namespace cbzfs
