#include "codecs/metadata/comic_info_read.h"

#include <map>
#include <string_view>

#include "codecs/document/document_codec.h"
#include "codecs/document/utf8.h"

namespace cbzfs {

bool IsComicInfo(pugi::xml_node root) { return std::string_view(root.name()) == "ComicInfo"; }

Sidecar ReadComicInfo(pugi::xml_node root) {
  Sidecar sidecar;
  for (const pugi::xml_node element : root.children()) {
    if (const auto field = FieldOfName(element.name())) {
      sidecar.info.Add(*field, element.text().get());
    }
  }
  std::map<uint32_t, PageMark> marks;
  for (const pugi::xml_node page : root.child("Pages").children("Page")) {
    const int64_t image = page.attribute("Image").as_llong(-1);
    if (image < 0 || image >= kMaxPages) continue;
    PageMark mark{.page = static_cast<uint32_t>(image)};
    mark.bookmark = PrintableText(page.attribute("Bookmark").value(), kMaxMarkText);
    mark.type = PageTypeOfName(page.attribute("Type").value()).value_or(PageType::kStory);
    if (!mark.empty()) marks.emplace(mark.page, std::move(mark));
  }
  for (auto& [page, mark] : marks) sidecar.marks.push_back(std::move(mark));
  return sidecar;
}

}  // namespace cbzfs
