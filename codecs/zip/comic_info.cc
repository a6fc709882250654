#include "codecs/zip/comic_info.h"

#include <pugixml.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "codecs/document/utf8.h"
#include "codecs/zip/file_name_info.h"

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

void AppendText(pugi::xml_node parent, std::string_view name, const std::string& text) {
  if (text.empty()) return;
  parent.append_child(std::string(name).c_str()).text().set(text.c_str());
}

// What of a book's pages is not to be seen on each of them alone.
class PageFacts {
 public:
  explicit PageFacts(const Document& document) : document_(document) {
    size_t upright = 0;
    for (const Page& page : document.pages) upright += page.height > page.width ? 1 : 0;
    upright_ = 2 * upright > document.pages.size();
    for (const PageMark& mark : document.marks) {
      has_cover_ = has_cover_ || mark.type == PageType::kFrontCover;
    }
  }

  bool IsDouble(uint32_t page) const {
    return upright_ && document_.pages[page].width > document_.pages[page].height;
  }
  // "" where there is nothing to say.
  std::string_view TypeOf(uint32_t page, const PageMark* mark) const {
    if (mark != nullptr && mark->type != PageType::kStory) return NameOf(mark->type);
    return page == 0 && !has_cover_ ? NameOf(PageType::kFrontCover) : std::string_view();
  }

 private:
  const Document& document_;
  bool upright_ = false;
  bool has_cover_ = false;
};

// Goes through the pages in order, with their marks.
class MarkFinder {
 public:
  explicit MarkFinder(const Document& document)
      : next_(document.marks.begin()), end_(document.marks.end()) {}
  // Of rising pages.
  const PageMark* Find(uint32_t page) {
    while (next_ != end_ && next_->page < page) ++next_;
    return next_ != end_ && next_->page == page ? &*next_ : nullptr;
  }

 private:
  std::vector<PageMark>::const_iterator next_;
  const std::vector<PageMark>::const_iterator end_;
};

void AppendPage(pugi::xml_node pages, const ComicInfoSource& source, const PageFacts& facts,
                uint32_t index, const PageMark* mark) {
  const Page& row = source.document.pages[index];
  pugi::xml_node page = pages.append_child("Page");
  page.append_attribute("Image") = index;
  const std::string_view type = facts.TypeOf(index, mark);
  if (!type.empty()) page.append_attribute("Type") = std::string(type).c_str();
  if (facts.IsDouble(index)) page.append_attribute("DoublePage") = "true";
  if (source.data_bytes) {
    page.append_attribute("ImageSize") = static_cast<unsigned long long>(  // NOLINT(runtime/int)
        source.data_bytes(index));
  }
  if (mark != nullptr && !mark->label.empty()) page.append_attribute("Key") = mark->label.c_str();
  if (mark != nullptr && !mark->bookmark.empty()) {
    page.append_attribute("Bookmark") = mark->bookmark.c_str();
  }
  if (row.width == 0) return;
  page.append_attribute("ImageWidth") = row.width;
  page.append_attribute("ImageHeight") = row.height;
}

// A page of which there is nothing to say but numbers; how long its element is without them.
bool IsPlain(const PageFacts& facts, uint32_t page, const PageMark* mark) {
  return mark == nullptr && facts.TypeOf(page, nullptr).empty() && !facts.IsDouble(page);
}
constexpr std::string_view kPlainPage =
    "<Page Image=\"\" ImageSize=\"\" ImageWidth=\"\" ImageHeight=\"\" />\n";

uint64_t Digits(uint64_t number) {
  uint64_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

uint64_t PageDigits(const ComicInfoSource& source, uint32_t index) {
  const Page& row = source.document.pages[index];
  return Digits(index) + Digits(source.data_bytes(index)) + Digits(row.width) + Digits(row.height);
}

// All of it, but without the plain pages if these are only counted.
void Write(const ComicInfoSource& source, uint64_t* plain_bytes, pugi::xml_writer& writer) {
  const Document& document = source.document;
  pugi::xml_document xml;
  pugi::xml_node declaration = xml.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "utf-8";
  pugi::xml_node book = xml.append_child("ComicInfo");

  const Metadata known = BookInfo(document, source.stem);
  const std::string id = absl::StrFormat("cbzfs id %016x", source.fingerprint);
  const auto append = [&](ComicField field) {
    std::string text(known.Get(field));
    if (field == ComicField::kTitle && text.empty()) text = CleanText(source.stem);
    if (field == ComicField::kTitle && IsBlank(text)) text.clear();
    if (field == ComicField::kNotes) text = text.empty() ? id : absl::StrCat(text, " [", id, "]");
    AppendText(book, NameOf(field), text);
  };
  for (size_t i = 0; i < kComicFields; ++i) {
    const auto field = static_cast<ComicField>(i);
    if (field == ComicField::kLanguageIso) {
      book.append_child("PageCount").text().set(static_cast<unsigned>(document.pages.size()));
    }
    if (field == ComicField::kCommunityRating) {
      const PageFacts facts(document);
      MarkFinder marks(document);
      pugi::xml_node pages = book.append_child("Pages");
      for (uint32_t page = 0; page < document.pages.size(); ++page) {
        const PageMark* const mark = marks.Find(page);
        if (plain_bytes == nullptr || !IsPlain(facts, page, mark)) {
          AppendPage(pages, source, facts, page, mark);
        } else {
          *plain_bytes += kPlainPage.size() + PageDigits(source, page);
        }
      }
    }
    append(field);
  }
  xml.save(writer, "", pugi::format_indent, pugi::encoding_utf8);
}

}  // namespace

Metadata BookInfo(const Document& document, std::string_view stem) {
  Metadata info = document.info;
  info.AddAll(InfoOfFileName(stem));
  return info;
}

std::string ComicInfoText(const ComicInfoSource& source) {
  constexpr size_t kBytesAPage = 90;
  StringWriter writer(4096 + kBytesAPage * source.document.pages.size());
  Write(source, nullptr, writer);
  return writer.Take();
}

uint64_t ComicInfoBytes(const ComicInfoSource& source) {
  CountingWriter writer;
  uint64_t plain_bytes = 0;
  Write(source, &plain_bytes, writer);
  return writer.bytes() + plain_bytes;
}

}  // namespace cbzfs
