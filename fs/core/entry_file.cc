#include "fs/core/entry_file.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "fs/core/errno_status.h"
#include "fs/core/library.h"

namespace cbzfs {
namespace {

constexpr uint16_t kStored = 0;
constexpr uint16_t kEncrypted = 1;  // flag

class PageWait : public ReadWait {
 public:
  explicit PageWait(std::shared_ptr<PageStore::Wait> wait) : wait_(std::move(wait)) {}
  void Leave() override { wait_->Leave(); }

 private:
  const std::shared_ptr<PageStore::Wait> wait_;
};

ReadResult SliceOf(const PageStore::Pointer& body, uint64_t offset, size_t size) {
  ReadResult result;
  result.slices.push_back({body->payload().data() + offset, size, body});
  return result;
}

}  // namespace

absl::StatusOr<ReadResult> EntryFile::ReadStored(uint64_t offset, size_t size) const {
  auto buffer = std::make_shared_for_overwrite<char[]>(size);
  const Page& row = book_->book->row(page_);
  absl::Status status = ReadExactly(*book_->file, row.source_offset + offset, size, buffer.get());
  if (!status.ok()) return status;
  if (!Unchanged(*book_->file, book_->book->key())) {
    return ErrnoStatus(EIO, "the source changed while open");
  }
  ReadResult result;
  result.slices.push_back({buffer.get(), size, buffer});
  return result;
}

std::shared_ptr<ReadWait> EntryFile::Read(uint64_t offset, size_t size, ReadDone done) {
  const ArchiveEntry& entry = *book_->book->entry(page_);
  offset = std::min(offset, entry.bytes);
  size = static_cast<size_t>(std::min<uint64_t>(size, entry.bytes - offset));
  if (size == 0) {
    done(ReadResult());
    return nullptr;
  }
  // A stored entry that is not as long as it says is left to the worker, who says why.
  if (entry.method == kStored && (entry.flags & kEncrypted) == 0 &&
      book_->book->row(page_).source_bytes == entry.bytes) {
    auto stored = ReadStored(offset, size);
    done(stored.ok() ? std::move(stored) : pages_->SourceFailed(*book_, stored.status()));
    return nullptr;
  }
  auto wait = pages_->Get(
      book_, page_, Priority::kReader,
      [offset, size, done = std::move(done)](absl::StatusOr<PageStore::Pointer> body) mutable {
        if (!body.ok()) return done(body.status());
        done(SliceOf(*body, offset, size));
      });
  return wait == nullptr ? nullptr : std::make_shared<PageWait>(std::move(wait));
}

}  // namespace cbzfs
