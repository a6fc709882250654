#include "fs/core/errno_status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace cbzfs {
namespace {

TEST(ErrnoStatus, TheErrnoSurvives) {
  for (const int error : {ENOENT, EACCES, EISDIR, ENOTDIR, ENAMETOOLONG, ESTALE, EMFILE, ELOOP}) {
    EXPECT_EQ(ErrnoOf(ErrnoStatus(error, "open x")), error);
  }
}

TEST(ErrnoStatus, TheMessageSaysWhatAndWhy) {
  const absl::Status status = ErrnoStatus(EACCES, "open /a/b.pdf");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_EQ(std::string(status.message()), "open /a/b.pdf: Permission denied");
}

TEST(ErrnoStatus, NoErrorIsOk) {
  EXPECT_TRUE(ErrnoStatus(0, "open").ok());
  EXPECT_EQ(ErrnoOf(absl::OkStatus()), 0);
}

TEST(ErrnoStatus, OtherStatusesGoByTheirCode) {
  EXPECT_EQ(ErrnoOf(absl::NotFoundError("")), ENOENT);
  EXPECT_EQ(ErrnoOf(absl::PermissionDeniedError("")), EACCES);
  EXPECT_EQ(ErrnoOf(absl::CancelledError("")), EINTR);
  EXPECT_EQ(ErrnoOf(absl::ResourceExhaustedError("")), ENOMEM);
  EXPECT_EQ(ErrnoOf(absl::FailedPreconditionError("")), ENOTDIR);
  EXPECT_EQ(ErrnoOf(absl::InvalidArgumentError("")), EINVAL);
  EXPECT_EQ(ErrnoOf(absl::DeadlineExceededError("")), EIO);
  EXPECT_EQ(ErrnoOf(absl::UnavailableError("")), EIO);
  EXPECT_EQ(ErrnoOf(absl::DataLossError("")), EIO);
  EXPECT_EQ(ErrnoOf(absl::InternalError("")), EIO);
  EXPECT_EQ(ErrnoOf(absl::UnknownError("")), EIO);
}

TEST(ErrnoStatus, WhatWasReportedIsMarked) {
  EXPECT_TRUE(WasReported(ReportedStatus(EIO, "x")));
  EXPECT_EQ(ErrnoOf(ReportedStatus(EIO, "x")), EIO);
  EXPECT_EQ(ReportedStatus(EIO, "x").message(), ErrnoStatus(EIO, "x").message());
  EXPECT_FALSE(WasReported(ErrnoStatus(EIO, "x")));
  EXPECT_FALSE(WasReported(absl::OkStatus()));
}

}  // namespace
}  // namespace cbzfs
