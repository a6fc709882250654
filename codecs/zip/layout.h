// The virtual CBZ: its exact size, and where each of its bytes comes from, before any page is
// drawn.
//
// A Layout is pure arithmetic over a Document, the file's name and the layout options. It never
// reads the source and never draws. Specification: PKWARE APPNOTE 6.3.10, entries STORED, sizes and
// CRC-32 in the local headers, no data descriptors; ZIP64 only past 4 GiB or 65 535 entries.
// Entries that a real archive brings along are as they are there (raw_entry.h).
//
//   entry 0        ComicInfo.xml, ended with spaces so that the next local header is aligned, and
//                  that with its guard it lies outside of what the kernel reads first (16 KiB)
//   entry 1..n     the pages, one after another without gaps
//   central directory, end record with a comment (comic_book_info.h)
//
// A document of a real archive (Document::entries) has no ComicInfo.xml and no comment of ours: its
// own, if there is one, is among its pages. These are drawn (enhanced images) or raw (handed on as
// they are), in the archive's order and under its names (archive_names.h).
//
// A drawn (or extracted) page's entry:
//
//   | local header, SOI, APP0, COM fill | payload | COM padding of zeros ... patch | tail | EOI
//   |<------ constant: one guard ------>|<----- the page's body, Piece::kBody ---->|<- const ->|
//
// An original page's entry:
//
//   | local header | source stream (with an ICC profile inserted) | COM zeros ... patch |  EOI  |
//   |<-- const --->|<---- Piece::kSource (and a literal) -------->|<-- kBody (seal) --->|< tail>|
//
// A raw page's entry (raw_entry.h):
//
//   | local header, extra field | data as the source has it | data descriptor, if any |
//   |<-------- const --------->|<---- Piece::kSource ----->|<------- const --------->|
//
// An unpacked page's entry, of an archive that is no ZIP:
//
//   | local header |       data         |
//   |<-- const --->|<- Piece::kBody --->|
//
// Drawn pages begin and end on multiples of 4096, so no block of the page cache holds parts of two
// of them. A raw or unpacked page is as long as it is, no gap may follow it (KArchive walks local
// headers one after another), and padding in an extra field breaks some programs (clients.md): so
// the entry behind it begins anywhere. If that one is drawn, its constant head is made longer, to
// end on the next multiple of 4096 after one guard, and its padding ends on one as always. So a
// guard read from any local header still needs no drawn page, at the cost of up to 4 KiB for each
// drawn page behind a raw one; in an archive there are few.
//
// Where drawn pages are WebP, theirs is (webp_chunks.h):
//
//   | local header, RIFF, VP8X, JUNK |       payload       | JUNK of zeros ... patch | tail |
//   |<-- constant: one guard, or a ->|<-- ICCP, VP8 (L) -->|                         |JUNK  |
//   |    byte more                   |<------- the page's body, Piece::kBody ------->|
//
// All chunks have an even length. Behind a local header of an odd one the head therefore ends a
// byte behind the guard, and a zero behind the last chunk, outside of what the RIFF header counts,
// makes the entry end on a multiple of 4096: readers must ignore it (RFC 9649, 2.4), and do.
//
// An extracted page's head has no APP0: the stream brings its own.
// `patch` is four bytes that make the entry's real CRC-32 the one declared in the local header and
// the central directory. `tail` is empty but in the last page, where constant COM segments keep
// programs that read a file's last kilobytes from touching the page (16 KiB with a 4 KiB
// guard, 72 KiB with a 64 KiB one or with a comment). The last page is the last drawn one where raw
// or unpacked ones follow it, and these count as constant.
//
// Immutable after construction: any thread. Shared by all open handles of one version of a book.

#ifndef CBZFS_CODECS_ZIP_LAYOUT_H_
#define CBZFS_CODECS_ZIP_LAYOUT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/zip/comic_info.h"
#include "codecs/zip/entry_names.h"
#include "codecs/zip/page_shape.h"
#include "codecs/zip/piece.h"
#include "codecs/zip/zip_records.h"

namespace cbzfs {

struct LayoutOptions {
  uint32_t guard = 4096;  // 0, 4096 or 65536: constant bytes at the start of a drawn page's entry
  PageNames names = PageNames::kNumber;
  PageFormat format = PageFormat::kJpeg;  // of drawn pages, all of which are of one
  // Where the document is none of a real archive: whether it has a ComicInfo.xml, and a comment.
  bool comic_info = true;
  bool comment = true;
  friend bool operator==(const LayoutOptions&, const LayoutOptions&) = default;
};

// Who the book is: what its declared CRCs and its id are derived from. Equal sources under equal
// options give equal identities on every host.
struct BookIdentity {
  uint64_t fingerprint = 0;  // of the source's bytes
  uint64_t options = 0;      // hash of the AnalyseOptions and kEngineVersion
};

class Layout {
 public:
  // `stem` is the virtual file's name without its extension, any bytes; it becomes the title where
  // the document has none, and part of the page names with PageNames::kSeed.
  // kOutOfRange when an entry would pass 4 GiB (the message names a raw one) or the archive 2^62
  // bytes; kInvalidArgument for a guard or a document that cannot be: a kImage page (who enhances
  // it passes a kDrawn one with its slot in payload_bytes), a kRaw one without its entry, entries
  // beside original pages. `document` is kept.
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

  // A raw page has no body: all is 0 but its CRC. That of an unpacked one is its data, whole: head
  // and tail are 0.
  BodySpec Body(uint32_t page) const;

  // The pieces before the body of an original page whose bytes its seal must cover (all of the
  // entry's data before the body: source ranges and literals), in order. None for other pages.
  std::vector<Piece> OriginalData(uint32_t page) const;

  // All that decides the bytes of the page's image, for hashing: the same on every host.
  std::string PageFacts(uint32_t page) const;

  // Name of the page's entry, and where the entry's data (not its local header) lies: for the
  // pages view, which serves the very same bytes. With a guard of 0 a drawn page's data is SOI,
  // APP0, payload, padding and EOI, and nothing more. A raw page's data is as the archive stores
  // it, perhaps compressed.
  std::string PageName(uint32_t page) const;
  uint64_t PageDataOffset(uint32_t page) const;
  uint64_t PageDataBytes(uint32_t page) const;

  // The same for ComicInfo.xml; no bytes where there is none of ours.
  uint64_t InfoDataOffset() const;
  uint64_t InfoDataBytes() const;

  // Of the archive. "" where there is none.
  const std::string& comment() const { return comment_; }

  // ComicInfo.xml of an archive in which the data of the pages has other lengths.
  std::string InfoText(const std::function<uint64_t(uint32_t page)>& data_bytes) const;

 private:
  // Entries count from 0: ComicInfo.xml, if it is ours, then the pages. Where a function takes an
  // entry, the one after the last stands for the central directory and the end records.
  struct Part;
  using Parts = absl::InlinedVector<Part, 6>;

  Layout(std::shared_ptr<const Document> document, std::string_view stem,
         const BookIdentity& identity, const LayoutOptions& options);
  absl::Status Place();
  void SumExtras();
  void ChooseTail();

  size_t EntryOf(uint32_t page) const { return page + lead_; }
  uint32_t PageOf(size_t entry) const { return static_cast<uint32_t>(entry - lead_); }
  bool IsInfo(size_t entry) const { return entry < lead_; }
  // Handed on: raw or unpacked.
  bool IsRaw(uint32_t page) const { return document_->pages[page].is_other(); }

  uint64_t HeaderBytes(size_t entry) const;
  uint64_t DirectoryBytesBefore(size_t entry) const;
  PageShape ShapeAt(uint32_t page, uint64_t start) const;
  // Behind a ComicInfo.xml of ours every entry is aligned, so its shape is the same anywhere, and
  // known before it is placed: the text has the lengths of the pages.
  PageShape ShapeOf(uint32_t page) const {
    return ShapeAt(page, lead_ > 0 ? 0 : offsets_[EntryOf(page)]);
  }
  uint32_t DeclaredCrc(uint32_t page) const;
  ZipEnd End() const;

  Parts PartsOf(size_t entry) const;
  size_t EntryAt(uint64_t offset) const;
  ZipEntry Record(size_t entry) const;
  ComicInfoSource InfoSource() const;
  std::string MakeInfo() const;
  void PrepareInfo() const;
  void ReadPart(const Part& part, uint64_t from, absl::Span<char> out) const;
  void ReadDirectory(uint64_t from, absl::Span<char> out) const;

  const std::shared_ptr<const Document> document_;
  const std::string stem_;
  const BookIdentity identity_;
  const LayoutOptions options_;
  const size_t lead_;  // entries before the first page
  const EntryNames names_;
  const std::string comment_;
  // Of the extra fields of all pages before a page, and of all; empty where there are none.
  std::vector<uint64_t> extras_before_;
  size_t tail_page_ = SIZE_MAX;  // the page with the long tail
  uint64_t last_tail_fill_ = 0;
  uint64_t size_ = 0;
  std::vector<uint64_t> offsets_;  // of the entries, and of the central directory
  size_t first_zip64_ = SIZE_MAX;  // the first entry whose offset needs it
  // The text of ComicInfo.xml is made when it is read: few of the books that are listed ever are.
  mutable absl::once_flag info_once_;
  mutable uint32_t info_crc_ = 0;
  mutable std::string info_;  // kept when making it takes long; else empty
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_LAYOUT_H_
