// A comic in one rendition: what its virtual files are, how long, and how their pages are made.
//
// A rendition is one way of making all pages of a comic: as they are, enhanced, as thumbnails, the
// cover alone, or as they are in a ZIP archive where the comic's own is none. Whatever it is, its
// pages stand one after another in a Layout (codecs/zip), and a virtual file is a part of that: all
// of it (a CBZ), one page's data, or ComicInfo.xml. The one exception is an archive as it is, whose
// files are its own entries.
//
// Immutable after Make(): any thread. Shared by nodes, open files and the pages under way.

#ifndef CBZFS_FS_CORE_BOOK_H_
#define CBZFS_FS_CORE_BOOK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/document/reader_profile.h"
#include "codecs/zip/layout.h"
#include "fs/core/book_tree.h"
#include "fs/core/documents.h"
#include "fs/core/options.h"

namespace cbzfs {

// The numbers go into the identity of books: never reuse one.
enum class Rendition : uint8_t {
  kPlain = 0,
  kEnhanced = 1,
  kThumbnails = 2,
  kCover = 3,
  kReader = 4,    // as a view of the config file says
  kRepacked = 5,  // of an archive: the entries as they are, in an archive of ours
};
// Those whose pages are fitted into slots; they come first.
inline constexpr size_t kRenditions = 5;

// Where a part lies in the book's layout.
struct Extent {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

class Book {
 public:
  // What a book is made of, and what two books have to share to be the same.
  struct Identity {
    DocumentRef source;
    std::string stem;  // of the source's own name: title, and part of some names
    Rendition rendition = Rendition::kPlain;
    ReaderProfile profile;  // kReader
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  // `known` is the table that ref.enhanced asks for. kOutOfRange where a file would pass a limit of
  // ZIP; kNotFound where there is nothing to show (no page).
  static absl::StatusOr<std::shared_ptr<const Book>> Make(
      const Identity& identity, std::shared_ptr<const KnownDocument> known, const Options& options);

  // Equal for equal identities, and what pages are kept under.
  static uint64_t IdOf(const Identity& identity);
  uint64_t id() const { return id_; }
  Rendition rendition() const { return identity_.rendition; }
  SourceFormat format() const { return identity_.source.format; }
  const SourceKey& key() const { return identity_.source.key; }

  // Null for an archive as it is (kPlain).
  const Layout* layout() const { return layout_.get(); }
  uint32_t page_count() const { return static_cast<uint32_t>(rows_.size()); }
  // What the analysis says of a page: the row of the source's own table, and its index there.
  const Page& row(uint32_t page) const { return document().pages[rows_[page]]; }
  uint32_t row_index(uint32_t page) const { return rows_[page]; }
  // kReader: what of that page it is, and how it is made.
  PagePart part(uint32_t page) const { return parts_.empty() ? PagePart::kWhole : parts_[page]; }
  const ReaderProfile& profile() const { return identity_.profile; }
  // Of an archive; null for all else.
  const ArchiveEntry* entry(uint32_t page) const;
  const Document& document() const { return *known_->document; }

  // The page is made of the page of the plain rendition, which may be at hand already: a drawn page
  // of a PDF is drawn once for all views. plain() is then set.
  bool MadeOfPlain(uint32_t page) const;
  // The page is the very one of the plain rendition: an entry that a worker unpacks and nobody
  // changes. plain() is then set.
  bool IsOfPlain(uint32_t page) const;
  const std::shared_ptr<const Book>& plain() const { return plain_; }

  // Its pages have all the room they want (Options::tight): what a layout calls padding is not
  // written.
  bool tight() const { return tight_; }

  // How long the file is.
  uint64_t BytesOf(const BookPart& part) const;
  // Not for an archive as it is.
  Extent ExtentOf(const BookPart& part) const;

  // The pages (and ComicInfo.xml) as files with names.
  BookTree MakeTree() const;

  // What keeping it costs, in bytes.
  uint64_t memory_bytes() const;

 private:
  Book(const Identity& identity, std::shared_ptr<const KnownDocument> known)
      : identity_(identity), known_(std::move(known)) {}
  absl::Status Build(const Options& options);

  const Identity identity_;
  const std::shared_ptr<const KnownDocument> known_;
  uint64_t id_ = 0;
  bool tight_ = false;
  std::vector<uint32_t> rows_;   // of the source's table, one for each page
  std::vector<PagePart> parts_;  // beside rows_; empty: all are whole
  std::shared_ptr<const Layout> layout_;
  std::shared_ptr<const Book> plain_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_BOOK_H_
