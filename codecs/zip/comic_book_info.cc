#include "codecs/zip/comic_book_info.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "codecs/document/utf8.h"
#include "codecs/zip/comic_info.h"

namespace cbzfs {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<std::string_view, ComicField>, 5> kTexts = {{
    {"series", ComicField::kSeries},
    {"publisher", ComicField::kPublisher},
    {"comments", ComicField::kSummary},
    {"genre", ComicField::kGenre},
    {"language", ComicField::kLanguageIso},
}};
constexpr std::array<std::pair<std::string_view, ComicField>, 4> kNumbers = {{
    {"publicationMonth", ComicField::kMonth},
    {"publicationYear", ComicField::kYear},
    {"volume", ComicField::kVolume},
    {"numberOfIssues", ComicField::kCount},
}};
constexpr std::array<std::pair<std::string_view, ComicField>, 7> kCredits = {{
    {"Writer", ComicField::kWriter},
    {"Artist", ComicField::kPenciller},
    {"Inker", ComicField::kInker},
    {"Colorer", ComicField::kColorist},
    {"Letterer", ComicField::kLetterer},
    {"Cover", ComicField::kCoverArtist},
    {"Editor", ComicField::kEditor},
}};

std::vector<std::string> Split(std::string_view list) {
  std::vector<std::string> items;
  for (const absl::string_view item :
       absl::StrSplit(absl::string_view(list.data(), list.size()), ',')) {
    std::string text = PrintableText({item.data(), item.size()}, Metadata::kMaxText);
    if (!text.empty()) items.push_back(std::move(text));
  }
  return items;
}

Json Number(std::string_view text) {
  const absl::string_view digits(text.data(), text.size());
  int whole = 0;
  double number = 0;
  if (absl::SimpleAtoi(digits, &whole)) return whole;
  if (absl::SimpleAtod(digits, &number)) return number;
  return nullptr;  // "7a", of which no reader would make a number either
}

Json Credits(const Metadata& info) {
  Json credits = Json::array();
  for (const auto& [role, field] : kCredits) {
    for (const std::string& person : Split(info.Get(field))) {
      credits.push_back({{"person", person}, {"role", role}});
    }
  }
  return credits;
}

}  // namespace

std::string ComicBookInfo(const Document& document, std::string_view stem) {
  const Metadata info = BookInfo(document, stem);
  if (info.empty()) return "";
  const std::string_view title = info.Get(ComicField::kTitle);
  Json book;
  book["title"] = title.empty() ? PrintableText(stem, Metadata::kMaxText) : std::string(title);
  for (const auto& [name, field] : kTexts) {
    if (const std::string_view text = info.Get(field); !text.empty()) book[name] = text;
  }
  for (const auto& [name, field] : kNumbers) {
    const Json number = Number(info.Get(field));
    if (!number.is_null()) book[name] = number;
  }
  if (const Json issue = Number(info.Get(ComicField::kNumber)); !issue.is_null()) {
    book["issue"] = issue;
  }
  if (Json credits = Credits(info); !credits.empty()) book["credits"] = std::move(credits);
  const auto tags = Split(info.Get(ComicField::kTags));
  if (!tags.empty()) book["tags"] = tags;
  const Json comment = {{"appID", "cbzfs"}, {"ComicBookInfo/1.0", book}};
  return comment.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string WithMark(std::string_view comment, std::string_view mark) {
  std::string object(comment.empty() ? "{\"appID\":\"cbzfs\"}" : comment);
  object.pop_back();
  return absl::StrCat(object, ",\"cbzfs\":\"", absl::string_view(mark.data(), mark.size()), "\"}");
}

bool EndsWithMark(std::string_view end, std::string_view mark) {
  std::string last = WithMark("", mark);
  last.erase(0, last.find(','));
  return end.ends_with(last);
}

}  // namespace cbzfs
