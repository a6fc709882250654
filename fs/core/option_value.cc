#include "fs/core/option_value.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

bool OnlyDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// Edit distance with swapped neighbours counted as one slip ("qaulity").
size_t Slips(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::vector<std::string> SplitOptionList(std::string_view list) {
  std::vector<std::string> items(1);
  for (size_t i = 0; i < list.size(); ++i) {
    const char next = i + 1 < list.size() ? list[i + 1] : '\0';
    if (list[i] == '\\' && (next == ',' || next == '\\')) {
      items.back() += next;
      ++i;
    } else if (list[i] == ',') {
      items.emplace_back();
    } else {
      items.back() += list[i];
    }
  }
  items.erase(std::remove(items.begin(), items.end(), ""), items.end());
  return items;
}

std::string EscapeOption(std::string_view item) {
  std::string escaped;
  for (const char c : item) {
    if (c == ',' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::optional<uint64_t> ParseCount(std::string_view text, uint64_t least, uint64_t most) {
  uint64_t value = 0;
  if (!OnlyDigits(text) || !absl::SimpleAtoi(std::string(text), &value)) return std::nullopt;
  if (value < least || value > most) return std::nullopt;
  return value;
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  if (text.empty()) return std::nullopt;
  static constexpr std::string_view kSuffixes = "KMGT";
  const size_t power = kSuffixes.find(absl::ascii_toupper(text.back()));
  int shift = 0;
  if (power != std::string_view::npos) {
    shift = 10 * (static_cast<int>(power) + 1);
    text.remove_suffix(1);
  }
  const std::optional<uint64_t> count =
      ParseCount(text, 0, std::numeric_limits<int64_t>::max() >> shift);
  if (!count.has_value()) return std::nullopt;
  return *count << shift;
}

std::string FormatSize(uint64_t bytes) {
  return bytes % (1 << 20) == 0 ? absl::StrCat(bytes >> 20, "M") : absl::StrCat(bytes);
}

std::optional<double> ParseDecimal(std::string_view text, double least, double most) {
  // SimpleAtod takes "inf", "nan", signs and exponents as well, which nobody means here.
  const bool plain = std::all_of(
      text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c) || c == '.'; });
  double value = 0;
  if (!plain || !absl::SimpleAtod(std::string(text), &value)) return std::nullopt;
  if (value < least || value > most) return std::nullopt;
  return value;
}

std::optional<absl::Duration> ParseSeconds(std::string_view text) {
  const std::optional<double> seconds = ParseDecimal(text, 0, 1e9);
  if (!seconds.has_value()) return std::nullopt;
  return absl::Seconds(*seconds);
}

std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates) {
  std::string_view nearest;
  size_t fewest = 3;
  for (const std::string_view candidate : candidates) {
    // Each character that one of them has too many is a slip.
    if (word.size() > candidate.size() + 2) continue;
    const size_t slips = Slips(word, candidate);
    if (slips < fewest && 2 * slips < word.size()) {
      fewest = slips;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace cbzfs
