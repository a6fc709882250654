#include "cache/private_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

absl::Status Failed(const std::string& what, int error) {
  return absl::FailedPreconditionError(
      absl::StrCat(what, ": ", std::generic_category().message(error)));
}

absl::Status MakeFolders(const std::filesystem::path& folder) {
  std::filesystem::path made;
  for (const auto& part : folder) {
    made /= part;
    // 0700 for the parents, too: so the XDG base directory specification has it.
    if (mkdir(made.c_str(), 0700) == 0 || errno == EEXIST) continue;
    const int error = errno;
    // Above our own home we may not be allowed to make what is there already.
    struct stat st;
    if (stat(made.c_str(), &st) != 0)
      return Failed(absl::StrCat("cannot make ", made.string()), error);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakePrivateFolder(const std::string& folder, const std::string& what) {
  if (absl::Status status = MakeFolders(folder); !status.ok()) return status;
  struct stat st;
  if (stat(folder.c_str(), &st) != 0) return Failed(folder, errno);
  if (!S_ISDIR(st.st_mode)) return Failed(folder, ENOTDIR);
  if (st.st_uid != geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat(what, " ", folder, " belongs to user ",
                                                    st.st_uid, ", not to user ", geteuid(),
                                                    ", who runs this"));
  }
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("others may write to ", what, " ", folder, "; chmod go-w it"));
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
