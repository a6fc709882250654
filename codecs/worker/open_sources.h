// The last few comics of a worker, kept open: opening one again costs up to half a second.
//
// One thread. A truncated source makes the mapping fault (SIGBUS): this process dies, which is
// what it is for.

#ifndef CBZFS_CODECS_WORKER_OPEN_SOURCES_H_
#define CBZFS_CODECS_WORKER_OPEN_SOURCES_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/archive/legacy_charsets.h"
#include "codecs/comic/entry_comic.h"
#include "codecs/pdf/paged.h"
#include "codecs/pdf/pdf.h"
#include "codecs/worker/mapped_file.h"
#include "codecs/worker/unique_fd.h"

namespace cbzfs {

// What workers work with. Made once by the zygote and shared until somebody writes to it.
struct Engines {
  PdfEngine* pdf = nullptr;
  const LegacyCharsets* charsets = nullptr;
};

class OpenSources {
 public:
  // As many documents as the daemon supposes (kRememberedDocuments in crew.h); their mappings
  // together stay within what the address space has room for.
  static constexpr size_t kMaxSources = 4;
  static constexpr uint64_t kMaxMappedBytes = 1ull << 30;

  struct Key {
    uint64_t source = 0;
    SourceFormat format = SourceFormat::kPdf;
    uint64_t bytes = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };

  // An open source; what its format opens is set.
  struct Source {
    absl::Span<const uint8_t> file;
    Pdf* pdf = nullptr;
    PagedDocument* paged = nullptr;
    EntryComic* archive = nullptr;
    PdfEngine* notice = nullptr;  // what draws it
  };

  // What `engines` points to must outlive this.
  explicit OpenSources(const Engines& engines) : engines_(engines) {}

  // The comic that `source` holds; opened, a PDF with one of the passwords if need be, unless one
  // of this key is. It stays valid until the next call. Statuses as of Pdf::Open,
  // PagedDocument::Open, ArchiveComic::Open and PackedComic::Open.
  absl::StatusOr<Source> Get(const Key& key, UniqueFd source,
                             absl::Span<const std::string> passwords = {});

  // Gives all memory back.
  void Clear() { sources_.clear(); }

 private:
  struct Entry {
    Key key;
    MappedFile mapping;
    // After the mapping, so they go first.
    std::unique_ptr<Pdf> pdf;
    std::unique_ptr<PagedDocument> paged;
    std::unique_ptr<EntryComic> archive;
    PdfEngine* notice = nullptr;

    Source Lend() const;
  };

  absl::Status Open(Entry* entry, absl::Span<const std::string> passwords);
  void MakeRoom(uint64_t bytes);

  const Engines engines_;
  std::list<Entry> sources_;  // the last used first
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_OPEN_SOURCES_H_
