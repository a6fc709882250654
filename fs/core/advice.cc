#include "fs/core/advice.h"

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

using absl::StatusCode;

constexpr char kLater[] = "it is tried again after ten minutes, or after a remount";

std::string Repair(SourceFormat format) {
  switch (format) {
    case SourceFormat::kPdf:
      return "try `mutool clean` or `qpdf` on the file, or replace it";
    case SourceFormat::kXps:
      return "open it with a program that reads XPS and print it to a PDF, or replace it";
    case SourceFormat::kEpub:
      return "test it with `epubcheck`, or replace it";
    case SourceFormat::kArchive:
      return "test the archive with `unzip -t`; make it anew from its images, or replace it";
    case SourceFormat::kPacked:
    case SourceFormat::kMisnamed:
      return "test the archive with the program that made it (`unrar t`, `7z t`, `tar -t`); make a "
             "CBZ from its images, or replace it";
    case SourceFormat::kImage:
    case SourceFormat::kFolder:
    case SourceFormat::kNotice:
      break;
  }
  return "save the image anew with an image editor, or replace it";
}

std::string Unlock(SourceFormat format) {
  if (format == SourceFormat::kPdf) {
    return "write its password into the file of -o passwords=, or take it off: "
           "`qpdf --decrypt --password=... OLD NEW`";
  }
  return "unpack it with its password and make the archive anew without one";
}

std::string Smaller(const AdviceContext& context) {
  if (HasDrawnPages(context.format)) return "split the document, or make its pages smaller";
  return IsArchive(context.format) && context.whole_file ? "split the archive into smaller ones"
                                                         : "make the image smaller";
}

// Reading the source failed.
std::string ForErrno(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "let the user who mounts read the file (chmod, chown or an ACL)";
    case ESTALE:
    case ENOTCONN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ETIMEDOUT:
    case ENODEV:
      return "see whether the file system below the library is still there, then read it again";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n, LimitNOFILE=)";
    case EIO:
    case EUCLEAN:
      return "check the disk below the library (dmesg); take the file from a backup";
    default:
      return "see the system's log, and read it again";
  }
}

std::string ForUnavailable(const absl::Status& failure) {
  if (absl::StrContains(failure.message(), "no worker can be started")) {
    return "see the log for why; memory or a limit of processes may have ended";
  }
  if (absl::StartsWith(failure.message(), "put aside")) return kLater;
  return absl::StrCat(kLater, "; if it stays so, see the log for how the workers ended");
}

}  // namespace

std::string AdviceFor(const absl::Status& failure, const AdviceContext& context) {
  if (const int error = ExactErrno(failure); error != 0) return ForErrno(error);
  // Said by several, as kInvalidArgument: the file will not do as long as the option is what it is.
  if (absl::StrContains(failure.message(), "max_pages")) return "raise -o max_pages=";
  switch (failure.code()) {
    case StatusCode::kPermissionDenied:
      return Unlock(context.format);
    case StatusCode::kDeadlineExceeded: {
      const AdviceLimits& limits = context.limits;
      const std::string now =
          absl::FormatDuration(context.whole_file ? limits.analyse_timeout : limits.draw_timeout);
      return absl::StrCat("raise -o ", context.whole_file ? "analyse" : "draw", "_timeout= (", now,
                          " now); if that does not help, ", Repair(context.format));
    }
    case StatusCode::kResourceExhausted:
      return absl::StrCat("raise -o memory= (", context.limits.memory_bytes >> 20,
                          " MiB now), or free memory");
    case StatusCode::kUnavailable:
      return ForUnavailable(failure);
    case StatusCode::kOutOfRange:
      return Smaller(context);
    case StatusCode::kUnimplemented:
      return IsArchive(context.format)
                 ? "unpack it with a program that can, and make the archive anew with `zip -0`"
                 : Repair(context.format);
    case StatusCode::kInternal:
      return absl::StrCat(Repair(context.format), "; please report it, with the file");
    case StatusCode::kAborted:
    case StatusCode::kCancelled:
      return "read it again";
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kDataLoss:
      return Repair(context.format);
    default:
      return "see the log";
  }
}

std::string AdviceForNote(std::string_view note, SourceFormat format) {
  const absl::string_view text(note.data(), note.size());
  const AdviceContext context{.format = format, .whole_file = false, .limits = {}};
  if (absl::StrContains(text, "encrypted")) return Unlock(format);
  if (absl::StrContains(text, "which cannot be read")) {
    return AdviceFor(absl::UnimplementedError(""), context);
  }
  if (absl::StrContains(text, "too large") || absl::StrContains(text, "MiB")) {
    return Smaller(context);
  }
  return Repair(format);
}

}  // namespace cbzfs
