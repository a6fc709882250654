#include "codecs/document/metadata.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

enum class Kind : uint8_t { kText, kLongText, kNumber, kYesNo, kManga, kRating, kAge };

struct FieldKind {
  std::string_view name;
  Kind kind = Kind::kText;
};

constexpr std::array<FieldKind, kComicFields> kFields = {{
    {"Title"},
    {"Series"},
    {"Number"},
    {"Count", Kind::kNumber},
    {"Volume", Kind::kNumber},
    {"AlternateSeries"},
    {"AlternateNumber"},
    {"AlternateCount", Kind::kNumber},
    {"Summary", Kind::kLongText},
    {"Notes", Kind::kLongText},
    {"Year", Kind::kNumber},
    {"Month", Kind::kNumber},
    {"Day", Kind::kNumber},
    {"Writer"},
    {"Penciller"},
    {"Inker"},
    {"Colorist"},
    {"Letterer"},
    {"CoverArtist"},
    {"Editor"},
    {"Translator"},
    {"Publisher"},
    {"Imprint"},
    {"Genre"},
    {"Tags"},
    {"Web"},
    {"LanguageISO"},
    {"Format"},
    {"BlackAndWhite", Kind::kYesNo},
    {"Manga", Kind::kManga},
    {"Characters"},
    {"Teams"},
    {"Locations"},
    {"ScanInformation"},
    {"StoryArc"},
    {"StoryArcNumber"},
    {"SeriesGroup"},
    {"AgeRating", Kind::kAge},
    {"CommunityRating", Kind::kRating},
    {"MainCharacterOrTeam"},
    {"Review", Kind::kLongText},
    {"GTIN"},
}};
static_assert(kFields.back().name == "GTIN", "a name for each field");

constexpr std::array<std::string_view, 4> kManga = {"Unknown", "No", "Yes", "YesAndRightToLeft"};
constexpr std::array<std::string_view, 15> kAges = {"Unknown",
                                                    "Adults Only 18+",
                                                    "Early Childhood",
                                                    "Everyone",
                                                    "Everyone 10+",
                                                    "G",
                                                    "Kids to Adults",
                                                    "M",
                                                    "MA15+",
                                                    "Mature 17+",
                                                    "PG",
                                                    "R18+",
                                                    "Rating Pending",
                                                    "Teen",
                                                    "X18+"};
constexpr std::array<std::string_view, kMaxPageType + 1> kPageTypes = {
    "Story",   "FrontCover", "InnerCover", "Roundup", "Advertisement", "Editorial",
    "Letters", "Preview",    "BackCover",  "Other",   "Deleted"};

const FieldKind& KindOf(ComicField field) { return kFields[static_cast<size_t>(field)]; }

size_t MostBytes(ComicField field) {
  return KindOf(field).kind == Kind::kLongText ? Metadata::kMaxLongText : Metadata::kMaxText;
}

bool IsNumber(std::string_view text) {
  int32_t number = 0;
  return absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number) && number >= 0 &&
         absl::ascii_isdigit(static_cast<unsigned char>(text.front()));
}

// "4" or "4.5", up to 5.
bool IsRating(std::string_view text) {
  if (text.size() != 1 && (text.size() != 3 || text[1] != '.')) return false;
  const auto digit = [&](size_t at) {
    return absl::ascii_isdigit(static_cast<unsigned char>(text[at]));
  };
  if (!digit(0) || text[0] > '5') return false;
  return text.size() == 1 || (digit(2) && (text[0] < '5' || text[2] == '0'));
}

template <size_t kSize>
bool IsOneOf(const std::array<std::string_view, kSize>& names, std::string_view text) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool IsAllowed(ComicField field, std::string_view text) {
  switch (KindOf(field).kind) {
    case Kind::kText:
    case Kind::kLongText:
      return true;
    case Kind::kNumber:
      return IsNumber(text);
    case Kind::kYesNo:
      return text == "Unknown" || text == "No" || text == "Yes";
    case Kind::kManga:
      return IsOneOf(kManga, text);
    case Kind::kRating:
      return IsRating(text);
    case Kind::kAge:
      return IsOneOf(kAges, text);
  }
  return false;
}

auto Place(const std::vector<Metadata::Field>& fields, ComicField field) {
  return std::lower_bound(fields.begin(), fields.end(), field,
                          [](const auto& one, ComicField other) { return one.first < other; });
}

}  // namespace

std::string_view NameOf(ComicField field) { return KindOf(field).name; }

std::optional<ComicField> FieldOfName(std::string_view name) {
  for (size_t i = 0; i < kFields.size(); ++i) {
    if (kFields[i].name == name) return static_cast<ComicField>(i);
  }
  return std::nullopt;
}

void Metadata::Add(ComicField field, std::string_view text) {
  std::string clean = PrintableText(text, MostBytes(field));
  if (clean.empty() || !IsAllowed(field, clean)) return;
  const auto at = Place(fields_, field);
  if (at == fields_.end() || at->first != field) fields_.insert(at, {field, std::move(clean)});
}

void Metadata::AddAll(const Metadata& other) {
  const bool dated = !Get(ComicField::kYear).empty();
  for (const auto& [field, text] : other.fields_) {
    const bool of_date = field == ComicField::kMonth || field == ComicField::kDay;
    if (!of_date || !dated) Add(field, text);
  }
}

std::string_view Metadata::Get(ComicField field) const {
  const auto at = Place(fields_, field);
  return at == fields_.end() || at->first != field ? std::string_view() : at->second;
}

size_t Metadata::memory_bytes() const {
  size_t bytes = fields_.size() * sizeof(Field);
  for (const auto& [field, text] : fields_) bytes += text.size();
  return bytes;
}

bool Metadata::IsClean(ComicField field, std::string_view text) {
  return !text.empty() && PrintableText(text, MostBytes(field)) == text && IsAllowed(field, text);
}

std::string_view NameOf(PageType type) { return kPageTypes[static_cast<size_t>(type)]; }

std::optional<PageType> PageTypeOfName(std::string_view name) {
  for (size_t i = 0; i < kPageTypes.size(); ++i) {
    if (kPageTypes[i] == name) return static_cast<PageType>(i);
  }
  return std::nullopt;
}

}  // namespace cbzfs
