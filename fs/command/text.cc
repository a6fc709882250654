#include "fs/command/text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cbzfs {
namespace {

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Bytes of the first `columns` characters.
size_t BytesOfColumns(std::string_view text, size_t columns) {
  size_t at = 0;
  while (at < text.size() && columns > 0) {
    ++at;
    while (at < text.size() && Continues(text[at])) ++at;
    --columns;
  }
  return at;
}

}  // namespace

std::string BytesText(uint64_t bytes) {
  constexpr std::array<const char*, 7> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const int decimals = unit > 0 && value < 9.95 ? 1 : 0;
  return absl::StrFormat("%.*f %s", decimals, value, kUnits[unit]);
}

std::string DurationText(double seconds) {
  const auto whole = static_cast<uint64_t>(std::lround(std::max(0.0, std::min(seconds, 1e9))));
  if (whole < 60) return absl::StrCat(whole, " s");
  if (whole < 3600) return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
  return absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string CountText(uint64_t count, std::string_view noun) {
  return absl::StrCat(count, " ", absl::string_view(noun.data(), noun.size()),
                      count == 1 ? "" : "s");
}

size_t WidthOf(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !Continues(c); }));
}

std::string FitWidth(std::string_view text, size_t columns) {
  const size_t width = WidthOf(text);
  if (width <= columns) return std::string(text);
  if (columns <= 3) return std::string(text.substr(0, BytesOfColumns(text, columns)));
  const size_t front = (columns - 3) / 2;
  const size_t back = columns - 3 - front;
  std::string fitted(text.substr(0, BytesOfColumns(text, front)));
  fitted += "...";
  fitted += text.substr(BytesOfColumns(text, width - back));
  return fitted;
}

}  // namespace cbzfs
