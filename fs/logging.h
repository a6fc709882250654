// Where log lines go: `-o log=`. No file is among the targets, so there is nothing to rotate.
//
// journald reads the standard error of services, and with a priority in front of each line
// (sd-daemon(3)) it keeps that apart; from all others it gets what goes to syslog. So nothing here
// needs libsystemd (service_notify.h says what that would cost).
//
// Main thread, before others log.

#ifndef CBZFS_FS_LOGGING_H_
#define CBZFS_FS_LOGGING_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace cbzfs {

enum class LogTarget : uint8_t {
  kStderr,         // for people: with the time, and in colour on a terminal
  kServiceStderr,  // for journald
  kSyslog,
};

// What a process finds around it.
struct LogSurroundings {
  bool journald = false;           // runs, and gets what goes to syslog
  bool stderr_is_journal = false;  // as in a service of systemd
};
LogSurroundings FindLogSurroundings();

// What Options::log means here. "auto" is standard error in the foreground and syslog in the
// background. kInvalidArgument, with what to do instead, for what cannot be had.
absl::StatusOr<LogTarget> ChooseLogTarget(const std::string& log, bool foreground,
                                          const LogSurroundings& surroundings);

// `level` is one of Options::log_level.
void StartLogging(LogTarget target, const std::string& level);

}  // namespace cbzfs

#endif  // CBZFS_FS_LOGGING_H_
