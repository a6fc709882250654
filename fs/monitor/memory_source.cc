#include "fs/monitor/memory_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cbzfs {
namespace {

// None of the files is longer; what is, is cut.
constexpr size_t kMostBytes = 16 << 10;

std::optional<std::string> ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text(kMostBytes, '\0');
  size_t have = 0;
  while (have < text.size()) {
    const ssize_t n = read(fd, text.data() + have, text.size() - have);
    if (n <= 0) break;
    have += static_cast<size_t>(n);
  }
  close(fd);
  text.resize(have);
  return have == 0 ? std::nullopt : std::optional(std::move(text));
}

// The number after `key` at the beginning of a line ("Pss:   12 kB", "file 4096").
std::optional<uint64_t> Number(const std::string& text, absl::string_view key) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, key)) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    uint64_t value = 0;
    if (!words.empty() && absl::SimpleAtoi(words[0], &value)) return value;
  }
  return std::nullopt;
}

std::optional<uint64_t> NumberOf(const std::string& path) {
  const auto text = ReadFile(path);
  uint64_t value = 0;
  if (!text || !absl::SimpleAtoi(absl::StripSuffix(*text, "\n"), &value)) return std::nullopt;
  return value;
}

}  // namespace

SystemMemory::SystemMemory(std::string proc, const std::string& cgroup) : proc_(std::move(proc)) {
  const auto text = ReadFile(proc_ + "/self/cgroup");
  if (!text) return;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (!absl::ConsumePrefix(&line, "0::/")) continue;
    // In a container without a namespace of its own the path leads outside of what it sees.
    if (absl::StartsWith(line, "..")) line = "";
    std::string path(line);
    while (!path.empty()) {
      groups_.push_back(absl::StrCat(cgroup, "/", path));
      const size_t slash = path.rfind('/');
      path.resize(slash == std::string::npos ? 0 : slash);
    }
    groups_.push_back(cgroup);
  }
}

std::optional<uint64_t> SystemMemory::RoomOf(const std::string& group) const {
  // "max", and no file in the root: no limit.
  const auto limit = NumberOf(group + "/memory.max");
  const auto current = NumberOf(group + "/memory.current");
  if (!limit || !current) return std::nullopt;
  uint64_t cache = 0;
  if (const auto stat = ReadFile(group + "/memory.stat")) {
    cache = Number(*stat, "inactive_file ").value_or(0);
  }
  const uint64_t used = *current - std::min(*current, cache);
  return *limit - std::min(*limit, used);
}

std::optional<uint64_t> SystemMemory::Available() const {
  std::optional<uint64_t> least;
  if (const auto text = ReadFile(proc_ + "/meminfo")) {
    if (const auto kib = Number(*text, "MemAvailable:")) least = *kib << 10;
  }
  for (const std::string& group : groups_) {
    const auto room = RoomOf(group);
    if (room && (!least || *room < *least)) least = room;
  }
  return least;
}

std::optional<uint64_t> SystemMemory::BytesOf(int pid) const {
  const std::string folder = absl::StrCat(proc_, "/", pid);
  if (const auto text = ReadFile(folder + "/smaps_rollup")) {
    if (const auto kib = Number(*text, "Pss:")) return *kib << 10;
  }
  const auto status = ReadFile(folder + "/status");
  if (!status) return std::nullopt;
  const auto anonymous = Number(*status, "RssAnon:");
  if (!anonymous) return std::nullopt;
  return (*anonymous + Number(*status, "RssShmem:").value_or(0)) << 10;
}

std::optional<int> SystemMemory::ParentOf(int pid) const {
  const auto status = ReadFile(absl::StrCat(proc_, "/", pid, "/status"));
  if (!status) return std::nullopt;
  const auto parent = Number(*status, "PPid:");
  if (!parent) return std::nullopt;
  return static_cast<int>(*parent);
}

std::string SystemMemory::PressureFile() const {
  for (const std::string& group : groups_) {
    std::string path = group + "/memory.pressure";
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  const std::string path = proc_ + "/pressure/memory";
  return access(path.c_str(), R_OK) == 0 ? path : "";
}

std::optional<double> SystemMemory::Pressure() const {
  const std::string path = PressureFile();
  const auto text = path.empty() ? std::nullopt : ReadFile(path);
  if (!text) return std::nullopt;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (!absl::ConsumePrefix(&line, "some avg10=")) continue;
    double percent = 0;
    const absl::string_view number = line.substr(0, line.find(' '));
    if (absl::SimpleAtod(number, &percent)) return percent;
  }
  return std::nullopt;
}

}  // namespace cbzfs
