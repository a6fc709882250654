// Where log lines go: to standard error in the foreground, to syslog (and so the journal) as
// "cbzfs" in the background.

#ifndef CBZFS_FS_LOGGING_H_
#define CBZFS_FS_LOGGING_H_

#include <string>

namespace cbzfs {

// `level` is one of Options::log_level. Main thread, before others log.
void StartLogging(bool foreground, const std::string& level);

}  // namespace cbzfs

#endif  // CBZFS_FS_LOGGING_H_
