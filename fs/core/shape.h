// What a view makes of a comic.

#ifndef CBZFS_FS_CORE_SHAPE_H_
#define CBZFS_FS_CORE_SHAPE_H_

#include <cstdint>

namespace cbzfs {

// The numbers go into inode numbers: never reuse one.
enum class Shape : uint8_t {
  kBook = 0,     // one file with all pages: a CBZ
  kFolder = 1,   // a folder with a file for each page
  kPicture = 2,  // one image: a cover, or what becomes of an image file
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_SHAPE_H_
