// The virtual CBZ: its exact size, and where each of its bytes comes from, before any page is drawn.
//
// A Layout is pure arithmetic over a Document, the file's name and the layout options. It never
// reads the source and never draws. Specification: PKWARE APPNOTE 6.3.10, entries STORED, sizes and
// CRC-32 in the local headers, no data descriptors; ZIP64 only past 4 GiB or 65 535 entries.
//
//   entry 0        ComicInfo.xml, ended with spaces so that the next local header is aligned
//   entry 1..n     the pages, one after another without gaps
//   central directory, end record
//
// A drawn (or extracted) page's entry:
//
//   | local header, SOI, APP0, COM fill | payload | COM padding of zeros ... patch | tail | EOI
//   |<------ constant: one guard ------>|<----- the page's body, Piece::kBody ---->|<- const ->|
//
// An original page's entry:
//
//   | local header | source stream (with an ICC profile inserted) | COM zeros ... patch | EOI
//   |<-- const --->|<---- Piece::kSource (and a literal) -------->|<-- kBody (seal) --->|
//
// `patch` is four bytes that make the entry's real CRC-32 the one declared in the local header and
// the central directory. `tail` is empty but in the last page, where constant COM segments keep
// programs that read a file's last kilobytes from touching the page (design: 16 KiB with a 4 KiB
// guard, 72 KiB with a 64 KiB one).
//
// Immutable after construction: any thread. Shared by all open handles of one version of a book.

#ifndef CBZFS_CODECS_ZIP_LAYOUT_H_
#define CBZFS_CODECS_ZIP_LAYOUT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/document/document.h"

namespace cbzfs {

enum class PageNames : uint8_t {
  kNumber,  // 0001.jpg, zero-padded to max(4, digits of the page count)
  kSeed,    // "STEM page_1.jpg", as the old tool named them
};

struct LayoutOptions {
  uint32_t guard = 4096;  // 0, 4096 or 65536: constant bytes at the start of a drawn page's entry
  PageNames names = PageNames::kNumber;
  friend bool operator==(const LayoutOptions&, const LayoutOptions&) = default;
};

// Who the book is: what its declared CRCs and its id are derived from. Equal sources under equal
// options give equal identities on every host.
struct BookIdentity {
  uint64_t fingerprint = 0;  // of the source's bytes
  uint64_t options = 0;      // hash of the AnalyseOptions and kEngineVersion
};

// A run of bytes of the virtual file with one origin.
struct Piece {
  enum class Kind : uint8_t {
    kLiteral,  // known now: read with Layout::ReadLiteral
    kSource,   // a range of the source file
    kBody,     // depends on a page's bytes: `page`, from `body_offset` of its body
  };
  Kind kind = Kind::kLiteral;
  uint64_t offset = 0;  // in the virtual file
  uint64_t size = 0;
  uint64_t source_offset = 0;  // kSource
  uint32_t page = 0;           // kBody (and kSource): index into Document::pages
  uint64_t body_offset = 0;    // kBody
};

// What the body of one page needs to be made: see body.h.
struct BodySpec {
  uint64_t body_bytes = 0;    // length of the body
  uint64_t max_payload = 0;   // the longest payload that fits (0 for an original page)
  uint32_t declared_crc = 0;  // CRC-32 of the whole entry's data
  uint32_t head_crc = 0;      // CRC-32 of the data before the body (drawn pages only)
  uint64_t head_bytes = 0;    // its length
  uint32_t tail_crc = 0;      // CRC-32 of the constant bytes after the body
  uint64_t tail_bytes = 0;    // their length; the EOI is among them
};

class Layout {
 public:
  // `stem` is the virtual file's name without its extension, any bytes; it becomes the title where
  // the document has none, and part of the page names with PageNames::kSeed.
  // kOutOfRange when the archive would pass 2^62 bytes. `document` is kept.
  static absl::StatusOr<std::shared_ptr<const Layout>> Create(
      std::shared_ptr<const Document> document, std::string_view stem, const BookIdentity& identity,
      const LayoutOptions& options);

  uint64_t size() const { return size_; }
  const Document& document() const { return *document_; }
  size_t page_count() const { return document_->pages.size(); }

  // The pieces that cover [offset, offset + size), clipped to it and to the file, in order.
  // O(log pages + pieces).
  std::vector<Piece> Map(uint64_t offset, uint64_t size) const;

  // The piece's bytes, `piece.kind` being kLiteral and the piece one that Map() returned.
  void ReadLiteral(const Piece& piece, char* out) const;

  BodySpec Body(uint32_t page) const;

  // The pieces before the body of an original page whose bytes its seal must cover (all of the
  // entry's data before the body: source ranges and literals), in order.
  std::vector<Piece> OriginalData(uint32_t page) const;

  // Name of the page's entry, and where the entry's data (not its local header) lies: for the
  // pages view, which serves the very same bytes.
  std::string PageName(uint32_t page) const;
  uint64_t PageDataOffset(uint32_t page) const;
  uint64_t PageDataBytes(uint32_t page) const;

 private:
  Layout() = default;
  std::shared_ptr<const Document> document_;
  uint64_t size_ = 0;
  // The implementation adds what it needs; it keeps no table of O(file size).
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_LAYOUT_H_
