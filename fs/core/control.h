// The mount's own files: the root, and `.cbzfs/` with what an administrator and the tests read.
//
//   .cbzfs/status   counters and limits as JSON, taken when the file is opened
//   .cbzfs/errors   one failure a line: path, page, reason, advice (error_log.h)
//
// Threads: any.

#ifndef CBZFS_FS_CORE_CONTROL_H_
#define CBZFS_FS_CORE_CONTROL_H_

#include <memory>
#include <string>

#include "fs/core/filesystem.h"
#include "fs/core/node.h"
#include "fs/core/services.h"

namespace cbzfs {

// What MOUNT/ is: a folder of all views, or the one view's root. Holds `.cbzfs`, which it does not
// list.
std::shared_ptr<Node> MakeRoot(const std::shared_ptr<Services>& services);

// The text of `.cbzfs/status`.
std::string StatusJson(const Services& services);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_CONTROL_H_
