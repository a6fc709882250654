// What `cbzfs inspect` finds out about a comic: how each of its pages is made, and why.
//
// InspectComic() main thread; the rest are plain values and pure functions.

#ifndef CBZFS_FS_COMMAND_INSPECTION_H_
#define CBZFS_FS_COMMAND_INSPECTION_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/document/document.h"
#include "fs/core/filesystem.h"

namespace cbzfs {

struct InspectedPage {
  std::string name;  // of its entry
  PageKind kind = PageKind::kDrawn;
  bool made = false;  // by a worker; else it is the source's own bytes
  WhyDrawn why = WhyDrawn::kUnknown;
  uint32_t width = 0;  // 0: not known
  uint32_t height = 0;
  float dpi = 0;  // 0: not known
  bool gray = false;
  uint64_t bytes = 0;  // of the entry's data
  uint64_t slot = 0;   // the most that the image may take; 0: it has no slot
  // When it was drawn:
  bool drawn = false;
  uint64_t image_bytes = 0;  // of the slot, by the image
  uint32_t quality = 0;      // 0: it was taken over as it is
  bool softened = false;     // detail was taken away, because quality alone did not do
  std::string note;          // what was wrong with it
  std::string failure;       // why it could not be made
};

struct InspectedComic {
  std::string file;
  Metadata info;
  uint32_t asked_quality = 0;
  uint64_t bytes = 0;  // of the file that is made of it; 0: none is
  std::vector<InspectedPage> pages;
  std::vector<std::string> notes;  // what is wrong with the file
};

// `name` is a file at the top of the library. `draw`: pages are made, to see what becomes of them.
// Failures of a page are told with it; others are of the file.
absl::StatusOr<InspectedComic> InspectComic(Filesystem& filesystem, const std::string& name,
                                            bool enhanced, bool draw);

// "text that can be seen": why a page is drawn.
std::string_view ReasonText(WhyDrawn why);

std::vector<std::string> InspectionLines(const InspectedComic& comic);
nlohmann::ordered_json InspectionJson(const InspectedComic& comic);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_INSPECTION_H_
