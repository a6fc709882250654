#include "fs/mountinfo.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace cbzfs {
namespace {

// Space, tab, newline and backslash stand as octal escapes.
std::string Unescape(absl::string_view field) {
  const auto digit = [&](size_t i) { return field[i] >= '0' && field[i] <= '7'; };
  std::string plain;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      plain += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                                 (field[i + 3] - '0'));
      i += 3;
    } else {
      plain += field[i];
    }
  }
  return plain;
}

}  // namespace

std::vector<MountLine> ParseMountinfo(std::string_view mountinfo) {
  std::vector<MountLine> mounts;
  const absl::string_view text(mountinfo.data(), mountinfo.size());
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> halves = absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    if (halves.size() != 2) continue;
    const std::vector<absl::string_view> before = absl::StrSplit(halves[0], ' ');
    const std::vector<absl::string_view> after = absl::StrSplit(halves[1], ' ');
    if (before.size() < 5) continue;
    MountLine mount{
        .id = std::nullopt, .point = Unescape(before[4]), .type = std::string(after[0])};
    uint64_t id = 0;
    if (absl::SimpleAtoi(before[0], &id)) mount.id = id;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

}  // namespace cbzfs
