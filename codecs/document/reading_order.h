// The order in which readers show the pages of an archive.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DOCUMENT_READING_ORDER_H_
#define CBZFS_CODECS_DOCUMENT_READING_ORDER_H_

#include <string_view>

namespace cbzfs {

// Runs of digits count as numbers, letters without their case ("page 2" comes before "Page 10"),
// whatever the order in the archive's directory. A strict order of all byte strings: two that read
// the same are told apart by their bytes.
bool ReadBefore(std::string_view a, std::string_view b);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_READING_ORDER_H_
