#include "fs/core/book_tree.h"

#include <algorithm>

namespace cbzfs {

BookTree::BookTree(const std::vector<std::pair<std::string, BookPart>>& files) {
  folders_[""];
  for (const auto& [path, part] : files) {
    std::string folder = path;
    Child child{.part = part};
    // From the file up, until a folder is met that is known already.
    while (true) {
      const size_t slash = folder.rfind('/');
      child.name = folder.substr(slash == std::string::npos ? 0 : slash + 1);
      folder.resize(slash == std::string::npos ? 0 : slash);
      const bool known = folders_.contains(folder);
      folders_[folder].push_back(child);
      if (known) break;
      child = {.is_folder = true};
    }
  }
  for (auto& [folder, children] : folders_) {
    std::sort(children.begin(), children.end(),
              [](const Child& a, const Child& b) { return a.name < b.name; });
  }
}

const std::vector<BookTree::Child>* BookTree::List(std::string_view folder) const {
  const auto found = folders_.find(absl::string_view(folder.data(), folder.size()));
  return found == folders_.end() ? nullptr : &found->second;
}

const BookTree::Child* BookTree::Find(std::string_view folder, std::string_view name) const {
  const std::vector<Child>* const children = List(folder);
  if (children == nullptr) return nullptr;
  const auto at = std::lower_bound(children->begin(), children->end(), name,
                                   [](const Child& c, std::string_view n) { return c.name < n; });
  return at != children->end() && at->name == name ? &*at : nullptr;
}

}  // namespace cbzfs
