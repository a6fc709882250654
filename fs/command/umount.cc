// cbzfs umount: unmounts, waits until the program has ended, and says who keeps a mount busy.

#include <poll.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "codecs/worker/unique_fd.h"
#include "fs/command/arguments.h"
#include "fs/command/mount_status.h"
#include "fs/command/mounts.h"
#include "fs/exit_codes.h"

namespace cbzfs {
namespace {

constexpr size_t kMaxUsersNamed = 10;

// The program behind the mount, before it is gone; invalid where it cannot be told.
UniqueFd ProgramOf(const MountedAt& mount) {
  const auto status = ReadMountStatus(mount.point, absl::Seconds(2));
  if (!status.ok()) return UniqueFd();
  const auto pid = status->find("pid");
  if (pid == status->end() || !pid->is_number_integer()) return UniqueFd();
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid->get<int>(), 0)));
}

// 0 or an errno. fusermount3 has its own words for what went wrong, which say no more.
int UnmountAsUser(const std::string& point, bool lazy) {
  std::string lazy_flag = "-z";
  std::string name = "fusermount3", unmount = "-u", quiet = "-q", end = "--", path = point;
  std::vector<char*> arguments = {name.data(), unmount.data(), quiet.data()};
  if (lazy) arguments.push_back(lazy_flag.data());
  arguments.push_back(end.data());
  arguments.push_back(path.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, name.c_str(), nullptr, nullptr, arguments.data(), environ);
  if (error != 0) return error == ENOENT ? ENOSYS : error;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EBUSY;
}

int Unmount(const std::string& point, bool lazy) {
  if (geteuid() != 0) return UnmountAsUser(point, lazy);
  return umount2(point.c_str(), UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0 ? 0 : errno;
}

std::string BusyText(const MountedAt& mount) {
  std::string text = absl::StrCat(mount.point, " is busy");
  const std::vector<User> users = UsersOf(mount);
  for (size_t i = 0; i < users.size() && i < kMaxUsersNamed; ++i) {
    absl::StrAppend(&text, "\n  process ", users[i].pid, " (", users[i].name, ") uses ",
                    users[i].path);
  }
  if (users.size() > kMaxUsersNamed) {
    absl::StrAppend(&text, "\n  and ", users.size() - kMaxUsersNamed, " more");
  }
  if (users.empty()) absl::StrAppend(&text, ", by whom cannot be seen; root may see more");
  absl::StrAppend(&text,
                  "\nEnd these first, or detach it now and let them finish: cbzfs umount"
                  " --lazy ",
                  mount.point);
  return text;
}

// By the program's end where it is known, else by the list of mounts.
bool WaitUntilGone(const UniqueFd& program, const MountedAt& mount, absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  if (program.valid()) {
    pollfd poll_fd = {.fd = program.get(), .events = POLLIN, .revents = 0};
    for (;;) {
      const auto left = absl::ToInt64Milliseconds(end - absl::Now());
      const int ready = poll(&poll_fd, 1, static_cast<int>(left > 0 ? left : 0));
      if (ready > 0) return true;
      if (ready == 0 || errno != EINTR) return false;
    }
  }
  while (IsStillMounted(mount)) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

}  // namespace

int RunUmount(const Arguments& arguments) {
  CLI::App app(
      "Unmounts what cbzfs has mounted at MOUNTPOINT and waits until the program has ended.",
      "cbzfs umount");
  std::string path;
  bool lazy = false;
  uint32_t timeout = 30;
  app.add_option("MOUNTPOINT", path, "where it is mounted")->required();
  app.add_flag("-z,--lazy", lazy,
               "detach it now; who has files open reads on, and nobody waits for them");
  app.add_option("--timeout", timeout, "seconds to wait for the program's end (30)");
  if (const auto end = Parse(&app, arguments)) return *end;
  const auto mount = FindMountAt(path);
  if (!mount.has_value()) {
    return Complain(app, kExitMountpoint, absl::StrCat("cbzfs has nothing mounted at ", path));
  }
  const UniqueFd program = ProgramOf(*mount);
  const int error = Unmount(mount->point, lazy);
  if (error == EBUSY) return Complain(app, kExitBusy, BusyText(*mount));
  if (error == ENOSYS) {
    return Complain(app, kExitNotPermitted,
                    "fusermount3 is missing, without which only root can unmount\nTo install it:"
                    " apt install fuse3");
  }
  if (error != 0) {
    return Complain(app, error == EPERM ? kExitNotPermitted : kExitFailure,
                    absl::StrCat("cannot unmount ", mount->point, ": ",
                                 std::generic_category().message(error)));
  }
  if (lazy || WaitUntilGone(program, *mount, absl::Seconds(timeout))) return kExitOk;
  return Complain(app, kExitFailure,
                  absl::StrCat(mount->point, " is unmounted, but its program has not ended within ",
                               timeout, " seconds"));
}

}  // namespace cbzfs
