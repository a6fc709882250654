// The views of the library: their names and numbers, in the one order that all lists of them have.
//
// Constants and functions of plain values: any thread.

#ifndef CBZFS_FS_CORE_VIEW_NAMES_H_
#define CBZFS_FS_CORE_VIEW_NAMES_H_

#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace cbzfs {

struct ViewName {
  std::string_view name;  // of its folder at the top, and in `-o view=` and `-o views=`
  uint64_t id;            // part of every inode number of the view: never changed, never reused
};

inline constexpr ViewName kCbzView = {"cbz", 1};
inline constexpr ViewName kEnhancedView = {"enhanced", 2};
inline constexpr ViewName kThumbnailsView = {"thumbnails", 3};
inline constexpr ViewName kPagesView = {"pages", 4};

inline constexpr std::array<ViewName, 4> kViewNames = {kCbzView, kEnhancedView, kThumbnailsView,
                                                       kPagesView};

// The view called exactly `name`, or null.
constexpr const ViewName* FindViewName(std::string_view name) {
  for (const ViewName& view : kViewNames) {
    if (view.name == name) return &view;
  }
  return nullptr;
}

// The names alone, in the order of kViewNames.
inline std::vector<std::string> AllViewNames() {
  std::vector<std::string> names;
  names.reserve(std::size(kViewNames));
  for (const ViewName& view : kViewNames) names.emplace_back(view.name);
  return names;
}

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_VIEW_NAMES_H_
