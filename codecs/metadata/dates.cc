#include "codecs/metadata/dates.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace cbzfs {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

int TwoDigits(std::string_view text) { return (text[0] - '0') * 10 + text[1] - '0'; }

}  // namespace

void AddDate(std::string_view date, Metadata* info) {
  while (!date.empty() && date.front() == ' ') date.remove_prefix(1);
  const std::string_view year = date.substr(0, 4);
  if (year.size() < 4 || !AllDigits(year) || year < "1000") return;
  if (date.size() > 4 && date[4] != '-' && date[4] != 'T' && date[4] != ' ') return;
  if (!info->Get(ComicField::kYear).empty()) return;  // a month of another source's year is none
  info->Add(ComicField::kYear, year);
  if (date.size() < 7 || date[4] != '-' || !AllDigits(date.substr(5, 2))) return;
  const int month = TwoDigits(date.substr(5));
  if (month < 1 || month > 12) return;
  info->Add(ComicField::kMonth, std::to_string(month));
  if (date.size() < 10 || date[7] != '-' || !AllDigits(date.substr(8, 2))) return;
  const int day = TwoDigits(date.substr(8));
  if (day >= 1 && day <= 31) info->Add(ComicField::kDay, std::to_string(day));
}

std::string PlainNumber(std::string_view number) {
  const size_t point = number.find('.');
  if (!AllDigits(number.substr(0, point))) return std::string(number);
  if (point != number.npos && !AllDigits(number.substr(point + 1))) return std::string(number);
  std::string_view whole = number.substr(0, point);
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size() - 1));
  std::string plain(whole);
  if (point == number.npos) return plain;
  const std::string_view fraction = number.substr(point, number.find_last_not_of('0') - point + 1);
  if (fraction.size() > 1) plain += fraction;
  return plain;
}

std::string PlainIsbn(std::string_view text) {
  std::string isbn;
  for (const char c : text) {
    if (IsDigit(c) || ((c == 'X' || c == 'x') && isbn.size() == 9)) isbn += absl::ascii_toupper(c);
  }
  return isbn.size() == 10 || isbn.size() == 13 ? isbn : "";
}

std::string IsbnOfUrn(std::string_view text) {
  constexpr std::string_view kUrn = "urn:isbn:";
  return text.starts_with(kUrn) ? PlainIsbn(text.substr(kUrn.size())) : "";
}

std::string_view LanguageTag(std::string_view text) {
  const size_t first = std::min(text.find_first_of("-_"), text.size());
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  };
  if (first < 2 || first > 3 || !std::all_of(text.begin(), text.end(), allowed)) return "";
  return text == "und" || text == "zxx" ? "" : text;
}

}  // namespace cbzfs
