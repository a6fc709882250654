// The index's file and folder, apart from what SQLite does with them. Used by Index only.
//
// Nothing here opens the database file while SQLite has it open in this process: closing any
// descriptor of it would drop SQLite's locks (fcntl locks belong to the process).

#ifndef CBZFS_CACHE_INDEX_FILE_H_
#define CBZFS_CACHE_INDEX_FILE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cache/index_store.h"

namespace cbzfs::index_file {

// Makes the folder of `path`, private, and checks that only we may write to it; see Index::Open.
absl::Status PrepareFolder(const std::string& path);

// Which file stands at `path`.
struct Identity {
  dev_t dev = 0;
  ino_t ino = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// The two connections of an index: a reader never waits for the writer's transaction.
struct Connections {
  std::unique_ptr<IndexStore> reader;
  std::unique_ptr<IndexStore> writer;
  Identity file;
  std::string warning;  // a damaged file was moved aside; empty: all is well
};

// Opens `path`, moving a damaged or foreign file aside and beginning a new one. Programs that
// open the same file do this one after the other. Errors: the disk's.
absl::StatusOr<Connections> Open(const std::string& path);

// Renames `path` to PATH.corrupt if it still is `file`; its connections stay usable and should be
// given up.
void MoveAside(const std::string& path, const Identity& file);

}  // namespace cbzfs::index_file

#endif  // CBZFS_CACHE_INDEX_FILE_H_
