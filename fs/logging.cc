#include "fs/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

constexpr const char* kName = "cbzfs";

// "<6>": the priority of the line, as syslog(3) numbers them.
class PriorityFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& line) override {
    constexpr std::string_view kPriorities[] = {"<7>", "<7>", "<6>", "<4>", "<3>", "<2>", "<2>"};
    static_assert(std::size(kPriorities) == spdlog::level::n_levels);
    const std::string_view priority = kPriorities[message.level];
    line.append(priority.data(), priority.data() + priority.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<PriorityFlag>();
  }
};

std::shared_ptr<spdlog::logger> LoggerFor(LogTarget target) {
  std::shared_ptr<spdlog::logger> logger;
  switch (target) {
    case LogTarget::kStderr:
      logger = spdlog::stderr_color_mt(kName);
      logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
      break;
    case LogTarget::kServiceStderr: {
      logger = spdlog::stderr_logger_mt(kName);
      auto formatter = std::make_unique<spdlog::pattern_formatter>();
      formatter->add_flag<PriorityFlag>('*').set_pattern("%*%v");
      logger->set_formatter(std::move(formatter));
      break;
    }
    case LogTarget::kSyslog:
      logger = spdlog::syslog_logger_mt(kName, kName, LOG_PID, LOG_DAEMON);
      break;
  }
  return logger;
}

}  // namespace

LogSurroundings FindLogSurroundings() {
  LogSurroundings found;
  // What systemd makes /dev/log lead to.
  found.journald = access("/run/systemd/journal/dev-log", W_OK) == 0;
  // systemd.exec(5): device and inode of the stream that systemd has connected with the journal,
  // which a shell may have redirected since.
  struct stat attr;
  const char* const stream = getenv("JOURNAL_STREAM");
  found.stderr_is_journal = stream != nullptr && fstat(STDERR_FILENO, &attr) == 0 &&
                            stream == absl::StrCat(attr.st_dev, ":", attr.st_ino);
  return found;
}

absl::StatusOr<LogTarget> ChooseLogTarget(const std::string& log, bool foreground,
                                          const LogSurroundings& surroundings) {
  const bool in_service = foreground && surroundings.stderr_is_journal;
  if (log == "syslog") return LogTarget::kSyslog;
  if (log == "stderr") {
    if (foreground) return in_service ? LogTarget::kServiceStderr : LogTarget::kStderr;
    return absl::InvalidArgumentError(
        "log=stderr needs -f: in the background there is no standard error");
  }
  if (log == "journal") {
    if (in_service) return LogTarget::kServiceStderr;
    if (surroundings.journald) return LogTarget::kSyslog;
    return absl::InvalidArgumentError("log=journal: no journald runs here; use log=syslog");
  }
  if (!foreground) return LogTarget::kSyslog;
  return in_service ? LogTarget::kServiceStderr : LogTarget::kStderr;
}

void StartLogging(LogTarget target, const std::string& level) {
  std::shared_ptr<spdlog::logger> logger = LoggerFor(target);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace cbzfs
