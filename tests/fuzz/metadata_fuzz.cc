// What strangers say of a comic, in a file beside it (0), in XMP (1) or in the parts of an EPUB
// (2): whatever it is, a document with it is one that the daemon takes, and its ComicInfo.xml is as
// long as was said.

#include <string>
#include <string_view>

#include "codecs/document/document_codec.h"
#include "codecs/metadata/epub_package.h"
#include "codecs/metadata/sidecar.h"
#include "codecs/metadata/xmp.h"
#include "codecs/zip/comic_info.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace cbzfs;

bool IsSafe(std::string_view path) {
  return !path.empty() && path.front() != '/' && path.find("//") == path.npos;
}

void ReadEpub(std::string_view text, Document* document) {
  const auto path = PackagePathOf(text);
  FUZZ_CHECK(!path.ok() || IsSafe(*path));
  DisplayOptionsFixLayout(text);
  if (const auto viewport = ViewportOf(text)) {
    FUZZ_CHECK(viewport->width >= 1 && viewport->width <= 20'000);
    FUZZ_CHECK(viewport->height >= 1 && viewport->height <= 20'000);
  }
  const auto package = ReadPackageDocument(text, "OEBPS/content.opf");
  if (!package.ok()) return;
  FUZZ_CHECK(package->spine.size() <= kMostSpine);
  document->info = package->info;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Document document;
  document.pages.resize(3, {.width = 10, .height = 20, .dpi = 150});
  if (data[0] % 3 == 2) {
    ReadEpub(text, &document);
  } else if (data[0] % 3 == 1) {
    document.info = ReadXmp(text);
  } else {
    const auto sidecar = ReadSidecar(text);
    if (!sidecar.ok()) return 0;
    AddSidecar(*sidecar, &document);
    FUZZ_CHECK(document.info.fields().size() >= sidecar->info.fields().size());
  }
  const auto decoded = DecodeDocument(EncodeDocument(document), 0);
  FUZZ_CHECK(decoded.ok() && *decoded == document);
  const ComicInfoSource source = {
      .document = document, .stem = "x", .data_bytes = [](uint32_t page) { return page; }};
  FUZZ_CHECK(ComicInfoText(source).size() == ComicInfoBytes(source));
  return 0;
}
