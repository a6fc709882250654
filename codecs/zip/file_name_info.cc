#include "codecs/zip/file_name_info.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace cbzfs {
namespace {

constexpr std::array<std::string_view, 6> kVolumeMarks = {"volume", "vol.", "vol",
                                                          "tome",   "v",    "t"};
constexpr std::array<std::string_view, 8> kNumberMarks = {"chapter", "issue", "ch.", "ch",
                                                          "no.",     "no",    "c",   "#"};

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// What is left of the name when its brackets are gone, and what stood in these.
struct Parts {
  std::vector<std::string> words;
  std::vector<std::string> remarks;
};

Parts Split(std::string_view stem) {
  Parts parts;
  const bool spaced = stem.find(' ') != stem.npos;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) parts.words.push_back(word);
    word.clear();
  };
  for (size_t i = 0; i < stem.size(); ++i) {
    const char c = stem[i];
    const char closing = c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : '\0';
    const size_t close = closing == '\0' ? stem.npos : stem.find(closing, i + 1);
    if (close != stem.npos) {
      end_word();
      parts.remarks.emplace_back(stem.substr(i + 1, close - i - 1));
      i = close;
    } else if (c == ' ' || (c == '_' && !spaced)) {
      end_word();
    } else {
      word += c;
    }
  }
  end_word();
  return parts;
}

// "003", "12.5", "7a" as a number without its zeros; nothing for another word.
std::optional<std::string> NumberOf(std::string_view word) {
  size_t whole = 0;
  while (whole < word.size() && IsDigit(word[whole])) ++whole;
  constexpr size_t kMostDigits = 6;
  if (whole == 0 || whole > kMostDigits) return std::nullopt;
  const std::string_view rest = word.substr(whole);
  const bool letter = rest.size() == 1 && absl::ascii_isalpha(static_cast<unsigned char>(rest[0]));
  const bool fraction = rest.size() >= 2 && rest.size() <= 3 && rest[0] == '.' &&
                        std::all_of(rest.begin() + 1, rest.end(), IsDigit);
  if (!rest.empty() && !letter && !fraction) return std::nullopt;
  const size_t zeros = std::min(word.find_first_not_of('0'), whole - 1);
  return std::string(word.substr(std::min(zeros, whole - 1)));
}

bool LooksLikeYear(std::string_view word) {
  return word.size() == 4 && std::all_of(word.begin(), word.end(), IsDigit) && word >= "1900" &&
         word < "2100";
}

// A mark and its number, in one word ("v01") or in two ("Vol. 1"): how many words it takes.
struct Marked {
  std::string number;
  size_t words = 0;
};

template <size_t kMarks>
std::optional<Marked> ReadMarked(const std::vector<std::string>& words, size_t at,
                                 const std::array<std::string_view, kMarks>& marks) {
  const std::string& word = words[at];
  for (const std::string_view mark : marks) {
    if (!absl::StartsWithIgnoreCase({word.data(), word.size()}, {mark.data(), mark.size()})) {
      continue;
    }
    if (word.size() > mark.size()) {
      if (auto number = NumberOf(std::string_view(word).substr(mark.size()))) {
        return Marked{*number, 1};
      }
      continue;
    }
    // A letter alone is a word of the title; "Vol 1" is none.
    if (mark.size() == 1 && mark != "#") continue;
    if (at + 1 == words.size()) continue;
    if (auto number = NumberOf(words[at + 1])) return Marked{*number, 2};
  }
  return std::nullopt;
}

// Without what stands between it and the number: "Saga -", "Saga,".
std::string SeriesOf(const std::vector<std::string>& words, size_t end) {
  std::string series;
  for (size_t i = 0; i < end; ++i) {
    if (!series.empty()) series += ' ';
    series += words[i];
  }
  const size_t last = series.find_last_not_of(" -,:~");
  return last == series.npos ? "" : series.substr(0, last + 1);
}

// "of 06" or "2 of 6": how many there are.
std::optional<std::string> CountOf(std::string_view remark) {
  const size_t of = remark.find("of ");
  if (of == remark.npos || (of > 0 && remark[of - 1] != ' ')) return std::nullopt;
  return NumberOf(remark.substr(of + 3));
}

}  // namespace

Metadata InfoOfFileName(std::string_view stem) {
  const Parts parts = Split(stem);
  const std::vector<std::string>& words = parts.words;
  std::string volume;
  std::string number;
  size_t end = words.size();  // of the series
  size_t last = end;          // where a number without a mark may stand
  // The first word is never a number of something.
  for (size_t i = 1; i < words.size(); ++i) {
    if (const auto marked = ReadMarked(words, i, kVolumeMarks); marked && volume.empty()) {
      volume = marked->number;
      end = std::min(end, i);
      if (i + marked->words == words.size()) last = i;
      i += marked->words - 1;
    } else if (const auto issue = ReadMarked(words, i, kNumberMarks); issue && number.empty()) {
      number = issue->number;
      end = std::min(end, i);
      i += issue->words - 1;
    }
  }
  if (number.empty()) {
    // The last number that is not part of a longer title behind it: the last word, or the one in
    // front of a dash.
    for (size_t i = last; i-- > 1;) {
      const bool ends = i + 1 == last || words[i + 1] == "-";
      const auto plain = NumberOf(words[i]);
      if (!ends || !plain || LooksLikeYear(words[i])) continue;
      number = *plain;
      end = std::min(end, i);
      break;
    }
  }
  Metadata info;
  const std::string series = SeriesOf(words, end);
  if (series.empty() || (number.empty() && volume.empty())) return info;
  info.Add(ComicField::kSeries, series);
  info.Add(ComicField::kNumber, number);
  info.Add(ComicField::kVolume, volume);
  for (const std::string& remark : parts.remarks) {
    const std::string_view year = std::string_view(remark).substr(0, 4);
    const bool alone = remark.size() == 4 || (remark.size() > 4 && !IsDigit(remark[4]));
    if (alone && LooksLikeYear(year)) info.Add(ComicField::kYear, year);
    if (const auto count = CountOf(remark)) info.Add(ComicField::kCount, *count);
  }
  return info;
}

}  // namespace cbzfs
