// ComicInfo.xml of any title, author and file name: well-formed XML in UTF-8 that says the same,
// and exactly as long as it was said to be before it was written.

#include "codecs/zip/comic_info.h"

#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <string>

#include "codecs/document/utf8.h"
#include "codecs/zip/comic_book_info.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  fuzz::Input input(data, size);
  Document document;
  document.pages.resize(1 + input.Take<uint8_t>() % 40);
  uint32_t number = input.Take<uint32_t>();
  for (Page& page : document.pages) {
    page.width = number % 65'501;
    page.height = (number = number * 1'664'525 + 1'013'904'223) % 65'501;
  }
  document.info.Add(ComicField::kTitle, input.Text());
  document.info.Add(ComicField::kWriter, input.Text());
  const std::string stem = input.RestText();
  const ComicInfoSource source = {
      .document = document, .stem = stem, .fingerprint = number, .data_bytes = [&](uint32_t page) {
        return uint64_t{number} << (page % 33);
      }};
  const std::string comment = ComicBookInfo(document, stem);
  FUZZ_CHECK(comment.empty() || (nlohmann::json::accept(comment) && comment.size() < 48u << 10));
  const std::string text = ComicInfoText(source);
  FUZZ_CHECK(text.size() == ComicInfoBytes(source));
  FUZZ_CHECK(IsValidUtf8(text) && text.ends_with('\n'));
  // XML 1.0, 2.2: no U+FFFE and no U+FFFF.
  FUZZ_CHECK(text.find("\xEF\xBF\xBE") == text.npos && text.find("\xEF\xBF\xBF") == text.npos);
  for (const char c : text) FUZZ_CHECK(static_cast<uint8_t>(c) >= 0x20 || c == '\n');

  pugi::xml_document xml;
  FUZZ_CHECK(xml.load_buffer(text.data(), text.size(), pugi::parse_full));
  const pugi::xml_node book = xml.child("ComicInfo");
  FUZZ_CHECK(book.child("PageCount").text().as_uint() == document.pages.size());
  size_t pages = 0;
  for (const pugi::xml_node page : book.child("Pages").children("Page")) {
    FUZZ_CHECK(page.attribute("Image").as_uint() == pages);
    FUZZ_CHECK(page.attribute("ImageWidth").as_uint() == document.pages[pages].width);
    ++pages;
  }
  FUZZ_CHECK(pages == document.pages.size());
  // Nothing that a text says becomes an element of its own.
  for (const pugi::xml_node child : book.child("Title").children()) {
    FUZZ_CHECK(child.type() == pugi::node_pcdata);
  }
  for (const pugi::xml_node child : book.children()) {
    const std::string_view name = child.name();
    FUZZ_CHECK(name == "Title" || name == "Notes" || name == "Writer" || name == "PageCount" ||
               name == "Pages" || name == "Series" || name == "Number" || name == "Count" ||
               name == "Volume" || name == "Year");
  }
  return 0;
}
