#include "fs/fuse/errno_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <memory>
#include <sstream>

#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// What is logged at the default level while the object lives.
class LogCapture {
 public:
  LogCapture() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
  }
  ~LogCapture() { spdlog::set_default_logger(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  const std::shared_ptr<spdlog::logger> before_;
};

TEST(ErrnoOfFailed, WhatAProgramProvokesIsSilent) {
  const LogCapture log;
  EXPECT_EQ(ErrnoOfFailed("lookup", 1, absl::NotFoundError("x")), ENOENT);
  EXPECT_EQ(ErrnoOfFailed("read", 1, absl::CancelledError("x")), EINTR);
  EXPECT_EQ(ErrnoOfFailed("open", 1, ErrnoStatus(EISDIR, "x")), EISDIR);
  EXPECT_EQ(log.text(), "");
}

TEST(ErrnoOfFailed, WhatNobodyExpectsIsLoggedOnce) {
  const LogCapture log;
  EXPECT_EQ(ErrnoOfFailed("read", 255, absl::DeadlineExceededError("page 3 took too long")), EIO);
  EXPECT_THAT(log.text(), AllOf(HasSubstr("warning"), HasSubstr("read"), HasSubstr("0xff"),
                                HasSubstr("page 3 took too long")));
  const std::string text = log.text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(ErrnoOfFailed, WhatHasBeenToldIsNotToldAgain) {
  const LogCapture log;
  EXPECT_EQ(ErrnoOfFailed("read", 1, ReportedStatus(EIO, "page 3 is encrypted")), EIO);
  EXPECT_EQ(log.text(), "");
  EXPECT_EQ(ErrnoOfFailed("read", 1, ErrnoStatus(EIO, "the source changed")), EIO);
  EXPECT_THAT(log.text(), HasSubstr("the source changed"));
}

TEST(ErrnoOfFailed, AFailureIsNeverReportedAsSuccess) {
  EXPECT_EQ(ErrnoOfFailed("read", 1, absl::OkStatus()), EIO);
}

}  // namespace
}  // namespace cbzfs
