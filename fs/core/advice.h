// What the user can do about a failure: the last column of `.cbzfs/errors`, also in the log and on
// notice pages.
//
// Each text is one line of ASCII, at most kMaxAdviceBytes, and depends on the failure and the
// options alone.
//
// Pure functions: any thread.

#ifndef CBZFS_FS_CORE_ADVICE_H_
#define CBZFS_FS_CORE_ADVICE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "codecs/document/document.h"

namespace cbzfs {

inline constexpr size_t kMaxAdviceBytes = 200;

// The options that advice names, with what they are now.
struct AdviceLimits {
  absl::Duration draw_timeout = absl::Seconds(20);
  absl::Duration analyse_timeout = absl::Seconds(10);
  uint64_t memory_bytes = 512ull << 20;
};

struct AdviceContext {
  SourceFormat format = SourceFormat::kPdf;
  bool whole_file = false;  // the failure is not of one page
  AdviceLimits limits;
};

// For a failure of a page or a file: a worker's, the pool's, or of reading the source (one that
// carries an errno, errno_status.h).
std::string AdviceFor(const absl::Status& failure, const AdviceContext& context);

// For what is wrong with a page or a file that is shown all the same (Note, Drawn::note).
std::string AdviceForNote(std::string_view note, SourceFormat format);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_ADVICE_H_
