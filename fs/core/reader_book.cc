#include "fs/core/reader_book.h"

#include <xxhash.h>

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codecs/document/picture_size.h"
#include "codecs/document/webp_chunks.h"

namespace cbzfs {
namespace {

// The last component of the entry's name, in any letters' case.
bool IsComicInfo(std::string_view name) {
  const std::string last(name.substr(name.rfind('/') + 1));
  return absl::EqualsIgnoreCase(last, "ComicInfo.xml");
}

// "a/007.png" becomes "a/007-1.png", in the place where "a/007.png" would sort.
std::string HalfName(const std::string& name, size_t half) {
  const size_t dot = name.rfind('.');
  const size_t slash = name.rfind('/');
  const bool extension =
      dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  const size_t end = extension ? dot : name.size();
  return absl::StrCat(name.substr(0, end), "-", half + 1, name.substr(end));
}

Page MadePage(const Document& source, const Page& row, PagePart part, const ReaderProfile& profile,
              uint32_t quality) {
  const PictureSize canvas = CanvasFor({row.width, row.height}, part, profile);
  uint64_t payload = ReaderPayload(row, part, canvas, profile, quality);
  const bool gray = row.gray || profile.is_gray();
  const bool webp = profile.format == PageFormat::kWebp;
  if (webp && !gray) payload += WebpChunkBytes(SrgbProfile().size());
  // The colour profile of an original page stands in front of the made one, too.
  if (!profile.is_gray() && row.kind == PageKind::kOriginal && row.insert >= 0) {
    // As a chunk of a WebP it is no longer than as segments.
    payload += source.inserts[row.insert].size();
  }
  const uint32_t width = ColumnsOf(part, row.width).width;
  return {.width = canvas.width,
          .height = canvas.height,
          .dpi = row.dpi * static_cast<float>(canvas.width) / static_cast<float>(width),
          .gray = gray,
          .payload_bytes = static_cast<uint32_t>(payload)};
}

}  // namespace

ReaderBook MakeReaderBook(const Document& source, const std::vector<uint32_t>& rows,
                          const ReaderProfile& profile, uint32_t quality) {
  const auto parts_of = [&](const Page& row) {
    if (row.is_other()) return absl::InlinedVector<PagePart, 2>{PagePart::kWhole};
    return PartsOf({row.width, row.height}, profile);
  };
  bool any_split = false;
  for (const uint32_t row : rows) any_split = any_split || parts_of(source.pages[row]).size() > 1;

  auto document = std::make_shared<Document>();
  document->info = source.info;
  ReaderBook book;
  auto mark = source.marks.begin();  // rising, as rows are in all that has any
  for (const uint32_t index : rows) {
    const Page& row = source.pages[index];
    const bool archive = !source.entries.empty();
    if (any_split && archive && row.is_other() && IsComicInfo(source.entries[index].name)) {
      continue;
    }
    const auto first = static_cast<uint32_t>(book.rows.size());
    const auto parts = parts_of(row);
    for (size_t i = 0; i < parts.size(); ++i) {
      book.rows.push_back(index);
      book.parts.push_back(parts[i]);
      if (archive) {
        document->entries.push_back(source.entries[index]);
        if (parts.size() > 1) {
          document->entries.back().name = HalfName(source.entries[index].name, i);
        }
      }
      document->pages.push_back(row.is_other() ? row
                                               : MadePage(source, row, parts[i], profile, quality));
    }
    while (mark != source.marks.end() && mark->page < index) ++mark;
    if (mark != source.marks.end() && mark->page == index) {
      document->marks.push_back(*mark);
      document->marks.back().page = first;
    }
  }
  book.document = std::move(document);
  return book;
}

uint64_t HashOf(const ReaderProfile& profile) {
  const std::string facts = FactsOf(profile);
  return XXH3_64bits(facts.data(), facts.size());
}

}  // namespace cbzfs
