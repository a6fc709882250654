#include "codecs/metadata/sidecar.h"

#include <map>
#include <pugixml.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "codecs/metadata/comic_info_read.h"
#include "codecs/metadata/opf.h"

namespace cbzfs {

absl::StatusOr<Sidecar> ReadSidecar(std::string_view text) {
  if (text.size() > kMaxSidecarBytes) {
    return absl::InvalidArgumentError("longer than a megabyte, which no metadata is");
  }
  pugi::xml_document xml;
  const pugi::xml_parse_result parsed = xml.load_buffer(text.data(), text.size());
  if (!parsed) {
    return absl::InvalidArgumentError(
        absl::StrCat("no XML: ", parsed.description(), " at byte ", parsed.offset));
  }
  const pugi::xml_node root = xml.document_element();
  if (IsComicInfo(root)) return ReadComicInfo(root);
  if (IsOpf(root)) return Sidecar{.info = ReadOpf(root), .marks = {}};
  return absl::NotFoundError("neither a ComicInfo.xml nor a package document (OPF)");
}

void AddSidecar(const Sidecar& sidecar, Document* document) {
  Metadata info = sidecar.info;
  info.AddAll(document->info);
  document->info = std::move(info);
  std::map<uint32_t, PageMark> marks;
  for (PageMark& mark : document->marks) marks.emplace(mark.page, std::move(mark));
  for (const PageMark& said : sidecar.marks) {
    if (said.page >= document->pages.size()) break;
    PageMark& mark = marks[said.page];
    mark.page = said.page;
    if (!said.bookmark.empty()) mark.bookmark = said.bookmark;
    if (said.type != PageType::kStory) mark.type = said.type;
  }
  document->marks.clear();
  for (auto& [page, mark] : marks) document->marks.push_back(std::move(mark));
}

}  // namespace cbzfs
