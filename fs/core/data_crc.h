// The CRC of original pages, gathered while their bytes pass by.
//
// The seal behind an original page needs the CRC-32 of the page's whole stream. A reader that reads
// the entry from its beginning has brought all of it through this process already; reading it a
// second time would cost as much memory traffic as serving it did. The kernel's reads come in
// pieces and, reading ahead, in any order: pieces are kept until they join.
//
// Threads: any.

#ifndef CBZFS_FS_CORE_DATA_CRC_H_
#define CBZFS_FS_CORE_DATA_CRC_H_

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace cbzfs {

class DataCrc {
 public:
  // `bytes` were read `offset` bytes into the `total` bytes of page `page`. The CRC of the whole,
  // once, when nothing is missing any more.
  std::optional<uint32_t> Add(uint32_t page, uint64_t offset, std::string_view bytes,
                              uint64_t total);

 private:
  struct Run {
    uint64_t end = 0;
    uint32_t crc = 0;
  };
  struct PageRuns {
    uint32_t page = 0;
    std::map<uint64_t, Run> runs;  // by their beginning; none touch
  };

  absl::Mutex mu_;
  std::list<PageRuns> pages_ ABSL_GUARDED_BY(mu_);  // the most recently read first
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_DATA_CRC_H_
