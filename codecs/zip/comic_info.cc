#include "codecs/zip/comic_info.h"

#include <pugixml.hpp>

#include "absl/strings/str_format.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

class StringWriter : public pugi::xml_writer {
 public:
  explicit StringWriter(size_t expected) { text_.reserve(expected); }
  void write(const void* data, size_t size) override {
    text_.append(static_cast<const char*>(data), size);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

class CountingWriter : public pugi::xml_writer {
 public:
  void write(const void* /*data*/, size_t size) override { bytes_ += size; }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

// XML 1.0, 2.2: what may stand in a document, less the control characters it allows.
bool IsControl(uint32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }
bool IsXmlChar(uint32_t code) { return code != 0xFFFE && code != 0xFFFF; }

std::string CleanText(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const Utf8Char c = DecodeUtf8(text);
    if (c.bytes == 0 || !IsXmlChar(c.code)) {
      clean += kReplacement;
    } else if (IsControl(c.code)) {
      clean += ' ';
    } else {
      clean += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return clean;
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(' ') == text.npos; }

void AppendText(pugi::xml_node parent, const char* name, std::string_view text) {
  const std::string clean = CleanText(text);
  if (!IsBlank(clean)) parent.append_child(name).text().set(clean.c_str());
}

// All but the pages. Returns the empty Pages element.
pugi::xml_node AppendBook(pugi::xml_document& xml, const ComicInfoSource& source) {
  pugi::xml_node declaration = xml.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "utf-8";
  pugi::xml_node book = xml.append_child("ComicInfo");
  const DocumentInfo& info = source.document.info;
  AppendText(book, "Title", IsBlank(CleanText(info.title)) ? source.stem : info.title);
  AppendText(book, "Notes", absl::StrFormat("cbzfs id %016x", source.fingerprint));
  AppendText(book, "Writer", info.author);
  book.append_child("PageCount").text().set(static_cast<unsigned>(source.document.pages.size()));
  return book.append_child("Pages");
}

void AppendPage(pugi::xml_node pages, const ComicInfoSource& source, uint32_t index) {
  const Page& row = source.document.pages[index];
  pugi::xml_node page = pages.append_child("Page");
  page.append_attribute("Image") = index;
  if (index == 0) page.append_attribute("Type") = "FrontCover";
  page.append_attribute("ImageSize") =
      static_cast<unsigned long long>(source.data_bytes(index));  // NOLINT(runtime/int): pugixml's
  page.append_attribute("ImageWidth") = row.width;
  page.append_attribute("ImageHeight") = row.height;
}

void Write(const pugi::xml_document& xml, pugi::xml_writer& writer) {
  xml.save(writer, "", pugi::format_indent, pugi::encoding_utf8);
}

uint64_t WrittenBytes(const pugi::xml_document& xml) {
  CountingWriter writer;
  Write(xml, writer);
  return writer.bytes();
}

uint64_t Digits(uint64_t number) {
  uint64_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

uint64_t PageDigits(const ComicInfoSource& source, uint32_t index) {
  const Page& row = source.document.pages[index];
  return Digits(index) + Digits(source.data_bytes(index)) + Digits(row.width) + Digits(row.height);
}

}  // namespace

std::string ComicInfoText(const ComicInfoSource& source) {
  const auto page_count = static_cast<uint32_t>(source.document.pages.size());
  pugi::xml_document xml;
  pugi::xml_node pages = AppendBook(xml, source);
  for (uint32_t i = 0; i < page_count; ++i) AppendPage(pages, source, i);
  constexpr size_t kBytesAPage = 90;
  StringWriter writer(4096 + kBytesAPage * page_count);
  Write(xml, writer);
  return writer.Take();
}

uint64_t ComicInfoBytes(const ComicInfoSource& source) {
  const auto page_count = static_cast<uint32_t>(source.document.pages.size());
  // Page elements differ from one another in their digits only, but for the first, which has a
  // type; so two are written and the others counted.
  pugi::xml_document xml;
  pugi::xml_node pages = AppendBook(xml, source);
  AppendPage(pages, source, 0);
  const uint64_t with_one = WrittenBytes(xml);
  if (page_count == 1) return with_one;
  AppendPage(pages, source, 1);
  const uint64_t with_two = WrittenBytes(xml);
  uint64_t bytes = with_two + (page_count - 2) * (with_two - with_one - PageDigits(source, 1));
  for (uint32_t i = 2; i < page_count; ++i) bytes += PageDigits(source, i);
  return bytes;
}

}  // namespace cbzfs
