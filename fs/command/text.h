// Figures as people read them.
//
// Pure functions: any thread.

#ifndef CBZFS_FS_COMMAND_TEXT_H_
#define CBZFS_FS_COMMAND_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cbzfs {

// "999 B", "1.4 MiB", "23 GiB": two figures at least, four at most.
std::string BytesText(uint64_t bytes);

// "7 s", "3:05", "2:03:05".
std::string DurationText(double seconds);

// "1 page", "2 pages".
std::string CountText(uint64_t count, std::string_view noun);

// At most `columns` characters wide, counting each character of UTF-8 as one: the middle is left
// out, where a path has what tells least.
std::string FitWidth(std::string_view text, size_t columns);

// Characters of valid UTF-8.
size_t WidthOf(std::string_view text);

}  // namespace cbzfs

#endif  // CBZFS_FS_COMMAND_TEXT_H_
