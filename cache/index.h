// Index: what was found out about documents, kept across mounts, so that the second mount of a
// library lists at the speed of stat. An SQLite database; losing it costs time, never truth.
//
// A row is found under exactly the version of the file (SourceKey), options and engine that it was
// made for; each row carries a checksum, and one that fails it is not found. For files that moved
// or whose device was renumbered there is a second way, by fingerprint.
//
// Reading is synchronous: a miss takes 17 us, a row of 3 KiB 20-30 us, one of 300 KiB 0.3 ms; loop
// threads may call it. Writing is handed to a thread that commits in batches (70 us a row of 3
// KiB); a row that waits to be written is found already. Programs and objects may share one file:
// SQLite's WAL lets them read while one writes.
//
// Failures: a file that is corrupt, foreign or of another schema is renamed to PATH.corrupt and
// begun anew. When the disk fails or is full, the index goes on in memory, up to
// IndexOptions::memory_bytes. Each of these is told once to IndexOptions::warn; no call fails. A
// disk that was full, read-only or failing for a while is tried again with what is to be written
// then, retry_delay later; what was kept in memory meanwhile stays there. A file that was damaged
// while it was in use is not gone back to.
//
// Any thread, but start it after daemonising: it owns a thread. The destructor writes what waits.

#ifndef CBZFS_CACHE_INDEX_H_
#define CBZFS_CACHE_INDEX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace cbzfs {

// Which version of which file. Compare with == only: an older time is a change too.
struct SourceKey {
  uint64_t dev = 0;
  uint64_t ino = 0;
  int64_t size = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;

  friend bool operator==(const SourceKey&, const SourceKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const SourceKey& k) {
    return H::combine(std::move(h), k.dev, k.ino, k.size, k.mtime_ns, k.ctime_ns);
  }
};

// What a document is remembered under.
struct DocumentKey {
  SourceKey source;
  uint64_t options = 0;  // hash of the options that decide the page table
  uint32_t engine = 0;   // kEngineVersion

  friend bool operator==(const DocumentKey&, const DocumentKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const DocumentKey& k) {
    return H::combine(std::move(h), k.source, k.options, k.engine);
  }
};

// What is remembered. Put only failures that the file itself causes (not a PDF, password): an
// accident (deadline, no memory) would be remembered as long.
struct IndexedDocument {
  uint64_t fingerprint = 0;
  absl::StatusOr<std::string> document;  // an encoded Document; opaque here
};

struct IndexOptions {
  // When more is stored, the rows longest unused go: at opening, and after each batch.
  uint64_t max_documents = 200'000;
  uint64_t max_bytes = 1ull << 30;
  // The bound of what is kept in memory: rows that wait to be written (a row past it is dropped),
  // and all rows when there is no file.
  uint64_t memory_bytes = 64ull << 20;
  // A row waits this long for company before it is written.
  absl::Duration write_delay = absl::Seconds(1);
  // How long a disk that failed is left alone.
  absl::Duration retry_delay = absl::Minutes(5);
  // Messages for the log. Called by any thread; no lock is held.
  std::function<void(const std::string&)> warn;
  // For the day a row was last used on.
  std::function<absl::Time()> now = absl::Now;
};

struct IndexStats {
  uint64_t documents = 0;    // rows stored and waiting, failures included
  uint64_t hits = 0;         // Find... that found
  uint64_t misses = 0;       // Find... that did not
  uint64_t written = 0;      // rows committed, whether to the file or in memory
  uint64_t waiting = 0;      // rows
  uint64_t dropped = 0;      // rows not kept: too many waited, or there was no memory
  bool memory_only = false;  // from the start, or since the disk failed and until it is well
};

class Index {
 public:
  // The folder of `path` is made, 0700, with its parents when it does not exist.
  // kPermissionDenied when it belongs to somebody else or others may write to it;
  // kFailedPrecondition when it cannot be made or `path` is no regular file. The messages are for
  // the user; going on with OpenInMemory is safe. Every later trouble is a warning.
  static absl::StatusOr<std::unique_ptr<Index>> Open(const std::string& path, IndexOptions options);
  static std::unique_ptr<Index> OpenInMemory(IndexOptions options);
  virtual ~Index() = default;

  virtual std::optional<IndexedDocument> FindDocument(const DocumentKey& key) = 0;

  // Whoever is about to find many documents holds one: the calls then share SQLite's locks of the
  // file, which are half of what a call costs. Not for long: the file's log is not folded in
  // meanwhile.
  class Reading {
   public:
    explicit Reading(Index* index) : index_(index) { index_->BeginReading(); }
    ~Reading() { index_->EndReading(); }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    Index* const index_;
  };

  // The same content elsewhere: size and mtime must agree too, as the fingerprint covers only the
  // file's ends. Found here, a document is usually Put under its new key.
  virtual std::optional<IndexedDocument> FindByFingerprint(uint64_t fingerprint, int64_t size,
                                                           int64_t mtime_ns, uint64_t options,
                                                           uint32_t engine) = 0;

  // Replaces what was known under `key`.
  virtual void PutDocument(const DocumentKey& key, IndexedDocument document) = 0;

  // Since when, in ns since 1970, the bytes of this view of this library have been what they are:
  // 0 while the options hash never changed, else when a mount first brought the present one. A
  // file's mtime is the later of the source's and this. `library` and `view` are any bytes.
  // Rises with each change even if the clock was set back. Writes at once.
  virtual int64_t RememberView(std::string_view library, std::string_view view,
                               uint64_t options_hash, int64_t now_ns) = 0;

  // Returns when all that was put before is written, or one attempt at it has failed: then, as
  // another program has held the file for seconds, the rows wait on.
  virtual void Flush() = 0;

  virtual IndexStats stats() const = 0;

 private:
  virtual void BeginReading() = 0;
  virtual void EndReading() = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CACHE_INDEX_H_
