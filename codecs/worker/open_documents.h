// The last few documents of a worker, kept open: opening one again costs up to half a second.
//
// One thread. A truncated source makes the mapping fault (SIGBUS): this process dies, which is
// what it is for.

#ifndef CBZFS_CODECS_WORKER_OPEN_DOCUMENTS_H_
#define CBZFS_CODECS_WORKER_OPEN_DOCUMENTS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "absl/status/statusor.h"
#include "codecs/pdf/pdf.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {

class OpenDocuments {
 public:
  // As many as the daemon supposes (kRememberedDocuments in crew.h); their mappings together stay
  // within what the address space has room for.
  static constexpr size_t kMaxDocuments = 4;
  static constexpr uint64_t kMaxMappedBytes = 1ull << 30;

  // `engine` must outlive this.
  explicit OpenDocuments(PdfEngine* engine) : engine_(engine) {}

  // The document that `source`, `bytes` long, holds; opened unless one of this key and size is.
  // It stays valid until the next call. Statuses as of Pdf::Open.
  absl::StatusOr<Pdf*> Get(uint64_t key, uint64_t bytes, UniqueFd source);

  // Gives all memory back.
  void Clear() { documents_.clear(); }

 private:
  struct Unmap {
    uint64_t bytes;
    void operator()(uint8_t* data) const;
  };
  struct Entry {
    uint64_t key;
    uint64_t bytes;
    std::unique_ptr<uint8_t, Unmap> mapping;
    std::unique_ptr<Pdf> pdf;  // after the mapping, so it goes first
  };

  void MakeRoom(uint64_t bytes);

  PdfEngine* const engine_;
  std::list<Entry> documents_;  // the last used first
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_OPEN_DOCUMENTS_H_
