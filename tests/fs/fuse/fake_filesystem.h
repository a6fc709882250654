// A Filesystem whose answers the test decides: linked in the place of the real one, so that the
// adapter is tested as it is, through a real mount.
//
//   /now       a file of known bytes, answered at once
//   /later     its reads wait until the test calls AnswerReads() or they are left
//   /slow      its lookup waits until the test calls AnswerLookups()
//   /many/     2 000 files, each second one with its attributes at hand
//   /broken    opening it fails with EIO, listing it too
//   /link      a symbolic link to "now"

#ifndef CBZFS_TESTS_FS_FUSE_FAKE_FILESYSTEM_H_
#define CBZFS_TESTS_FS_FUSE_FAKE_FILESYSTEM_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/filesystem.h"

namespace cbzfs {

enum FakeIno : uint64_t {
  kNowIno = 10,
  kLaterIno,
  kSlowIno,
  kManyIno,
  kBrokenIno,
  kLinkIno,
  kFirstOfManyIno = 1000,
};
inline constexpr size_t kManyFiles = 2000;
inline constexpr size_t kFileBytes = 3'000'000;

char ByteAt(uint64_t offset);

// What the fake knows and counts.
struct Services {
  absl::Mutex mu;
  std::map<uint64_t, int64_t> references ABSL_GUARDED_BY(mu);  // of the kernel, by inode
  std::vector<OpenFile::ReadDone> reads ABSL_GUARDED_BY(mu);
  std::vector<Node::LookupDone> lookups ABSL_GUARDED_BY(mu);
  int left ABSL_GUARDED_BY(mu) = 0;      // reads given up
  int listings ABSL_GUARDED_BY(mu) = 0;  // how often a directory was listed
  int open_files ABSL_GUARDED_BY(mu) = 0;
  bool stopped ABSL_GUARDED_BY(mu) = false;

  void WaitForReads(size_t count);
  void WaitForLookups(size_t count);
  void WaitForLeft(int count);
  void AnswerReads();
  void AnswerLookups();
  int64_t References(uint64_t ino);
};

// Of the last Filesystem made.
Services& Fake();

}  // namespace cbzfs

#endif  // CBZFS_TESTS_FS_FUSE_FAKE_FILESYSTEM_H_
