// What `-o store=` asks for, made: a folder (dir:PATH) or a server (redis://...) as the second
// level behind the page cache.
//
// A server's user and password come from the environment, CBZFS_STORE_USER and
// CBZFS_STORE_PASSWORD: on a command line everybody on the host would see them.

#ifndef CBZFS_FS_CORE_STORE_SETUP_H_
#define CBZFS_FS_CORE_STORE_SETUP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cache/store/second_level.h"
#include "fs/core/options.h"

namespace cbzfs {

// The folder that `store=dir:` names, as typed; empty for all else.
std::string StoreFolder(const Options& options);

// kInvalidArgument with a message for the user where `store` or `size` makes no sense.
absl::Status CheckStore(const Options& options);

// Null where none is asked for. The folder is absolute. kPermissionDenied: it is refused, or cannot
// be made. A server that does not answer is no error: pages are drawn until it does.
absl::StatusOr<std::unique_ptr<SecondLevel>> MakeSecondLevel(const Options& options);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_STORE_SETUP_H_
