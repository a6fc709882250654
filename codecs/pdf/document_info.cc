#include "codecs/pdf/document_info.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "codecs/document/utf8.h"
#include "codecs/metadata/xmp.h"

namespace cbzfs {
namespace {

using absl::StatusCode;

// Most packets have a few KiB.
constexpr size_t kXmpChunk = 16 << 10;

// The end of memory; all else only means that nothing is said.
absl::Status IfExhausted(const absl::Status& status) {
  return absl::IsResourceExhausted(status) ? status : absl::OkStatus();
}

pdf_obj* Catalog(const Pdf::Impl& pdf) {
  return pdf_dict_get(pdf.ctx, pdf_trailer(pdf.ctx, pdf.doc), PDF_NAME(Root));
}

// Programs that print to a PDF put the name of what was printed into the title.
bool IsFileName(std::string_view title) {
  constexpr std::array<std::string_view, 16> kExtensions = {
      ".doc", ".docx", ".indd", ".pdf", ".qxd", ".qxp", ".ai",  ".psd",
      ".tif", ".tiff", ".jpg",  ".png", ".ps",  ".eps", ".cbr", ".cbz"};
  std::string lower(title);
  absl::AsciiStrToLower(&lower);
  return lower == "untitled" || std::any_of(kExtensions.begin(), kExtensions.end(), [&](auto end) {
           return std::string_view(lower).ends_with(end);
         });
}

void AddTitle(std::string_view title, Metadata* info) {
  if (!IsFileName(PrintableText(title, Metadata::kMaxText))) info->Add(ComicField::kTitle, title);
}

// Of a packet that is too long, more than kMaxXmpBytes.
void ReadPacket(fz_context* ctx, pdf_obj* stream, std::string* packet) {
  fz_stream* open = pdf_open_stream(ctx, stream);
  fz_try(ctx) {
    for (size_t got = kXmpChunk; got == kXmpChunk && packet->size() <= kMaxXmpBytes;) {
      const size_t size = packet->size();
      packet->resize(size + kXmpChunk);
      got = fz_read(ctx, open, reinterpret_cast<unsigned char*>(&(*packet)[size]), kXmpChunk);
      packet->resize(size + got);
    }
  }
  fz_always(ctx) { fz_drop_stream(ctx, open); }
  fz_catch(ctx) { fz_rethrow(ctx); }
}

absl::Status AddXmp(const Pdf::Impl& pdf, Metadata* info) {
  pdf_obj* stream = nullptr;
  std::string packet;
  absl::Status status = Try(pdf.ctx, StatusCode::kDataLoss, [&] {
    stream = pdf_dict_get(pdf.ctx, Catalog(pdf), PDF_NAME(Metadata));
    if (!pdf_is_stream(pdf.ctx, stream)) stream = nullptr;
  });
  if (stream == nullptr) return IfExhausted(status);
  status = Try(pdf.ctx, StatusCode::kDataLoss, [&] { ReadPacket(pdf.ctx, stream, &packet); });
  if (!status.ok()) return IfExhausted(status);
  const Metadata said = ReadXmp(packet);
  for (const auto& [field, text] : said.fields()) {
    if (field == ComicField::kTitle) {
      AddTitle(text, info);
    } else {
      info->Add(field, text);
    }
  }
  return absl::OkStatus();
}

absl::Status AddInfoText(const Pdf::Impl& pdf, pdf_obj* key, ComicField field, Metadata* info) {
  const char* text = nullptr;
  const absl::Status status = Try(pdf.ctx, StatusCode::kDataLoss, [&] {
    pdf_obj* dictionary = pdf_dict_get(pdf.ctx, pdf_trailer(pdf.ctx, pdf.doc), PDF_NAME(Info));
    text = pdf_dict_get_text_string(pdf.ctx, dictionary, key);
  });
  if (!status.ok() || text == nullptr) return IfExhausted(status);
  field == ComicField::kTitle ? AddTitle(text, info) : info->Add(field, text);
  return absl::OkStatus();
}

absl::Status AddLanguage(const Pdf::Impl& pdf, Metadata* info) {
  const char* language = nullptr;
  const char* direction = nullptr;
  const absl::Status status = Try(pdf.ctx, StatusCode::kDataLoss, [&] {
    pdf_obj* catalog = Catalog(pdf);
    pdf_obj* preferences = pdf_dict_gets(pdf.ctx, catalog, "ViewerPreferences");
    direction = pdf_to_name(pdf.ctx, pdf_dict_gets(pdf.ctx, preferences, "Direction"));
    language = pdf_dict_get_text_string(pdf.ctx, catalog, PDF_NAME(Lang));
  });
  if (language != nullptr) info->Add(ComicField::kLanguageIso, language);
  if (direction != nullptr && std::string_view(direction) == "R2L") {
    info->Add(ComicField::kManga, "YesAndRightToLeft");
  }
  return IfExhausted(status);
}

}  // namespace

absl::Status DescribeDocument(Pdf::Impl* pdf, Document* document) {
  Metadata* const info = &document->info;
  if (auto s = AddXmp(*pdf, info); !s.ok()) return s;
  const std::array<std::pair<pdf_obj*, ComicField>, 4> texts = {
      {{PDF_NAME(Title), ComicField::kTitle},
       {PDF_NAME(Author), ComicField::kWriter},
       {PDF_NAME(Subject), ComicField::kSummary},
       {PDF_NAME(Keywords), ComicField::kTags}}};
  for (const auto& [key, field] : texts) {
    if (auto s = AddInfoText(*pdf, key, field, info); !s.ok()) return s;
  }
  if (auto s = AddLanguage(*pdf, info); !s.ok()) return s;

  const size_t pages = document->pages.size();
  std::vector<std::string> bookmarks(pages);
  std::vector<std::string> labels(pages);
  if (auto s = FindBookmarks(pdf, &bookmarks); !s.ok()) return s;
  if (auto s = FindLabels(pdf, &labels); !s.ok()) return s;
  for (uint32_t page = 0; page < pages; ++page) {
    PageMark mark{.page = page};
    mark.bookmark = PrintableText(bookmarks[page], kMaxMarkText);
    mark.label = PrintableText(labels[page], kMaxMarkText);
    if (!mark.empty()) document->marks.push_back(std::move(mark));
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
