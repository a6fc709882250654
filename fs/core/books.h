// The books that were looked at lately, so that a folder of pages or a second listing need not make
// their tables again.
//
// Threads: any. Callbacks come from inside the call when the answer is at hand, else from the
// worker pool's thread.

#ifndef CBZFS_FS_CORE_BOOKS_H_
#define CBZFS_FS_CORE_BOOKS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "cache/lru_cache.h"
#include "codecs/worker/worker_pool.h"
#include "fs/core/book.h"
#include "fs/core/documents.h"

namespace cbzfs {

class Books {
 public:
  using Pointer = std::shared_ptr<const Book>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<Pointer>)>;
  using Tree = std::shared_ptr<const BookTree>;

  Books(Documents* documents, const Options& options);

  // The book at `path`, whose file was `identity.source.key` when last looked at. Statuses as of
  // Documents::Get and Book::Make.
  void Get(const std::string& path, const Book::Identity& identity, Priority priority, Done done);

  // The same for a table that is at hand.
  absl::StatusOr<Pointer> Make(const Book::Identity& identity,
                               std::shared_ptr<const KnownDocument> known);

  // Book::BytesOf(), remembered longer than the book itself: a listing of a large folder asks for
  // nothing else.
  using BytesDone = absl::AnyInvocable<void(absl::StatusOr<uint64_t>)>;
  void GetBytes(const std::string& path, const Book::Identity& identity, const BookPart& part,
                Priority priority, BytesDone done);
  absl::StatusOr<uint64_t> BytesOf(const Book::Identity& identity, const BookPart& part,
                                   std::shared_ptr<const KnownDocument> known);

  Tree TreeOf(const Pointer& book);

 private:
  absl::StatusOr<uint64_t> Measure(uint64_t key, const absl::StatusOr<Pointer>& book,
                                   const BookPart& part);

  const Options options_;
  Documents* const documents_;
  LruCache<uint64_t, Book> books_;
  LruCache<uint64_t, BookTree> trees_;
  LruCache<uint64_t, uint64_t> sizes_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_BOOKS_H_
