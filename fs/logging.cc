#include "fs/logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>

#include <memory>

namespace cbzfs {

void StartLogging(bool foreground, const std::string& level) {
  std::shared_ptr<spdlog::logger> logger;
  if (foreground) {
    logger = spdlog::stderr_color_mt("cbzfs");
    logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
  } else {
    logger = spdlog::syslog_logger_mt("cbzfs", "cbzfs", LOG_PID, LOG_DAEMON);
  }
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace cbzfs
