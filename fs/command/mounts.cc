#include "fs/command/mounts.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "fs/mountinfo.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <typename Number>
std::optional<Number> ParseNumber(absl::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<MountedAt> AllMounts() { return MountsIn(ReadAll("/proc/self/mountinfo")); }

bool IsAtOrBelow(absl::string_view path, absl::string_view folder) {
  if (path.substr(0, folder.size()) != folder) return false;
  return path.size() == folder.size() || path[folder.size()] == '/' || folder == "/";
}

std::string LinkTarget(const std::string& link) {
  std::error_code error;
  const stdfs::path target = stdfs::read_symlink(link, error);
  return error ? "" : target.string();
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (stdfs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  return names;
}

bool IsOnMount(const std::string& fdinfo, uint64_t id) {
  for (const absl::string_view line : absl::StrSplit(fdinfo, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, '\t');
    if (words.size() == 2 && words[0] == "mnt_id:") return ParseNumber<uint64_t>(words[1]) == id;
  }
  return false;
}

// The first path of the mount that the process uses; empty: none.
std::string UsedBy(const std::string& process, const MountedAt& mount) {
  for (const char* link : {"/cwd", "/root", "/exe"}) {
    std::string target = LinkTarget(process + link);
    if (IsAtOrBelow(target, mount.point)) return target;
  }
  for (const std::string& fd : NamesIn(process + "/fd")) {
    // By the mount's number: another mount may hide this one, and the path tells nothing then.
    if (!IsOnMount(ReadAll(absl::StrCat(process, "/fdinfo/", fd)), mount.id)) continue;
    std::string target = LinkTarget(absl::StrCat(process, "/fd/", fd));
    return target.empty() ? mount.point : target;
  }
  const std::string maps = ReadAll(process + "/maps");
  for (const absl::string_view line : absl::StrSplit(maps, '\n')) {
    const size_t path = line.find('/');
    if (path != line.npos && IsAtOrBelow(line.substr(path), mount.point)) {
      return std::string(line.substr(path));
    }
  }
  return "";
}

}  // namespace

std::vector<MountedAt> MountsIn(std::string_view mountinfo) {
  std::vector<MountedAt> mounts;
  for (MountLine& line : ParseMountinfo(mountinfo)) {
    if (line.type == "fuse.cbzfs" && line.id.has_value()) {
      mounts.push_back({*line.id, std::move(line.point)});
    }
  }
  return mounts;
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  stdfs::path absolute = stdfs::absolute(path, error);
  if (error) return path;
  absolute = absolute.lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  // Not the last part: of a mount whose program has died a stat fails.
  const stdfs::path above = stdfs::canonical(absolute.parent_path(), error);
  return error ? absolute.string() : (above / absolute.filename()).string();
}

std::optional<MountedAt> FindMountAt(const std::string& path) {
  std::vector<std::string> names = {AbsolutePath(path)};
  std::error_code error;
  const stdfs::path real = stdfs::canonical(path, error);  // a link to a mount point
  if (!error) names.push_back(real.string());
  const std::vector<MountedAt> mounts = AllMounts();
  for (const std::string& name : names) {
    const auto found = std::find_if(mounts.rbegin(), mounts.rend(),
                                    [&](const MountedAt& m) { return m.point == name; });
    if (found != mounts.rend()) return *found;
  }
  return std::nullopt;
}

std::optional<MountedAt> FindMountAbove(const std::string& path) {
  std::error_code error;
  const stdfs::path real = stdfs::canonical(path, error);
  const std::string name = error ? AbsolutePath(path) : real.string();
  std::optional<MountedAt> best;
  for (const MountedAt& mount : AllMounts()) {
    if (!IsAtOrBelow(name, mount.point)) continue;
    if (!best.has_value() || mount.point.size() >= best->point.size()) best = mount;
  }
  return best;
}

bool IsStillMounted(const MountedAt& mount) {
  const std::vector<MountedAt> mounts = AllMounts();
  return std::any_of(mounts.begin(), mounts.end(), [&](const MountedAt& m) {
    return m.id == mount.id && m.point == mount.point;
  });
}

std::vector<User> UsersOf(const MountedAt& mount) {
  std::vector<User> users;
  for (const std::string& name : NamesIn("/proc")) {
    const auto pid = ParseNumber<int>(name);
    if (!pid.has_value() || *pid == getpid()) continue;
    const std::string process = "/proc/" + name;
    std::string path = UsedBy(process, mount);
    if (path.empty()) continue;
    std::string comm = ReadAll(process + "/comm");
    if (!comm.empty() && comm.back() == '\n') comm.pop_back();
    users.push_back({*pid, std::move(comm), std::move(path)});
  }
  std::sort(users.begin(), users.end(), [](const User& a, const User& b) { return a.pid < b.pid; });
  return users;
}

}  // namespace cbzfs
