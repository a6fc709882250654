// An XPS or EPUB: open, page table, pages. Two bytes of options, then the whole file, or what
// stands in a page of one that is made around it. MuPDF is not instrumented; what guides the search
// is our code around it.

#include <zip.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/document/document_codec.h"
#include "codecs/pdf/paged.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pdf_check.h"

namespace {

using namespace cbzfs;

using Entries = std::vector<std::pair<std::string, std::string>>;

std::string ZipOf(const Entries& entries) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* whole = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(whole);
  zip_t* archive = zip_open_from_source(whole, ZIP_TRUNCATE, &error);
  FUZZ_CHECK(archive != nullptr);
  for (const auto& [name, data] : entries) {
    zip_source_t* part = zip_source_buffer(archive, data.data(), data.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), part, 0);
    FUZZ_CHECK(index >= 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  FUZZ_CHECK(zip_close(archive) == 0);
  FUZZ_CHECK(zip_source_open(whole) == 0);
  zip_stat_t stat;
  FUZZ_CHECK(zip_source_stat(whole, &stat) == 0);
  std::string bytes(stat.size, '\0');
  FUZZ_CHECK(zip_source_read(whole, bytes.data(), bytes.size()) >= 0);
  zip_source_close(whole);
  zip_source_free(whole);
  return bytes;
}

std::string XpsAround(std::string_view marks) {
  const std::string space = " xmlns=\"http://schemas.microsoft.com/xps/2005/06\"";
  return ZipOf(
      {{"_rels/.rels",
        "<Relationships><Relationship Id=\"R\" "
        "Type=\"http://schemas.microsoft.com/xps/2005/06/fixedrepresentation\" "
        "Target=\"/s.fdseq\"/></Relationships>"},
       {"s.fdseq", "<FixedDocumentSequence" + space +
                       "><DocumentReference Source=\"/d.fdoc\"/></FixedDocumentSequence>"},
       {"d.fdoc", "<FixedDocument" + space + "><PageContent Source=\"/p.fpage\"/></FixedDocument>"},
       {"p.fpage", "<FixedPage" + space + " Width=\"96\" Height=\"144\">" + std::string(marks) +
                       "</FixedPage>"}});
}

std::string EpubAround(std::string_view page) {
  return ZipOf({{"META-INF/container.xml",
                 "<container xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><rootfiles>"
                 "<rootfile full-path=\"o.opf\"/></rootfiles></container>"},
                {"o.opf",
                 "<package xmlns=\"http://www.idpf.org/2007/opf\"><metadata><meta "
                 "property=\"rendition:layout\">pre-paginated</meta></metadata><manifest>"
                 "<item id=\"a\" href=\"a.xhtml\" media-type=\"application/xhtml+xml\"/></manifest>"
                 "<spine><itemref idref=\"a\"/></spine></package>"},
                {"a.xhtml",
                 "<html><head><meta name=\"viewport\" content=\"width=96,height=144\"/>"
                 "</head><body>" +
                     std::string(page) + "</body></html>"}});
}

void Check(absl::Span<const uint8_t> file, SourceFormat format, const AnalyseOptions& options,
           bool sparing) {
  const auto document = PagedDocument::Open(fuzz::Engine(), file, format);
  if (!document.ok()) {
    const auto message = document.status().message();
    FUZZ_CHECK(fuzz::IsOneLine({message.data(), message.size()}) && message.size() <= 300);
    return;
  }
  FUZZ_CHECK((*document)->page_count() >= 1);
  const auto table = (*document)->Analyse(options, sparing);
  if (!table.ok()) return;
  FUZZ_CHECK(table->pages.size() == (*document)->page_count());
  const auto same = DecodeDocument(EncodeDocument(*table), file.size());
  FUZZ_CHECK(same.ok() && *same == *table);
  const auto twice = (*document)->Analyse(options, sparing);
  FUZZ_CHECK(twice.ok() && *twice == *table);
  for (uint32_t i = 0; i < std::min<size_t>(table->pages.size(), 3); ++i) {
    const Page& row = table->pages[i];
    FUZZ_CHECK(row.kind == PageKind::kDrawn && !row.lone_image);
    FUZZ_CHECK(row.payload_bytes >= MinPayload(row.width, row.height));
    if (uint64_t{row.width} * row.height > fuzz::kMostDrawnPixels) continue;
    const auto drawn = (*document)->Produce(i, row, options, row.payload_bytes);
    if (!drawn.ok()) continue;
    FUZZ_CHECK(drawn->payload.size() <= row.payload_bytes);
    FUZZ_CHECK(!row.gray || drawn->components == 1);
    fuzz::CheckJpeg(drawn->payload, row.width, row.height);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t flags = input.Take<uint8_t>();
  const AnalyseOptions options = {.dpi = (flags & 1) != 0 ? 0u : 72u,
                                  .quality = 40u + input.Take<uint8_t>() % 61,
                                  .max_pages = (flags & 2) == 0 ? 20u : 2u,
                                  .enhanced = (flags & 4) == 0};
  const SourceFormat format = (flags & 8) == 0 ? SourceFormat::kXps : SourceFormat::kEpub;
  const auto rest = input.Rest();
  std::string around;
  absl::Span<const uint8_t> file = rest;
  if ((flags & 16) != 0) {
    const std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
    around = format == SourceFormat::kXps ? XpsAround(text) : EpubAround(text);
    file = {reinterpret_cast<const uint8_t*>(around.data()), around.size()};
  }
  Check(file, format, options, (flags & 32) != 0);
  return 0;
}
