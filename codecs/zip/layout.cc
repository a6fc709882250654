// Where everything lies. How the literal bytes are made is in layout_read.cc.

#include "codecs/zip/layout.h"

#include <algorithm>
#include <bit>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/zip/com_padding.h"
#include "codecs/zip/layout_internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace cbzfs {
namespace {

constexpr uint64_t kMaxArchiveBytes = uint64_t{1} << 62;
constexpr uint64_t kMaxDataBytes = 0xFFFFFFFE;  // one more would mean ZIP64
constexpr char kTooLong[] = "a page of 4 GiB or more";

absl::Status CheckArguments(const Document& document, const LayoutOptions& options) {
  if (options.guard != 0 && options.guard != 4096 && options.guard != 65536) {
    return absl::InvalidArgumentError(absl::StrCat("no such guard: ", options.guard));
  }
  if (document.pages.empty()) return absl::InvalidArgumentError("a document without pages");
  for (const Page& page : document.pages) {
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

uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

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
      names_(options.names, stem, static_cast<uint32_t>(document_->pages.size())) {}

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
  last_tail_bytes_ = kEoiBytes;
  if (document_->pages.back().kind != PageKind::kOriginal) {
    // What ZIP64 adds is left out: it follows from the offsets, and these from this.
    const uint64_t after = kEoiBytes + DirectoryBytesBefore(pages + 1) + kEndRecordBytes;
    const uint64_t wanted = ConstantEndFor(options_.guard);
    if (after < wanted) last_tail_bytes_ += std::max(wanted - after, ComPadding::kMinSegment);
  }
  const uint64_t info = kLocalHeaderBytes + NameBytes(0) + ComicInfoBytes(InfoSource());
  uint64_t at = RoundUp(info, AlignmentFor(options_.guard));
  offsets_.reserve(pages + 2);
  offsets_.push_back(0);
  for (uint32_t page = 0; page < pages; ++page) {
    offsets_.push_back(at);
    const PageShape shape = ShapeOf(page);
    if (shape.data() > kMaxDataBytes) return absl::OutOfRangeError(kTooLong);
    at += shape.total();
    if (at > kMaxArchiveBytes) return absl::OutOfRangeError("an archive of 2^62 bytes or more");
  }
  offsets_.push_back(at);
  const auto fits = [](uint64_t offset) { return !OffsetNeedsZip64(offset); };
  const auto wide = std::partition_point(offsets_.begin(), offsets_.end(), fits);
  first_zip64_ = static_cast<size_t>(wide - offsets_.begin());
  const ZipEnd end = End();
  size_ = at + end.directory_bytes + kEndRecordBytes + (EndNeedsZip64(end) ? kZip64EndBytes : 0);
  return absl::OkStatus();
}

uint64_t Layout::NameBytes(size_t entry) const {
  return entry == 0 ? kComicInfoName.size() : names_.Bytes(static_cast<uint32_t>(entry - 1));
}

uint64_t Layout::DirectoryBytesBefore(size_t entry) const {
  if (entry == 0) return 0;
  const uint64_t wide = entry > first_zip64_ ? entry - first_zip64_ : 0;
  return entry * kCentralRecordBytes + kComicInfoName.size() +
         names_.BytesBefore(static_cast<uint32_t>(entry - 1)) + wide * kZip64ExtraBytes;
}

PageShape Layout::ShapeOf(uint32_t index) const {
  const Page& page = document_->pages[index];
  const uint64_t insert = page.kind == PageKind::kOriginal && page.insert >= 0
                              ? document_->inserts[page.insert].size()
                              : 0;
  return MakePageShape(page, kLocalHeaderBytes + names_.Bytes(index), insert,
                       index + 1 == page_count() ? last_tail_bytes_ : kEoiBytes, options_.guard);
}

// Whatever decides the bytes of the image is in it, so programs that compare CRCs see any change.
uint32_t Layout::DeclaredCrc(uint32_t index) const {
  const Page& page = document_->pages[index];
  std::string facts;
  facts.reserve(14 * 8);
  for (const uint64_t fact :
       {identity_.fingerprint, identity_.options, uint64_t{index}, static_cast<uint64_t>(page.kind),
        uint64_t{page.width}, uint64_t{page.height}, uint64_t{std::bit_cast<uint32_t>(page.dpi)},
        uint64_t{page.gray}, page.source_offset, page.source_bytes,
        static_cast<uint64_t>(int64_t{page.insert}), uint64_t{page.insert_at},
        uint64_t{page.payload_bytes}, uint64_t{options_.guard}}) {
    Put(facts, fact);
  }
  return static_cast<uint32_t>(XXH3_64bits(facts.data(), facts.size()));
}

ZipEnd Layout::End() const {
  return {.entries = page_count() + 1,
          .directory_offset = offsets_.back(),
          .directory_bytes = DirectoryBytesBefore(page_count() + 1)};
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
  if (entry == page_count() + 1) {
    add(Origin::kDirectory, End().directory_bytes);
    add(Origin::kEnd, size_ - at);
    return parts;
  }
  add(Origin::kLocalHeader, kLocalHeaderBytes + NameBytes(entry));
  if (entry == 0) {
    add(Origin::kComicInfo, offsets_[1] - at);
    return parts;
  }
  const auto index = static_cast<uint32_t>(entry - 1);
  const Page& page = document_->pages[index];
  const PageShape shape = ShapeOf(index);
  if (page.kind == PageKind::kOriginal) {
    const uint64_t first = page.insert < 0 ? page.source_bytes : page.insert_at;
    add(Origin::kSource, first, page.source_offset);
    add(Origin::kInsert, shape.head - page.source_bytes);
    add(Origin::kSource, page.source_bytes - first, page.source_offset + first);
  } else {
    add(Origin::kPageHead, shape.head);
  }
  add(Origin::kBody, shape.body);
  add(Origin::kTail, shape.tail);
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
        piece.page = static_cast<uint32_t>(entry - 1);
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
  return offsets_[page + 1] + kLocalHeaderBytes + names_.Bytes(page);
}

uint64_t Layout::PageDataBytes(uint32_t page) const { return ShapeOf(page).data(); }

uint64_t Layout::InfoDataOffset() const { return kLocalHeaderBytes + NameBytes(0); }

uint64_t Layout::InfoDataBytes() const { return offsets_[1] - InfoDataOffset(); }

}  // namespace cbzfs
