// The table of what users are told to do.

#include "fs/core/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "fs/core/errno_status.h"
#include "fs/core/on_error.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr AdviceLimits kLimits = {.draw_timeout = absl::Seconds(7),
                                  .analyse_timeout = absl::Seconds(3),
                                  .memory_bytes = 100 << 20};

std::string Told(const absl::Status& failure, SourceFormat format = SourceFormat::kPdf,
                 bool whole_file = false) {
  return AdviceFor(failure, {.format = format, .whole_file = whole_file, .limits = kLimits});
}

struct Row {
  absl::Status failure;
  SourceFormat format;
  bool whole_file;
  const char* told;  // is part of it
};

TEST(Advice, IsThatOfTheTable) {
  constexpr SourceFormat kPdf = SourceFormat::kPdf;
  constexpr SourceFormat kZip = SourceFormat::kArchive;
  constexpr SourceFormat kImage = SourceFormat::kImage;
  const std::vector<Row> rows = {
      {absl::DeadlineExceededError("x"), kPdf, false, "raise -o draw_timeout= (7s now)"},
      {absl::DeadlineExceededError("x"), kPdf, true, "raise -o analyse_timeout= (3s now)"},
      {absl::ResourceExhaustedError("x"), kPdf, false, "raise -o memory= (100 MiB now)"},
      {absl::PermissionDeniedError("a password is needed"), kPdf, true, "qpdf --decrypt"},
      {absl::PermissionDeniedError("a password is needed"), kPdf, true, "-o passwords="},
      {absl::PermissionDeniedError("encrypted"), kZip, false, "with its password"},
      {absl::InvalidArgumentError("x"), kPdf, true, "`mutool clean` or `qpdf`"},
      {absl::NotFoundError("the document has no pages"), kPdf, true, "`mutool clean`"},
      {absl::DataLossError("x"), kPdf, false, "`mutool clean`"},
      {absl::DataLossError("x"), kZip, false, "unzip -t"},
      {absl::DataLossError("x"), kImage, false, "image editor"},
      {absl::InternalError("the worker crashed"), kPdf, false, "please report it"},
      {absl::UnimplementedError("x"), kZip, false, "zip -0"},
      {absl::OutOfRangeError("x"), kZip, false, "make the image smaller"},
      {absl::OutOfRangeError("x"), kPdf, true, "split the document"},
      {absl::InvalidArgumentError("9 pages are more than -o max_pages=4 allows"), kPdf, true,
       "raise -o max_pages="},
      {absl::InvalidArgumentError("the document has more pages than max_pages allows"), kPdf, true,
       "raise -o max_pages="},
      {absl::UnavailableError("put aside until 12:34: it hung workers"), kPdf, false,
       "after ten minutes, or after a remount"},
      {absl::UnavailableError("the worker was killed"), kPdf, false, "see the log for how"},
      {absl::UnavailableError("no worker can be started: fork"), kPdf, false, "limit of processes"},
      {absl::AbortedError("x"), kPdf, false, "read it again"},
      {ErrnoStatus(EACCES, "open"), kPdf, true, "chmod"},
      {WithErrno(absl::UnavailableError("cannot be read"), EPERM), kPdf, true, "chmod"},
      {ErrnoStatus(EIO, "read"), kZip, false, "check the disk"},
      {ErrnoStatus(ESTALE, "read"), kZip, false, "still there"},
      {ErrnoStatus(ENOTCONN, "read"), kZip, false, "still there"},
      {ErrnoStatus(EMFILE, "open"), kPdf, false, "limit of open files"},
      {ErrnoStatus(ENXIO, "read"), kPdf, false, "system's log"},
      {absl::UnknownError("x"), kPdf, false, "see the log"},
  };
  for (const Row& row : rows) {
    const std::string told = Told(row.failure, row.format, row.whole_file);
    EXPECT_THAT(told, HasSubstr(row.told)) << row.failure;
    EXPECT_LE(told.size(), kMaxAdviceBytes) << told;
    EXPECT_THAT(told, AllOf(Not(HasSubstr("\t")), Not(HasSubstr("\n"))));
  }
}

TEST(Advice, EveryCodeHasOne) {
  for (int code = 1; code <= 16; ++code) {
    for (const SourceFormat format :
         {SourceFormat::kPdf, SourceFormat::kArchive, SourceFormat::kImage}) {
      for (const bool whole : {false, true}) {
        const std::string told = Told({static_cast<absl::StatusCode>(code), "x"}, format, whole);
        EXPECT_NE(told, "") << code;
        EXPECT_LE(told.size(), kMaxAdviceBytes) << told;
      }
    }
  }
}

TEST(Advice, OfNotesGoesByWhatTheySay) {
  constexpr SourceFormat kZip = SourceFormat::kArchive;
  EXPECT_THAT(AdviceForNote("2.jpg: encrypted", kZip), HasSubstr("password"));
  EXPECT_THAT(AdviceForNote("compressed with LZMA, which cannot be read", kZip),
              HasSubstr("zip -0"));
  EXPECT_THAT(AdviceForNote("image file of 101 MiB: shown as it is", SourceFormat::kImage),
              HasSubstr("smaller"));
  EXPECT_THAT(AdviceForNote("the image ends too early", kZip), HasSubstr("unzip -t"));
  EXPECT_THAT(AdviceForNote("the image is damaged", SourceFormat::kPdf), HasSubstr("mutool"));
}

TEST(OnErrorTest, WhoGetsANoticePage) {
  const absl::Status page_faults[] = {
      absl::InvalidArgumentError("x"), absl::PermissionDeniedError("x"), absl::NotFoundError("x"),
      absl::UnimplementedError("x"),   absl::OutOfRangeError("x"),       absl::DataLossError("x"),
      absl::InternalError("x")};
  for (const absl::Status& failure : page_faults) {
    EXPECT_TRUE(ShowsNotice(OnError::kAuto, failure)) << failure;
    EXPECT_TRUE(ShowsNotice(OnError::kPage, failure)) << failure;
    EXPECT_FALSE(ShowsNotice(OnError::kEio, failure)) << failure;
  }
  const absl::Status accidents[] = {absl::DeadlineExceededError("x"),
                                    absl::ResourceExhaustedError("x"), absl::UnavailableError("x")};
  for (const absl::Status& failure : accidents) {
    EXPECT_FALSE(ShowsNotice(OnError::kAuto, failure)) << failure;
    EXPECT_TRUE(ShowsNotice(OnError::kPage, failure)) << failure;
    EXPECT_FALSE(ShowsNotice(OnError::kEio, failure)) << failure;
  }
  for (const OnError on_error : {OnError::kAuto, OnError::kPage, OnError::kEio}) {
    EXPECT_FALSE(ShowsNotice(on_error, absl::CancelledError("x")));
    EXPECT_FALSE(ShowsNotice(on_error, absl::AbortedError("x")));
    EXPECT_FALSE(ShowsNotice(on_error, absl::OkStatus()));
  }
}

}  // namespace
}  // namespace cbzfs
