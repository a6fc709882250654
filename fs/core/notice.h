// The text of a notice page: what it says of a page that cannot be made.
//
// It depends on the failure alone, not on the clock, the process or where anything is mounted, so
// that the same failure gives the same page everywhere. Hence the file's own name without folders.
//
// Pure functions: any thread.

#ifndef CBZFS_FS_CORE_NOTICE_H_
#define CBZFS_FS_CORE_NOTICE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace cbzfs {

struct NoticeFacts {
  std::string_view path;  // of the source
  uint32_t page = 0;      // 1-based; 0: it has no number
  std::string_view reason;
  std::string_view advice;
};

// As DrawNotice() of codecs/pdf/notice.h takes it, under its limit of length.
std::string NoticeText(const NoticeFacts& facts);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_NOTICE_H_
