// Where everything lies. How the literal bytes are made is in layout_read.cc.

#include "codecs/zip/layout.h"

#include <algorithm>
#include <bit>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/document/document_codec.h"
#include "codecs/zip/archive_names.h"
#include "codecs/zip/comic_book_info.h"
#include "codecs/zip/layout_internal.h"
#include "codecs/zip/padding.h"
#include "codecs/zip/raw_entry.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace cbzfs {
namespace {

constexpr uint64_t kMaxArchiveBytes = uint64_t{1} << 62;
constexpr uint64_t kMaxDataBytes = 0xFFFFFFFE;  // one more would mean ZIP64
constexpr char kTooLong[] = "a page of 4 GiB or more";

absl::Status CheckRaw(const Page& page, const ArchiveEntry& entry) {
  if (page.source_bytes > kMaxDataBytes || entry.bytes > kMaxDataBytes) {
    return absl::OutOfRangeError(absl::StrCat("an entry of 4 GiB or more: ", entry.name));
  }
  if (entry.extra.size() > kMaxEntryExtraBytes) {
    return absl::InvalidArgumentError(absl::StrCat("too long an extra field: ", entry.name));
  }
  return absl::OkStatus();
}

// Of an archive's document; what the names are beyond their length is not looked at again.
absl::Status CheckEntries(const Document& document) {
  if (document.entries.size() != document.pages.size()) {
    return absl::InvalidArgumentError("an archive of pages without entries");
  }
  for (size_t i = 0; i < document.pages.size(); ++i) {
    const Page& page = document.pages[i];
    const ArchiveEntry& entry = document.entries[i];
    if (page.kind != PageKind::kDrawn && !page.is_other()) {
      return absl::InvalidArgumentError("a page that no archive has");
    }
    if (entry.name.empty() || entry.name.size() > kMaxEntryNameBytes) {
      return absl::InvalidArgumentError("an entry with an impossible name");
    }
    if (!page.is_other()) continue;
    if (absl::Status status = CheckRaw(page, entry); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckArguments(const Document& document, const LayoutOptions& options) {
  if (options.guard != 0 && options.guard != 4096 && options.guard != 65536) {
    return absl::InvalidArgumentError(absl::StrCat("no such guard: ", options.guard));
  }
  if (document.pages.empty()) return absl::InvalidArgumentError("a document without pages");
  if (options.format == PageFormat::kWebp) {
    for (const Page& page : document.pages) {
      const bool fits = page.kind == PageKind::kDrawn && page.width <= kMaxWebpSide &&
                        page.height <= kMaxWebpSide;
      if (!fits && !page.is_other()) return absl::InvalidArgumentError("a page that is no WebP");
    }
  }
  if (!document.entries.empty()) return CheckEntries(document);
  for (const Page& page : document.pages) {
    if (page.kind == PageKind::kImage || page.is_other()) {
      return absl::InvalidArgumentError("an image, or an entry of no archive");
    }
    if (page.kind != PageKind::kOriginal) continue;
    if (page.source_bytes > kMaxDataBytes) return absl::OutOfRangeError(kTooLong);
    if (page.insert < 0) continue;
    if (static_cast<size_t>(page.insert) >= document.inserts.size() ||
        page.insert_at > page.source_bytes) {
      return absl::InvalidArgumentError("a page with an impossible insert");
    }
  }
  return absl::OkStatus();
}

// `unit` is a power of two.
uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) & ~(unit - 1); }

EntryNames NamesOf(const Document& document, std::string_view stem, const LayoutOptions& options) {
  if (!document.entries.empty()) return EntryNames(ArchivePageNames(document, options.format));
  return EntryNames(options.names, stem, static_cast<uint32_t>(document.pages.size()),
                    options.format);
}

// Appends a number's bytes, little end first, so that every host hashes the same.
void Put(std::string& bytes, uint64_t value) {
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

Layout::Layout(std::shared_ptr<const Document> document, std::string_view stem,
               const BookIdentity& identity, const LayoutOptions& options)
    : document_(std::move(document)),
      stem_(stem),
      identity_(identity),
      options_(options),
      lead_(document_->entries.empty() && options.comic_info ? 1 : 0),
      names_(NamesOf(*document_, stem, options)),
      comment_(document_->entries.empty() && options.comment ? ComicBookInfo(*document_, stem) : "") {}

absl::StatusOr<std::shared_ptr<const Layout>> Layout::Create(
    std::shared_ptr<const Document> document, std::string_view stem, const BookIdentity& identity,
    const LayoutOptions& options) {
  if (absl::Status status = CheckArguments(*document, options); !status.ok()) return status;
  std::shared_ptr<Layout> layout(new Layout(std::move(document), stem, identity, options));
  if (absl::Status status = layout->Place(); !status.ok()) return status;
  return layout;
}

absl::Status Layout::Place() {
  const auto pages = static_cast<uint32_t>(page_count());
  SumExtras();
  ChooseTail();
  uint64_t at = 0;
  offsets_.reserve(pages + lead_ + 1);
  if (lead_ > 0) {
    offsets_.push_back(0);
    at = std::max(HeaderBytes(0) + ComicInfoBytes(InfoSource()), LeastLeadFor(options_.guard));
    at = RoundUp(at, AlignmentFor(options_.guard));
  }
  for (uint32_t page = 0; page < pages; ++page) {
    offsets_.push_back(at);
    const PageShape shape = ShapeAt(page, at);
    if (shape.data() > kMaxDataBytes) return absl::OutOfRangeError(kTooLong);
    at += shape.total();
    if (at > kMaxArchiveBytes) return absl::OutOfRangeError("an archive of 2^62 bytes or more");
  }
  offsets_.push_back(at);
  const auto fits = [](uint64_t offset) { return !OffsetNeedsZip64(offset); };
  const auto wide = std::partition_point(offsets_.begin(), offsets_.end(), fits);
  first_zip64_ = static_cast<size_t>(wide - offsets_.begin());
  const ZipEnd end = End();
  size_ = at + end.directory_bytes + kEndRecordBytes + comment_.size() + (EndNeedsZip64(end) ? kZip64EndBytes : 0);
  return absl::OkStatus();
}

void Layout::SumExtras() {
  const std::vector<ArchiveEntry>& entries = document_->entries;
  const auto bytes = [&](uint32_t page) {
    return IsRaw(page) ? RawExtra(entries[page]).size() : uint64_t{0};
  };
  uint64_t sum = 0;
  for (uint32_t page = 0; page < entries.size(); ++page) sum += bytes(page);
  if (sum == 0) return;
  sum = 0;
  extras_before_.reserve(entries.size() + 1);
  for (uint32_t page = 0; page < entries.size(); ++page) {
    extras_before_.push_back(sum);
    sum += bytes(page);
  }
  extras_before_.push_back(sum);
}

void Layout::ChooseTail() {
  const uint64_t wanted = ConstantEndFor(options_.guard, !comment_.empty());
  // What ZIP64 adds is left out: it follows from the offsets, and these from this.
  const uint64_t end = options_.format == PageFormat::kJpeg ? kEoiBytes : 0;
  uint64_t after = end + DirectoryBytesBefore(page_count() + lead_) + kEndRecordBytes +
                   comment_.size();
  auto page = static_cast<uint32_t>(page_count() - 1);
  for (; IsRaw(page); --page) {
    after += ShapeAt(page, 0).total();
    if (page == 0 || after >= wanted) return;
  }
  if (document_->pages[page].kind == PageKind::kOriginal || after >= wanted) return;
  tail_page_ = page;
  last_tail_fill_ = RoundUp(std::max(wanted - after, Padding::Least(options_.format)),
                            Padding::Unit(options_.format));
}

uint64_t Layout::HeaderBytes(size_t entry) const {
  if (IsInfo(entry)) return kLocalHeaderBytes + kComicInfoName.size();
  const uint32_t page = PageOf(entry);
  const uint64_t extra =
      extras_before_.empty() ? 0 : extras_before_[page + 1] - extras_before_[page];
  return kLocalHeaderBytes + names_.Bytes(page) + extra;
}

uint64_t Layout::DirectoryBytesBefore(size_t entry) const {
  if (entry == 0) return 0;
  const uint32_t pages = PageOf(entry);
  const uint64_t wide = entry > first_zip64_ ? entry - first_zip64_ : 0;
  return entry * kCentralRecordBytes + (lead_ > 0 ? kComicInfoName.size() : 0) +
         names_.BytesBefore(pages) + (extras_before_.empty() ? 0 : extras_before_[pages]) +
         wide * kZip64ExtraBytes;
}

PageShape Layout::ShapeAt(uint32_t index, uint64_t start) const {
  const Page& page = document_->pages[index];
  const uint64_t header = HeaderBytes(EntryOf(index));
  if (page.kind == PageKind::kUnpacked) {
    return {.header = header, .body = document_->entries[index].bytes};
  }
  if (page.kind == PageKind::kRaw) {
    return {.header = header,
            .head = page.source_bytes,
            .descriptor = RawDescriptorBytes(document_->entries[index])};
  }
  const uint64_t insert = page.kind == PageKind::kOriginal && page.insert >= 0
                              ? document_->inserts[page.insert].size()
                              : 0;
  return MakePageShape(page, {.format = options_.format,
                              .start = start,
                              .header_bytes = header,
                              .insert_bytes = insert,
                              .tail_fill = index == tail_page_ ? last_tail_fill_ : 0,
                              .guard = options_.guard});
}

// Programs that compare CRCs see any change.
uint32_t Layout::DeclaredCrc(uint32_t index) const {
  if (IsRaw(index)) return document_->entries[index].crc;
  const std::string facts = PageFacts(index);
  return static_cast<uint32_t>(XXH3_64bits(facts.data(), facts.size()));
}

// For an archive that is its entry too, and the length of the head, which its place decides.
std::string Layout::PageFacts(uint32_t index) const {
  const Page& page = document_->pages[index];
  std::string facts;
  facts.reserve(size_t{17} * 8);
  for (const uint64_t fact :
       {identity_.fingerprint, identity_.options, uint64_t{index}, static_cast<uint64_t>(page.kind),
        uint64_t{page.width}, uint64_t{page.height}, uint64_t{std::bit_cast<uint32_t>(page.dpi)},
        uint64_t{page.gray}, page.source_offset, page.source_bytes,
        static_cast<uint64_t>(int64_t{page.insert}), uint64_t{page.insert_at},
        uint64_t{page.payload_bytes}, uint64_t{options_.guard}}) {
    Put(facts, fact);
  }
  if (!document_->entries.empty()) {
    const ArchiveEntry& entry = document_->entries[index];
    for (const uint64_t fact : {uint64_t{entry.crc}, entry.bytes, ShapeOf(index).head}) {
      Put(facts, fact);
    }
  }
  return facts;
}

ZipEnd Layout::End() const {
  return {.entries = page_count() + lead_,
          .directory_offset = offsets_.back(),
          .directory_bytes = DirectoryBytesBefore(page_count() + lead_),
          .comment = comment_};
}

size_t Layout::EntryAt(uint64_t offset) const {
  return static_cast<size_t>(std::upper_bound(offsets_.begin(), offsets_.end(), offset) -
                             offsets_.begin()) -
         1;
}

Layout::Parts Layout::PartsOf(size_t entry) const {
  using Origin = Part::Origin;
  Parts parts;
  uint64_t at = offsets_[entry];
  const auto add = [&](Origin origin, uint64_t size, uint64_t source_offset = 0) {
    if (size > 0) parts.push_back({origin, entry, at, size, source_offset});
    at += size;
  };
  if (entry == page_count() + lead_) {
    add(Origin::kDirectory, End().directory_bytes);
    add(Origin::kEnd, size_ - at);
    return parts;
  }
  add(Origin::kLocalHeader, HeaderBytes(entry));
  if (IsInfo(entry)) {
    add(Origin::kComicInfo, offsets_[1] - at);
    return parts;
  }
  const uint32_t index = PageOf(entry);
  const Page& page = document_->pages[index];
  const PageShape shape = ShapeOf(index);
  if (page.kind == PageKind::kRaw) {
    add(Origin::kSource, shape.head, page.source_offset);
  } else if (page.kind == PageKind::kOriginal) {
    const uint64_t first = page.insert < 0 ? page.source_bytes : page.insert_at;
    add(Origin::kSource, first, page.source_offset);
    add(Origin::kInsert, shape.head - page.source_bytes);
    add(Origin::kSource, page.source_bytes - first, page.source_offset + first);
  } else if (page.kind != PageKind::kUnpacked) {
    add(Origin::kPageHead, shape.head);
  }
  add(Origin::kBody, shape.body);
  add(Origin::kTail, shape.tail);
  add(Origin::kDescriptor, shape.descriptor);
  return parts;
}

std::vector<Piece> Layout::Map(uint64_t offset, uint64_t size) const {
  std::vector<Piece> pieces;
  if (offset >= size_ || size == 0) return pieces;
  const uint64_t end = offset + std::min(size, size_ - offset);
  for (size_t entry = EntryAt(offset); entry < offsets_.size() && offsets_[entry] < end; ++entry) {
    for (const Part& part : PartsOf(entry)) {
      const uint64_t from = std::max(offset, part.offset);
      const uint64_t to = std::min(end, part.offset + part.size);
      if (from >= to) continue;
      Piece piece{.offset = from, .size = to - from};
      if (part.origin == Part::Origin::kSource || part.origin == Part::Origin::kBody) {
        const bool body = part.origin == Part::Origin::kBody;
        piece.kind = body ? Piece::Kind::kBody : Piece::Kind::kSource;
        piece.page = PageOf(entry);
        (body ? piece.body_offset : piece.source_offset) = part.source_offset + from - part.offset;
      } else if (!pieces.empty() && pieces.back().kind == Piece::Kind::kLiteral) {
        pieces.back().size += piece.size;
        continue;
      }
      pieces.push_back(piece);
    }
  }
  return pieces;
}

std::vector<Piece> Layout::OriginalData(uint32_t page) const {
  if (document_->pages[page].kind != PageKind::kOriginal) return {};
  return Map(PageDataOffset(page), ShapeOf(page).head);
}

std::string Layout::PageName(uint32_t page) const { return names_.Name(page); }

uint64_t Layout::PageDataOffset(uint32_t page) const {
  return offsets_[EntryOf(page)] + HeaderBytes(EntryOf(page));
}

uint64_t Layout::PageDataBytes(uint32_t page) const { return ShapeOf(page).data(); }

uint64_t Layout::InfoDataOffset() const { return lead_ == 0 ? 0 : HeaderBytes(0); }

uint64_t Layout::InfoDataBytes() const { return lead_ == 0 ? 0 : offsets_[1] - HeaderBytes(0); }

}  // namespace cbzfs
