#include "fs/preflight.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fs/core/store_setup.h"
#include "fs/exit_codes.h"
#include "fs/mountinfo.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;
using Failure = std::optional<StartFailure>;

std::string Reason(int error) { return std::generic_category().message(error); }

Failure Fail(int exit_code, std::string message) {
  return StartFailure{exit_code, std::move(message)};
}

Failure PrepareLibrary(std::string* library) {
  std::error_code error;
  const stdfs::path real = stdfs::canonical(*library, error);
  if (error) {
    return Fail(kExitLibrary,
                absl::StrCat("cannot use the library ", *library, ": ", Reason(error.value())));
  }
  if (!stdfs::is_directory(real, error)) {
    return Fail(kExitLibrary, absl::StrCat("the library ", *library, " is not a folder"));
  }
  if (access(real.c_str(), R_OK | X_OK) != 0) {
    return Fail(kExitLibrary,
                absl::StrCat("cannot read the library ", *library, ": ", Reason(errno)));
  }
  *library = real.string();
  return std::nullopt;
}

// Type of what is mounted on `path` ("fuse.cbzfs"), empty when nothing is.
std::string MountedType(const System& system, const std::string& path) {
  std::ifstream file(system.mountinfo);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::string type;
  for (const MountLine& mount : ParseMountinfo(text)) {
    if (mount.point == path) type = mount.type;  // the last one covers those before
  }
  return type;
}

Failure Busy(const std::string& mountpoint, const std::string& why) {
  return Fail(kExitBusy, absl::StrCat("the mount point ", mountpoint, " is busy: ", why,
                                      "\nTo free it: fusermount3 -u ", mountpoint));
}

Failure PrepareMountpoint(const System& system, std::string* mountpoint) {
  struct stat attr;
  if (stat(mountpoint->c_str(), &attr) != 0) {
    if (errno == ENOTCONN) {
      return Busy(*mountpoint, "a file system whose program has ended is still mounted there");
    }
    std::string message =
        absl::StrCat("cannot use the mount point ", *mountpoint, ": ", Reason(errno));
    if (errno == ENOENT) absl::StrAppend(&message, "\nTo make it: mkdir -p ", *mountpoint);
    return Fail(kExitMountpoint, message);
  }
  if (!S_ISDIR(attr.st_mode)) {
    return Fail(kExitMountpoint, absl::StrCat("the mount point ", *mountpoint, " is not a folder"));
  }
  std::error_code error;
  const stdfs::path real = stdfs::canonical(*mountpoint, error);
  if (error) {
    return Fail(kExitMountpoint, absl::StrCat("cannot use the mount point ", *mountpoint, ": ",
                                              Reason(error.value())));
  }
  *mountpoint = real.string();
  // Others' mounts may lie below ours, systemd's automount for one.
  if (MountedType(system, *mountpoint) == "fuse.cbzfs") {
    return Busy(*mountpoint, "cbzfs is mounted there already");
  }
  return std::nullopt;
}

// Whether `path` is `folder` or inside of it. By device and inode, so that neither links nor bind
// mounts hide it.
bool IsWithin(const stdfs::path& path, const std::string& folder) {
  struct stat wanted;
  if (stat(folder.c_str(), &wanted) != 0) return false;
  for (stdfs::path at = path;; at = at.parent_path()) {
    struct stat attr;
    if (stat(at.c_str(), &attr) == 0 && attr.st_dev == wanted.st_dev &&
        attr.st_ino == wanted.st_ino) {
      return true;
    }
    if (at == at.parent_path()) return false;
  }
}

Failure CheckRelation(const std::string& library, const std::string& mountpoint) {
  if (IsWithin(mountpoint, library)) {
    return Fail(kExitMountpoint,
                absl::StrCat("the mount point ", mountpoint, " is in the library ", library,
                             ", which would then contain itself; use a folder elsewhere"));
  }
  if (IsWithin(library, mountpoint)) {
    return Fail(kExitMountpoint,
                absl::StrCat("the library ", library, " is in the mount point ", mountpoint,
                             ", which would hide it; use a folder elsewhere"));
  }
  return std::nullopt;
}

// Without throwing where the working directory is gone.
std::string Absolute(const std::string& path) {
  std::error_code error;
  const stdfs::path absolute = stdfs::absolute(path, error);
  return error ? path : absolute.string();
}

// Pages kept in the library would be shown as comics' own.
Failure PrepareStore(const std::string& library, Options* options) {
  const std::string typed = StoreFolder(*options);
  if (typed.empty()) return std::nullopt;
  const std::string folder = Absolute(typed);
  options->store = "dir:" + folder;
  if (!IsWithin(folder, library)) return std::nullopt;
  return Fail(kExitIndex, absl::StrCat("the page store ", folder, " is in the library ", library,
                                       ", to which nothing is written; use a folder elsewhere"));
}

Failure CheckDevice(const System& system) {
  const int fd = open(system.fuse_device.c_str(), O_RDWR | O_CLOEXEC);
  const int error = errno;
  if (fd >= 0) {
    close(fd);
    return std::nullopt;
  }
  if (error == ENOENT || error == ENODEV || error == ENXIO) {
    return Fail(kExitNoFuse, absl::StrCat("there is no ", system.fuse_device,
                                          ", so nothing can be mounted\nTo load FUSE: modprobe fuse"
                                          " (in a container: start it with --device /dev/fuse)"));
  }
  return Fail(kExitNotPermitted,
              absl::StrCat("cannot open ", system.fuse_device, ": ", Reason(error),
                           "\nIn a container: start it with --device /dev/fuse --cap-add"
                           " SYS_ADMIN"));
}

bool UserAllowOther(const System& system) {
  std::ifstream file(system.fuse_conf);
  for (std::string line; std::getline(file, line);) {
    if (absl::StripAsciiWhitespace(line) == "user_allow_other") return true;
  }
  return false;
}

bool InPath(const std::string& program) {
  const char* path = getenv("PATH");
  const std::string folders = absl::StrCat("/usr/bin:/bin:", path != nullptr ? path : "");
  for (const absl::string_view folder : absl::StrSplit(folders, ':')) {
    if (access(absl::StrCat(folder, "/", program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

Failure CheckRights(const System& system, const Options& options) {
  if (system.root) return std::nullopt;
  if (!InPath("fusermount3")) {
    return Fail(kExitNotPermitted,
                "fusermount3 is missing, without which only root can mount\nTo install it:"
                " apt install fuse3");
  }
  if (options.allow_other && !UserAllowOther(system)) {
    return Fail(kExitNotPermitted,
                absl::StrCat("allow_other and allow_root are not allowed here\nTo allow them, root"
                             " adds this line to ",
                             system.fuse_conf, ": user_allow_other"));
  }
  return std::nullopt;
}

}  // namespace

System ThisSystem() {
  System system;
  system.root = geteuid() == 0;
  return system;
}

Failure Prepare(const System& system, CommandLine* command) {
  std::string& index = command->options.index;
  if (!index.empty() && index != "none") index = Absolute(index);
  std::string& passwords = command->options.passwords;
  if (!passwords.empty()) passwords = Absolute(passwords);
  if (Failure failure = PrepareLibrary(&command->library)) return failure;
  if (Failure failure = PrepareStore(command->library, &command->options)) return failure;
  // Whoever opened the device for us has mounted and checked already.
  if (absl::StartsWith(command->mountpoint, "/dev/fd/")) return std::nullopt;
  if (Failure failure = PrepareMountpoint(system, &command->mountpoint)) return failure;
  if (Failure failure = CheckRelation(command->library, command->mountpoint)) return failure;
  if (Failure failure = CheckDevice(system)) return failure;
  return CheckRights(system, command->options);
}

std::string FindWorkerProgram() {
  // Not in a program that gained rights by being executed.
  if (const char* named = secure_getenv("CBZFS_WORKER")) return Absolute(named);
  std::error_code error;
  const stdfs::path here = stdfs::read_symlink("/proc/self/exe", error).parent_path();
  if (!error) {
    // Beside it; the build tree; an installation that was moved as a whole.
    for (const char* near :
         {"cbzfs-worker", "../codecs/worker/cbzfs-worker", "../libexec/cbzfs/cbzfs-worker"}) {
      const stdfs::path program = (here / near).lexically_normal();
      if (access(program.c_str(), X_OK) == 0) return program.string();
    }
  }
  return CBZFS_WORKER_DIR "/cbzfs-worker";
}

}  // namespace cbzfs
