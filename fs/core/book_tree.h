// The files of a book as a tree of folders: what thumbnails/Foo and pages/Foo hold.
//
// Immutable after construction: any thread.

#ifndef CBZFS_FS_CORE_BOOK_TREE_H_
#define CBZFS_FS_CORE_BOOK_TREE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace cbzfs {

// A part of a book that is a file.
struct BookPart {
  // The numbers go into inode numbers: never reuse one.
  enum class Kind : uint8_t { kWhole = 0, kPage = 1, kInfo = 2 };
  Kind kind = Kind::kWhole;
  uint32_t page = 0;  // kPage
};

class BookTree {
 public:
  struct Child {
    std::string name;
    bool is_folder = false;
    BookPart part;  // of a file
  };

  // Relative paths with '/', each once, and none also a folder of another.
  explicit BookTree(const std::vector<std::pair<std::string, BookPart>>& files);

  // The children of a folder ("" is the root) by name; null where there is no such folder.
  const std::vector<Child>* List(std::string_view folder) const;
  // Null where there is none.
  const Child* Find(std::string_view folder, std::string_view name) const;

 private:
  absl::flat_hash_map<std::string, std::vector<Child>> folders_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_BOOK_TREE_H_
