// Page tables for tests, as the workers make them of the three kinds of comics.
//
// Pure functions: any thread.

#ifndef CBZFS_TESTS_FS_CORE_SAMPLE_DOCUMENTS_H_
#define CBZFS_TESTS_FS_CORE_SAMPLE_DOCUMENTS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fs/core/book.h"
#include "fs/core/documents.h"

namespace cbzfs {

// Pages of a PDF: 0 drawn, 1 original with a profile, 2 extracted, 3 drawn and a lone image,
// 4 original without a profile. Original streams lie in a source of 20 000 bytes or more.
inline Document SamplePdf(bool enhanced) {
  Document document;
  Page page{.width = 1000, .height = 1500, .dpi = 150, .payload_bytes = 90'000};
  page.enhanced_bytes = 110'000;
  document.pages.assign(5, page);
  document.pages[1].kind = document.pages[4].kind = PageKind::kOriginal;
  for (const int original : {1, 4}) {
    Page& row = document.pages[original];
    row.source_offset = 100 * static_cast<uint64_t>(original);
    row.source_bytes = 9'000;
    row.payload_bytes = 0;
    row.decode_bytes = 77;
  }
  document.pages[1].insert = 0;
  document.pages[1].insert_at = 20;
  document.inserts = {"\xFF\xE2" + std::string(598, 'P')};
  document.pages[2].kind = PageKind::kExtracted;
  document.pages[3].lone_image = true;
  document.pages[3].width = 3000;
  document.pages[3].gray = true;
  if (!enhanced) {
    for (Page& row : document.pages) row.enhanced_bytes = 0;
  }
  return document;
}

// An entry of an archive and its page. `stored` bytes in the file make `bytes` of data.
inline void AddEntry(Document* document, PageKind kind, const std::string& name, uint64_t offset,
                     uint64_t stored, uint64_t bytes, uint16_t method) {
  const auto index = static_cast<uint32_t>(document->entries.size());
  Page row{.kind = kind, .width = 1, .height = 1};
  if (kind == PageKind::kImage) {
    row.width = 800;
    row.height = 1200;
    row.decode_bytes = 55;
    row.enhanced_bytes = 70'000 + 64 * index;
  }
  row.source_offset = offset;
  row.source_bytes = stored;
  document->pages.push_back(row);
  // As in an archive with one dropped entry before each that is kept.
  document->entries.push_back({.name = name,
                               .index = 2 * index + 1,
                               .method = method,
                               .dos_time = 0x58216000,
                               .crc = 0x1234 + index,
                               .bytes = bytes});
}

// An archive whose directory is in no order: images in two folders, a text, one entry whose bytes
// are nowhere. The ranges lie in a source of 20 000 bytes or more.
inline Document SampleArchive(bool enhanced) {
  Document document;
  AddEntry(&document, PageKind::kImage, "b/p10.jpg", 100, 1000, 1000, 0);
  AddEntry(&document, PageKind::kImage, "b/p2.png", 1200, 900, 2000, 8);
  AddEntry(&document, PageKind::kRaw, "ComicInfo.xml", 2200, 50, 120, 8);
  AddEntry(&document, PageKind::kRaw, "b/lost.jpg", 0, 0, 5000, 8);
  AddEntry(&document, PageKind::kImage, "A/P1.webp", 3000, 800, 800, 0);
  if (!enhanced) {
    for (Page& row : document.pages) row.enhanced_bytes = 0;
  }
  return document;
}

// An archive that is no ZIP: two images, a text, an empty file.
inline Document SamplePacked(bool enhanced) {
  Document document;
  AddEntry(&document, PageKind::kImage, "2.jpg", 0, 0, 1000, 0);
  AddEntry(&document, PageKind::kUnpacked, "ComicInfo.xml", 0, 0, 120, 0);
  AddEntry(&document, PageKind::kUnpacked, "empty", 0, 0, 0, 0);
  AddEntry(&document, PageKind::kImage, "1.png", 0, 0, 2000, 0);
  if (!enhanced) {
    for (Page& row : document.pages) row.enhanced_bytes = 0;
  }
  return document;
}

inline Document SampleImage(uint64_t file_bytes, bool enhanced) {
  Document document;
  document.pages = {{.kind = PageKind::kImage, .width = 640, .height = 480}};
  document.pages[0].source_bytes = file_bytes;
  document.pages[0].enhanced_bytes = enhanced ? 50'000 : 0;
  return document;
}

inline Document SampleOf(SourceFormat format, uint64_t file_bytes, bool enhanced) {
  switch (format) {
    case SourceFormat::kPdf:
    case SourceFormat::kXps:
    case SourceFormat::kEpub:
      return SamplePdf(enhanced);
    case SourceFormat::kArchive:
    case SourceFormat::kFolder:
      return SampleArchive(enhanced);
    case SourceFormat::kPacked:
    case SourceFormat::kMisnamed:
      return SamplePacked(enhanced);
    case SourceFormat::kImage:
    case SourceFormat::kNotice:
      return SampleImage(file_bytes, enhanced);
  }
  return {};
}

inline std::shared_ptr<const KnownDocument> Known(Document document, uint64_t fingerprint = 7) {
  auto known = std::make_shared<KnownDocument>();
  known->fingerprint = fingerprint;
  known->document = std::make_shared<const Document>(std::move(document));
  return known;
}

inline Book::Identity IdentityOf(SourceFormat format, Rendition rendition,
                                 const std::string& stem = "Foo") {
  return {.source = {.key = {.dev = 1, .ino = 2, .size = 20'000, .mtime_ns = 3, .ctime_ns = 4},
                     .format = format,
                     .enhanced = rendition == Rendition::kEnhanced},
          .stem = stem,
          .rendition = rendition};
}

// A book of one of the samples.
inline std::shared_ptr<const Book> SampleBook(SourceFormat format, Rendition rendition,
                                              const Options& options = {}) {
  const bool enhanced = rendition == Rendition::kEnhanced;
  auto book =
      Book::Make(IdentityOf(format, rendition), Known(SampleOf(format, 20'000, enhanced)), options);
  return book.ok() ? *std::move(book) : nullptr;
}

}  // namespace cbzfs

#endif  // CBZFS_TESTS_FS_CORE_SAMPLE_DOCUMENTS_H_
