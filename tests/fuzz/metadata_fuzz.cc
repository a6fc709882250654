// What strangers say of a comic, in a file beside it (0) or in XMP (1): whatever it is, a document
// with it is one that the daemon takes, and its ComicInfo.xml is as long as was said.

#include <string>
#include <string_view>

#include "codecs/document/document_codec.h"
#include "codecs/metadata/sidecar.h"
#include "codecs/metadata/xmp.h"
#include "codecs/zip/comic_info.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Document document;
  document.pages.resize(3, {.width = 10, .height = 20, .dpi = 150});
  if (data[0] % 2 == 1) {
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
