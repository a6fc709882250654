#include "codecs/document/document_codec.h"

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/document/document.pb.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

// A table of kMaxPages takes 60 MB at most; the rest is room for inserts. Bounds what parsing may
// allocate (a packed field grows eightfold).
constexpr size_t kMaxEncodedBytes = 128u << 20;

absl::Status Bad(const char* what) {
  return absl::DataLossError(absl::StrCat("page table: ", what));
}

absl::Status BadPage(size_t page, const char* what) {
  return absl::DataLossError(absl::StrCat("page table: page ", page + 1, ": ", what));
}

bool IsPlainText(std::string_view text) {
  if (text.size() > kMaxInfoBytes || !IsValidUtf8(text)) return false;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) return false;
  }
  return true;
}

bool ColumnsAgree(const proto::Document& message) {
  const int pages = message.kind_size();
  return message.width_size() == pages && message.height_size() == pages &&
         message.dpi_size() == pages && message.gray_size() == pages &&
         message.source_offset_size() == pages && message.source_bytes_size() == pages &&
         message.insert_size() == pages && message.insert_at_size() == pages &&
         message.payload_bytes_size() == pages;
}

absl::Status CheckOriginal(const Document& document, size_t index, uint64_t source_bytes) {
  const Page& page = document.pages[index];
  if (page.source_bytes < 2 || page.source_bytes > kMaxOriginalBytes) {
    return BadPage(index, "impossible stream length");
  }
  if (page.source_offset > source_bytes || page.source_bytes > source_bytes - page.source_offset) {
    return BadPage(index, "stream outside the source");
  }
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
  if (page.kind == PageKind::kOriginal) return CheckOriginal(document, index, source_bytes);
  if (page.payload_bytes > kMaxPayloadBytes) return BadPage(index, "impossible slot");
  if (page.kind == PageKind::kDrawn && uint64_t{page.width} * page.height > kMaxPagePixels) {
    return BadPage(index, "too many pixels");
  }
  return absl::OkStatus();
}

Page PageAt(const proto::Document& message, int i) {
  return {.kind = static_cast<PageKind>(message.kind(i)),
          .width = message.width(i),
          .height = message.height(i),
          .dpi = message.dpi(i),
          .gray = message.gray(i),
          .source_offset = message.source_offset(i),
          .source_bytes = message.source_bytes(i),
          .insert = message.insert(i),
          .insert_at = message.insert_at(i),
          .payload_bytes = message.payload_bytes(i)};
}

}  // namespace

std::string EncodeDocument(const Document& document) {
  proto::Document message;
  message.set_title(document.info.title);
  message.set_author(document.info.author);
  for (const std::string& insert : document.inserts) message.add_inserts(insert);
  for (const Page& page : document.pages) {
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
  }
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
  if (!ColumnsAgree(message)) return Bad("columns of different lengths");
  if (!IsPlainText(message.title()) || !IsPlainText(message.author())) return Bad("bad text");

  Document document;
  document.info = {.title = message.title(), .author = message.author()};
  for (std::string& insert : *message.mutable_inserts()) {
    if (insert.size() > kMaxInsertBytes) return Bad("insert too long");
    document.inserts.push_back(std::move(insert));
  }
  document.pages.reserve(message.kind_size());
  for (int i = 0; i < message.kind_size(); ++i) {
    if (message.kind(i) > static_cast<uint32_t>(PageKind::kExtracted)) {
      return BadPage(i, "unknown kind");
    }
    document.pages.push_back(PageAt(message, i));
    if (absl::Status status = CheckPage(document, i, source_bytes); !status.ok()) return status;
  }
  return document;
}

}  // namespace cbzfs
