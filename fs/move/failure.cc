#include "fs/move/failure.h"

#include <cerrno>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

absl::Status Failure(const char* what, const std::string& path, int error, const char* advice) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(what, " ", path, ": ", std::generic_category().message(error),
                                   *advice == '\0' ? "" : "; ", advice));
}

const char* ReadAdvice(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "run it as a user who may read it";
    case EIO:
      return "the disk or the server reports an error: look at dmesg";
    case ESTALE:
    case ENOENT:
      return "somebody else has removed it meanwhile";
    case ELOOP:
      return "somebody else has put a link there meanwhile";
    default:
      return "";
  }
}

const char* WriteAdvice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "make room there and run it again";
    case EROFS:
      return "it is mounted read-only: mount it read-write (mount -o remount,rw) or choose another";
    case EACCES:
    case EPERM:
      return "run it as a user who may write there";
    case EFBIG:
      return "the file system there has no files so large";
    case EIO:
      return "the disk or the server reports an error: look at dmesg";
    case EEXIST:
      return "somebody else has put it there meanwhile: run it again";
    case ENAMETOOLONG:
      return "the file system there has no names so long";
    case EINVAL:
      return "the file system there does not take this name";
    default:
      return "";
  }
}

const char* RemoveAdvice(int error) {
  switch (error) {
    case EROFS:
      return "it is mounted read-only: copy it with cp instead";
    case EACCES:
    case EPERM:
      return "run it as a user who may remove it, or copy it with cp instead";
    case ENOTEMPTY:
    case EEXIST:
      return "something has been put into it meanwhile, which stays: run it again";
    case EBUSY:
      return "something is mounted there";
    default:
      return "run it again";
  }
}

}  // namespace

absl::Status CannotRead(const std::string& path, int error) {
  return Failure("cannot read", path, error, ReadAdvice(error));
}

absl::Status CannotWrite(const std::string& path, int error) {
  return Failure("cannot write", path, error, WriteAdvice(error));
}

absl::Status CannotRemove(const std::string& path, int error) {
  return Failure("cannot remove", path, error, RemoveAdvice(error));
}

absl::Status HasChanged(const std::string& path) {
  return absl::AbortedError(
      absl::StrCat(path, " is being written to; run it again when that has ended"));
}

absl::Status Stopped() { return absl::CancelledError("stopped"); }

}  // namespace cbzfs
