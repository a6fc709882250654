#include "codecs/document/document_codec.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/document/document.pb.h"
#include "codecs/document/entry_checks.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

// A table of kMaxPages takes 72 MB at most; the rest is room for inserts, or for the names of an
// archive. Bounds what parsing may allocate (a packed field grows eightfold).
constexpr size_t kMaxEncodedBytes = 128u << 20;

absl::Status Bad(const char* what) {
  return absl::DataLossError(absl::StrCat("page table: ", what));
}

absl::Status BadPage(size_t page, const char* what) {
  return absl::DataLossError(absl::StrCat("page table: page ", page + 1, ": ", what));
}

bool IsPlainText(std::string_view text) {
  return text.size() <= kMaxInfoBytes && IsPrintable(text);
}

bool IsMarkText(std::string_view text) {
  return text.empty() || PrintableText(text, kMaxMarkText) == text;
}

bool EmptyOr(int size, int wanted) { return size == 0 || size == wanted; }

bool ColumnsAgree(const proto::Document& message) {
  const int pages = message.kind_size();
  return message.width_size() == pages && message.height_size() == pages &&
         message.dpi_size() == pages && message.gray_size() == pages &&
         message.source_offset_size() == pages && message.source_bytes_size() == pages &&
         message.insert_size() == pages && message.insert_at_size() == pages &&
         message.payload_bytes_size() == pages && EmptyOr(message.enhanced_bytes_size(), pages) &&
         EmptyOr(message.lone_image_size(), pages) && EmptyOr(message.decode_bytes_size(), pages) &&
         EmptyOr(message.why_drawn_size(), pages);
}

bool EntryColumnsAgree(const proto::Document& message) {
  const int entries = message.entry_name_size();
  return EmptyOr(entries, message.kind_size()) && message.entry_index_size() == entries &&
         message.entry_method_size() == entries && message.entry_flags_size() == entries &&
         message.entry_dos_time_size() == entries && message.entry_crc_size() == entries &&
         message.entry_bytes_size() == entries && EmptyOr(message.entry_extra_size(), entries) &&
         message.note_text_size() == message.note_page_size();
}

bool InfoColumnsAgree(const proto::Document& message) {
  const int marks = message.mark_page_size();
  return message.info_field_size() == message.info_text_size() &&
         message.mark_bookmark_size() == marks && message.mark_label_size() == marks &&
         message.mark_type_size() == marks;
}

bool RangeIsInside(const Page& page, uint64_t source_bytes) {
  return page.source_offset <= source_bytes &&
         page.source_bytes <= source_bytes - page.source_offset;
}

absl::Status CheckOriginal(const Document& document, size_t index, uint64_t source_bytes) {
  const Page& page = document.pages[index];
  if (page.source_bytes < 2 || page.source_bytes > kMaxOriginalBytes) {
    return BadPage(index, "impossible stream length");
  }
  if (!RangeIsInside(page, source_bytes)) return BadPage(index, "stream outside the source");
  if (page.insert == -1) return absl::OkStatus();
  if (page.insert < -1 || static_cast<size_t>(page.insert) >= document.inserts.size()) {
    return BadPage(index, "no such insert");
  }
  if (page.insert_at < 2 || page.insert_at > page.source_bytes) {
    return BadPage(index, "insert outside the stream");
  }
  return absl::OkStatus();
}

absl::Status CheckPage(const Document& document, size_t index, uint64_t source_bytes) {
  const Page& page = document.pages[index];
  if (page.width < 1 || page.width > kMaxPageSide || page.height < 1 ||
      page.height > kMaxPageSide) {
    return BadPage(index, "impossible size");
  }
  if (!std::isfinite(page.dpi) || page.dpi < 0) return BadPage(index, "impossible resolution");
  if (page.enhanced_bytes > kMaxPayloadBytes) return BadPage(index, "impossible enhanced slot");
  if (static_cast<uint32_t>(page.why_drawn) > kMaxWhyDrawn) return BadPage(index, "unknown reason");
  if (page.decode_bytes > kMaxDecodeBytes) return BadPage(index, "impossible cost of decoding");
  if (page.kind == PageKind::kOriginal) return CheckOriginal(document, index, source_bytes);
  if (page.payload_bytes > kMaxPayloadBytes) return BadPage(index, "impossible slot");
  if (page.kind == PageKind::kExtracted) return absl::OkStatus();
  if (uint64_t{page.width} * page.height > kMaxPagePixels) {
    return BadPage(index, "too many pixels");
  }
  if (page.kind == PageKind::kDrawn) return absl::OkStatus();
  if (!RangeIsInside(page, source_bytes)) return BadPage(index, "entry outside the source");
  if (page.kind == PageKind::kUnpacked && (page.source_offset != 0 || page.source_bytes != 0)) {
    return BadPage(index, "packed, but with a place of its own");
  }
  if (page.is_other() && (page.width != 1 || page.height != 1 || page.enhanced_bytes != 0)) {
    return BadPage(index, "no image, but the facts of one");
  }
  return absl::OkStatus();
}

// A PDF, an image file or an archive, and nothing between them.
absl::Status CheckSort(const Document& document, uint64_t source_bytes) {
  const std::vector<Page>& pages = document.pages;
  size_t images = 0;
  size_t raw = 0;
  for (const Page& page : pages) {
    images += page.kind == PageKind::kImage ? 1 : 0;
    raw += page.is_other() ? 1 : 0;
  }
  if (!document.entries.empty()) {
    if (images + raw != pages.size()) return Bad("drawn pages in an archive");
    if (images == 0) return Bad("an archive without images");
    return CheckEntries(document);
  }
  if (images + raw == 0) return absl::OkStatus();
  if (pages.size() != 1 || images != 1) return Bad("entries without an archive");
  if (pages[0].source_offset != 0 || pages[0].source_bytes != source_bytes) {
    return Bad("an image that is not its file");
  }
  return absl::OkStatus();
}

bool IsPageKind(uint32_t kind) {
  return kind <= static_cast<uint32_t>(PageKind::kRaw) ||
         kind == static_cast<uint32_t>(PageKind::kUnpacked);
}

Page PageAt(const proto::Document& message, int i) {
  Page page{.kind = static_cast<PageKind>(message.kind(i)),
            .width = message.width(i),
            .height = message.height(i),
            .dpi = message.dpi(i),
            .gray = message.gray(i),
            .source_offset = message.source_offset(i),
            .source_bytes = message.source_bytes(i),
            .insert = message.insert(i),
            .insert_at = message.insert_at(i),
            .payload_bytes = message.payload_bytes(i)};
  if (message.enhanced_bytes_size() > 0) page.enhanced_bytes = message.enhanced_bytes(i);
  if (message.lone_image_size() > 0) page.lone_image = message.lone_image(i);
  if (message.decode_bytes_size() > 0) page.decode_bytes = message.decode_bytes(i);
  if (message.why_drawn_size() > 0) {
    // What is no reason must not become one by being cut to eight bits.
    page.why_drawn = static_cast<WhyDrawn>(std::min<uint32_t>(message.why_drawn(i), UINT8_MAX));
  }
  return page;
}

void AddPages(const std::vector<Page>& pages, proto::Document& message) {
  bool enhanced = false;
  bool lone = false;
  bool decoded = false;
  bool reasons = false;
  for (const Page& page : pages) {
    enhanced = enhanced || page.enhanced_bytes != 0;
    lone = lone || page.lone_image;
    decoded = decoded || page.decode_bytes != 0;
    reasons = reasons || page.why_drawn != WhyDrawn::kUnknown;
  }
  for (const Page& page : pages) {
    message.add_kind(static_cast<uint32_t>(page.kind));
    message.add_width(page.width);
    message.add_height(page.height);
    message.add_dpi(page.dpi);
    message.add_gray(page.gray);
    message.add_source_offset(page.source_offset);
    message.add_source_bytes(page.source_bytes);
    message.add_insert(page.insert);
    message.add_insert_at(page.insert_at);
    message.add_payload_bytes(page.payload_bytes);
    if (enhanced) message.add_enhanced_bytes(page.enhanced_bytes);
    if (lone) message.add_lone_image(page.lone_image);
    if (decoded) message.add_decode_bytes(page.decode_bytes);
    if (reasons) message.add_why_drawn(static_cast<uint32_t>(page.why_drawn));
  }
}

void AddEntries(const std::vector<ArchiveEntry>& entries, proto::Document& message) {
  bool extras = false;
  for (const ArchiveEntry& entry : entries) {
    message.add_entry_name(entry.name);
    message.add_entry_index(entry.index);
    message.add_entry_method(entry.method);
    message.add_entry_flags(entry.flags);
    message.add_entry_dos_time(entry.dos_time);
    message.add_entry_crc(entry.crc);
    message.add_entry_bytes(entry.bytes);
    message.add_entry_extra(entry.extra);
    extras = extras || !entry.extra.empty();
  }
  if (!extras) message.clear_entry_extra();
}

// Numbers that do not fit are refused; what the rest may be, CheckEntries() says.
absl::Status TakeEntries(proto::Document& message, std::vector<ArchiveEntry>& entries) {
  entries.reserve(message.entry_name_size());
  for (int i = 0; i < message.entry_name_size(); ++i) {
    if (message.entry_method(i) > UINT16_MAX || message.entry_flags(i) > UINT16_MAX) {
      return BadEntry(i, "impossible method or flags");
    }
    ArchiveEntry entry{.name = std::move(*message.mutable_entry_name(i)),
                       .index = message.entry_index(i),
                       .method = static_cast<uint16_t>(message.entry_method(i)),
                       .flags = static_cast<uint16_t>(message.entry_flags(i)),
                       .dos_time = message.entry_dos_time(i),
                       .crc = message.entry_crc(i),
                       .bytes = message.entry_bytes(i)};
    if (message.entry_extra_size() > 0) entry.extra = std::move(*message.mutable_entry_extra(i));
    entries.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

void AddInfo(const Document& document, proto::Document& message) {
  for (const auto& [field, text] : document.info.fields()) {
    message.add_info_field(static_cast<uint32_t>(field));
    message.add_info_text(text);
  }
  for (const PageMark& mark : document.marks) {
    message.add_mark_page(mark.page);
    message.add_mark_bookmark(mark.bookmark);
    message.add_mark_label(mark.label);
    message.add_mark_type(static_cast<uint32_t>(mark.type));
  }
}

absl::Status TakeInfo(const proto::Document& message, Document& document) {
  for (int i = 0; i < message.info_field_size(); ++i) {
    if (message.info_field(i) >= kComicFields) return Bad("unknown field of metadata");
    const auto field = static_cast<ComicField>(message.info_field(i));
    if (!Metadata::IsClean(field, message.info_text(i))) return Bad("bad text");
    if (!document.info.Get(field).empty()) return Bad("a field of metadata twice");
    document.info.Add(field, message.info_text(i));
  }
  return absl::OkStatus();
}

absl::Status TakeMarks(proto::Document& message, Document& document) {
  document.marks.reserve(message.mark_page_size());
  for (int i = 0; i < message.mark_page_size(); ++i) {
    const uint32_t page = message.mark_page(i);
    if (page >= document.pages.size() || (i > 0 && page <= document.marks.back().page)) {
      return Bad("marks of no page, or not in order");
    }
    if (message.mark_type(i) > kMaxPageType) return Bad("unknown type of a page");
    PageMark mark{.page = page,
                  .bookmark = std::move(*message.mutable_mark_bookmark(i)),
                  .label = std::move(*message.mutable_mark_label(i)),
                  .type = static_cast<PageType>(message.mark_type(i))};
    if (mark.empty() || !IsMarkText(mark.bookmark) || !IsMarkText(mark.label)) {
      return Bad("bad text of a mark");
    }
    document.marks.push_back(std::move(mark));
  }
  return absl::OkStatus();
}

absl::Status TakeNotes(proto::Document& message, Document& document) {
  if (static_cast<size_t>(message.note_page_size()) > kMaxNotes) return Bad("too many notes");
  for (int i = 0; i < message.note_page_size(); ++i) {
    const uint32_t page = message.note_page(i);
    if (page != Note::kWholeFile && page >= document.pages.size()) return Bad("note of no page");
    if (!IsPlainText(message.note_text(i))) return Bad("bad text of a note");
    document.notes.push_back({.page = page, .text = std::move(*message.mutable_note_text(i))});
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeDocument(const Document& document) {
  proto::Document message;
  AddInfo(document, message);
  for (const std::string& insert : document.inserts) message.add_inserts(insert);
  AddPages(document.pages, message);
  AddEntries(document.entries, message);
  for (const Note& note : document.notes) {
    message.add_note_page(note.page);
    message.add_note_text(note.text);
  }
  message.set_locked(document.locked);
  return message.SerializeAsString();
}

absl::StatusOr<Document> DecodeDocument(std::string_view bytes, uint64_t source_bytes) {
  if (bytes.size() > kMaxEncodedBytes) return Bad("too long");
  proto::Document message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Bad("not a message");
  }
  if (message.kind_size() < 1) return Bad("no pages");
  if (static_cast<uint32_t>(message.kind_size()) > kMaxPages) return Bad("too many pages");
  if (!ColumnsAgree(message) || !EntryColumnsAgree(message) || !InfoColumnsAgree(message))
    return Bad("columns of different lengths");

  Document document;
  if (auto status = TakeInfo(message, document); !status.ok()) return status;
  document.locked = message.locked();
  for (std::string& insert : *message.mutable_inserts()) {
    if (insert.size() > kMaxInsertBytes) return Bad("insert too long");
    document.inserts.push_back(std::move(insert));
  }
  document.pages.reserve(message.kind_size());
  for (int i = 0; i < message.kind_size(); ++i) {
    if (!IsPageKind(message.kind(i))) {
      return BadPage(i, "unknown kind");
    }
    document.pages.push_back(PageAt(message, i));
    if (absl::Status status = CheckPage(document, i, source_bytes); !status.ok()) return status;
  }
  if (auto status = TakeEntries(message, document.entries); !status.ok()) return status;
  if (auto status = CheckSort(document, source_bytes); !status.ok()) return status;
  if (auto status = TakeMarks(message, document); !status.ok()) return status;
  if (auto status = TakeNotes(message, document); !status.ok()) return status;
  return document;
}

}  // namespace cbzfs
