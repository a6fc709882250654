// What is known of a comic as a work: title, series, people, dates. The terms are the elements of
// ComicInfo, draft 2.1 (anansi-project/comicinfo), whatever they were read from.
//
// A plain value: see document.h.

#ifndef CBZFS_CODECS_DOCUMENT_METADATA_H_
#define CBZFS_CODECS_DOCUMENT_METADATA_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cbzfs {

// In the order that the schema wants them in a file; PageCount and Pages, which are facts of the
// page table, are left out. The numbers are stored in the index: a change of them raises
// kEngineVersion.
enum class ComicField : uint8_t {
  kTitle,
  kSeries,
  kNumber,
  kCount,
  kVolume,
  kAlternateSeries,
  kAlternateNumber,
  kAlternateCount,
  kSummary,
  kNotes,
  kYear,
  kMonth,
  kDay,
  kWriter,
  kPenciller,
  kInker,
  kColorist,
  kLetterer,
  kCoverArtist,
  kEditor,
  kTranslator,
  kPublisher,
  kImprint,
  kGenre,
  kTags,
  kWeb,
  kLanguageIso,
  kFormat,
  kBlackAndWhite,
  kManga,
  kCharacters,
  kTeams,
  kLocations,
  kScanInformation,
  kStoryArc,
  kStoryArcNumber,
  kSeriesGroup,
  kAgeRating,
  kCommunityRating,
  kMainCharacterOrTeam,
  kReview,
  kGtin,
};
inline constexpr size_t kComicFields = 42;

// The element's name. And the field of an element; none: it is no such element.
std::string_view NameOf(ComicField field);
std::optional<ComicField> FieldOfName(std::string_view name);

class Metadata {
 public:
  using Field = std::pair<ComicField, std::string>;

  // Of a long text (summary, notes, review) so much is kept, and of any other.
  static constexpr size_t kMaxLongText = 8192;
  static constexpr size_t kMaxText = 1024;

  Metadata() = default;
  Metadata(std::initializer_list<std::pair<ComicField, std::string_view>> fields) {
    for (const auto& [field, text] : fields) Add(field, text);
  }

  // Unless there is one already: who knows best comes first. The text may be any bytes; it is made
  // printable (utf8.h) and cut. One that the schema does not allow for the field (a year that is
  // no number, say) or that is blank is left out.
  void Add(ComicField field, std::string_view text);
  // All of another's; a month and a day not beside the year of this one.
  void AddAll(const Metadata& other);

  // "" where there is none.
  std::string_view Get(ComicField field) const;
  bool empty() const { return fields_.empty(); }
  const std::vector<Field>& fields() const { return fields_; }  // in the schema's order
  size_t memory_bytes() const;

  // Whether Add() would keep the text as it is. What comes from a worker is held against that.
  static bool IsClean(ComicField field, std::string_view text);

  friend bool operator==(const Metadata&, const Metadata&) = default;

 private:
  std::vector<Field> fields_;
};

// What a page is (ComicPageType). The numbers are stored in the index: never reuse one.
enum class PageType : uint8_t {
  kStory = 0,  // or nothing is known
  kFrontCover = 1,
  kInnerCover = 2,
  kRoundup = 3,
  kAdvertisement = 4,
  kEditorial = 5,
  kLetters = 6,
  kPreview = 7,
  kBackCover = 8,
  kOther = 9,
  kDeleted = 10,
};
inline constexpr uint32_t kMaxPageType = 10;
std::string_view NameOf(PageType type);
std::optional<PageType> PageTypeOfName(std::string_view name);

// What is known of a page beside how it looks.
struct PageMark {
  uint32_t page = 0;     // index into Document::pages
  std::string bookmark;  // what a table of contents calls it; of strings as Metadata has them
  std::string label;     // its number as the book prints it: "iv", "A-3"
  PageType type = PageType::kStory;

  bool empty() const { return bookmark.empty() && label.empty() && type == PageType::kStory; }
  friend bool operator==(const PageMark&, const PageMark&) = default;
};
inline constexpr size_t kMaxMarkText = 256;

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_METADATA_H_
