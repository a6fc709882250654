// The literal bytes of a virtual CBZ, each run made when it is read.

#include <algorithm>
#include <cstring>

#include "codecs/zip/crc_force.h"
#include "codecs/zip/layout.h"
#include "codecs/zip/layout_internal.h"
#include "codecs/zip/padding.h"
#include "codecs/zip/raw_entry.h"

namespace cbzfs {
namespace {

using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls): it is used

// About 0.1 ms of work. A shorter one is not worth its memory in a library of 10 000 books.
constexpr size_t kLongInfo = 64 << 10;

constexpr std::string_view kEoi = "\xFF\xD9"sv;

// Copies what of `bytes`, which begin at `start`, falls into [from, from + out.size()).
void CopyOverlap(std::string_view bytes, uint64_t start, uint64_t from, absl::Span<char> out) {
  const uint64_t begin = std::max(start, from);
  const uint64_t end = std::min(start + bytes.size(), from + out.size());
  if (begin < end) std::memcpy(&out[begin - from], &bytes[begin - start], end - begin);
}

void CopyOverlap(const Padding& padding, uint64_t start, uint64_t from, absl::Span<char> out) {
  const uint64_t begin = std::max(start, from);
  const uint64_t end = std::min(start + padding.bytes(), from + out.size());
  if (begin < end) padding.Read(begin - start, out.subspan(begin - from, end - begin));
}

// Of a JPEG EOI; of a WebP, where it is not empty, one zero.
std::string_view EndOf(PageFormat format, const PageShape& shape) {
  return format == PageFormat::kJpeg ? kEoi : std::string_view("\0", shape.end);
}

}  // namespace

void FillInfo(uint64_t room, std::string* text) {
  if (text->size() >= room) return;
  text->resize(room, ' ');
  text->back() = '\n';
}

ComicInfoSource Layout::InfoSource() const {
  return {.document = *document_,
          .stem = stem_,
          .fingerprint = identity_.fingerprint,
          .data_bytes = [this](uint32_t page) { return PageDataBytes(page); }};
}

std::string Layout::InfoText(const std::function<uint64_t(uint32_t page)>& data_bytes) const {
  ComicInfoSource source = InfoSource();
  source.data_bytes = data_bytes;
  return ComicInfoText(source);
}

std::string Layout::MakeInfo() const {
  std::string text = ComicInfoText(InfoSource());
  FillInfo(offsets_[1] - HeaderBytes(0), &text);
  return text;
}

void Layout::PrepareInfo() const {
  absl::call_once(info_once_, [this] {
    std::string text = MakeInfo();
    info_crc_ = ExtendCrc(0, text);
    if (text.size() >= kLongInfo) info_ = std::move(text);
  });
}

ZipEntry Layout::Record(size_t entry) const {
  if (IsInfo(entry)) {
    PrepareInfo();
    const auto bytes = static_cast<uint32_t>(offsets_[1] - HeaderBytes(0));
    return {.name = std::string(kComicInfoName),
            .crc = info_crc_,
            .stored_bytes = bytes,
            .bytes = bytes};
  }
  const uint32_t page = PageOf(entry);
  if (IsRaw(page)) {
    return RawRecord(document_->entries[page], ShapeOf(page).data(), PageName(page),
                     offsets_[entry]);
  }
  const auto bytes = static_cast<uint32_t>(PageDataBytes(page));
  return {.name = PageName(page),
          .crc = DeclaredCrc(page),
          .stored_bytes = bytes,
          .bytes = bytes,
          .offset = offsets_[entry]};
}

void Layout::ReadLiteral(const Piece& piece, char* out) const {
  const uint64_t end = piece.offset + piece.size;
  for (size_t entry = EntryAt(piece.offset); entry < offsets_.size() && offsets_[entry] < end;
       ++entry) {
    for (const Part& part : PartsOf(entry)) {
      const uint64_t from = std::max(piece.offset, part.offset);
      const uint64_t to = std::min(end, part.offset + part.size);
      if (from >= to) continue;
      ReadPart(part, from - part.offset, {out + (from - piece.offset), to - from});
    }
  }
}

void Layout::ReadPart(const Part& part, uint64_t from, absl::Span<char> out) const {
  const uint32_t page = PageOf(part.entry);  // of no use for ComicInfo.xml
  switch (part.origin) {
    case Part::Origin::kLocalHeader:
      return CopyOverlap(LocalHeader(Record(part.entry)), 0, from, out);
    case Part::Origin::kComicInfo:
      PrepareInfo();
      return info_.empty() ? CopyOverlap(MakeInfo(), 0, from, out)
                           : CopyOverlap(info_, 0, from, out);
    case Part::Origin::kPageHead: {
      const PageHead head =
          MakePageHead(document_->pages[page], options_.format, ShapeOf(page));
      CopyOverlap(head.begin, 0, from, out);
      return CopyOverlap(head.fill, head.begin.size(), from, out);
    }
    case Part::Origin::kInsert:
      return CopyOverlap(document_->inserts[document_->pages[page].insert], 0, from, out);
    case Part::Origin::kTail: {
      const PageShape shape = ShapeOf(page);
      const Padding padding(options_.format, shape.tail - shape.end);
      CopyOverlap(padding, 0, from, out);
      return CopyOverlap(EndOf(options_.format, shape), padding.bytes(), from, out);
    }
    case Part::Origin::kDescriptor:
      return CopyOverlap(DataDescriptor(Record(part.entry)), 0, from, out);
    case Part::Origin::kDirectory:
      return ReadDirectory(from, out);
    case Part::Origin::kEnd:
      return CopyOverlap(EndRecords(End()), 0, from, out);
    case Part::Origin::kSource:
    case Part::Origin::kBody:
      return;  // not literal: no piece of Map() holds them
  }
}

void Layout::ReadDirectory(uint64_t from, absl::Span<char> out) const {
  const size_t entries = page_count() + lead_;
  // The last record that begins at or before `from`.
  size_t low = 0;
  for (size_t high = entries; high - low > 1;) {
    const size_t middle = low + (high - low) / 2;
    (DirectoryBytesBefore(middle) <= from ? low : high) = middle;
  }
  const uint64_t end = from + out.size();
  uint64_t at = DirectoryBytesBefore(low);
  for (size_t entry = low; entry < entries && at < end; ++entry) {
    const std::string record = CentralRecord(Record(entry));
    CopyOverlap(record, at, from, out);
    at += record.size();
  }
}

BodySpec Layout::Body(uint32_t index) const {
  const PageShape shape = ShapeOf(index);
  if (IsRaw(index)) return {.body_bytes = shape.body, .declared_crc = DeclaredCrc(index)};
  const Padding tail(options_.format, shape.tail - shape.end);
  BodySpec spec{.body_bytes = shape.body,
                .declared_crc = DeclaredCrc(index),
                .head_bytes = shape.head,
                .tail_crc = ExtendCrc(tail.ExtendCrc(0, tail.bytes()),
                                      EndOf(options_.format, shape)),
                .tail_bytes = shape.tail,
                .format = options_.format};
  const Page& page = document_->pages[index];
  if (page.kind != PageKind::kOriginal) {
    const PageHead head = MakePageHead(page, options_.format, shape);
    spec.max_payload = shape.body - LeastPadding(options_.format);
    spec.head_crc = head.fill.ExtendCrc(ExtendCrc(0, head.begin), head.fill.bytes());
  }
  return spec;
}

}  // namespace cbzfs
