// What a PDF's page table and pages promise, whatever the PDF.

#ifndef CBZFS_TESTS_FUZZ_PDF_CHECK_H_
#define CBZFS_TESTS_FUZZ_PDF_CHECK_H_

#include <memory>
#include <string>

#include "codecs/decode/jpeg_header.h"
#include "codecs/document/document_codec.h"
#include "codecs/document/picture_size.h"
#include "codecs/pdf/pdf.h"
#include "codecs/picture/picture.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/jpeg_maker.h"

namespace cbzfs::fuzz {

// Larger pages are analysed but not drawn.
inline constexpr uint64_t kMostDrawnPixels = 300'000;

// A JPEG of just this size.
inline void CheckJpeg(const std::string& payload, uint32_t width, uint32_t height) {
  const testing::Picture picture = testing::ReadJpeg("\xFF\xD8" + payload + "\xFF\xD9");
  FUZZ_CHECK(uint32_t(picture.width) == width && uint32_t(picture.height) == height);
}

// Its stream is a JPEG in the file of the size that the row says.
inline void CheckOriginal(const Pdf& pdf, const Document& document, const Page& row,
                          const AnalyseOptions& options) {
  std::string buffer;
  const absl::Span<const uint8_t> stream = pdf.Original(row, &buffer);
  const auto header = ReadJpegHeader(stream);
  FUZZ_CHECK(header.ok() && header->IsPlain() && header->components != 4);
  FUZZ_CHECK(header->width == row.width && header->height == row.height);
  FUZZ_CHECK(row.insert == -1 || row.insert_at <= header->after_app0);
  if (!options.enhanced || uint64_t{row.width} * row.height > kMostDrawnPixels) return;
  const uint64_t profile = row.insert < 0 ? 0 : document.inserts[row.insert].size();
  const PictureRequest request = {.width = row.width,
                                  .height = row.height,
                                  .quality = options.quality,
                                  .max_payload = row.enhanced_bytes + profile,
                                  .enhance = options.enhance};
  const auto made = EnhancePicture(stream, request);
  FUZZ_CHECK(!made.ok() || made->image.payload.size() <= request.max_payload);
}

inline void CheckDrawn(Pdf& pdf, uint32_t index, const Page& row, const AnalyseOptions& options) {
  FUZZ_CHECK(row.payload_bytes >= MinPayload(row.width, row.height));
  if (uint64_t{row.width} * row.height > kMostDrawnPixels) return;
  const auto drawn = pdf.Produce(index, row, options, row.payload_bytes);
  if (drawn.ok()) {
    FUZZ_CHECK(drawn->payload.size() <= row.payload_bytes);
    FUZZ_CHECK(!row.gray || drawn->components == 1);
    CheckJpeg(drawn->payload, row.width, row.height);
  }
  if (!row.lone_image) return;
  const PictureSize size = FitInside({row.width, row.height}, {40, 40});
  const uint64_t room = ThumbnailPayload(size);
  const auto small = pdf.ProduceSmall(
      index, row, options, {.width = size.width, .height = size.height, .max_payload = room});
  if (!small.ok()) return;
  FUZZ_CHECK(small->payload.size() <= room);
  CheckJpeg(small->payload, size.width, size.height);
}

// Of the engine only one is needed a process; it is never freed.
inline PdfEngine* Engine() {
  static auto* const engine = new PdfEngine;
  return engine;
}

inline void CheckPdf(absl::Span<const uint8_t> file, const AnalyseOptions& options, bool sparing) {
  const auto pdf = Pdf::Open(Engine(), file);
  if (!pdf.ok()) {
    const auto message = pdf.status().message();
    FUZZ_CHECK(IsOneLine({message.data(), message.size()}) && message.size() <= 300);
    return;
  }
  FUZZ_CHECK((*pdf)->page_count() >= 1);
  const auto document = (*pdf)->Analyse(options, sparing);
  if (!document.ok()) return;
  FUZZ_CHECK(document->pages.size() <= options.max_pages);
  const auto same = DecodeDocument(EncodeDocument(*document), file.size());
  FUZZ_CHECK(same.ok() && *same == *document);
  const auto twice = (*pdf)->Analyse(options, sparing);
  FUZZ_CHECK(twice.ok() && *twice == *document);
  for (uint32_t i = 0; i < std::min<size_t>(document->pages.size(), 3); ++i) {
    const Page& row = document->pages[i];
    if (row.kind == PageKind::kOriginal) {
      CheckOriginal(**pdf, *document, row, options);
    } else if (row.kind == PageKind::kDrawn) {
      CheckDrawn(**pdf, i, row, options);
    } else {
      const auto unwrapped = (*pdf)->Produce(i, row, options, row.payload_bytes);
      FUZZ_CHECK(!unwrapped.ok() || unwrapped->payload.size() <= row.payload_bytes);
    }
  }
}

}  // namespace cbzfs::fuzz

#endif  // CBZFS_TESTS_FUZZ_PDF_CHECK_H_
