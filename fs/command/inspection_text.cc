// What was found out, as a table and as JSON.

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fs/command/inspection.h"
#include "fs/command/text.h"
#include "fs/core/error_log.h"

namespace cbzfs {
namespace {

using Row = std::vector<std::string>;

struct Sums {
  uint64_t as_they_are = 0;
  uint64_t made = 0;
  uint64_t drawn = 0;  // of these, now
  uint64_t lowered = 0;
  uint64_t softened = 0;
  uint64_t failed = 0;
  uint64_t slots = 0;  // of the drawn, in bytes
  uint64_t used = 0;
};

bool IsLowered(const InspectedComic& comic, const InspectedPage& page) {
  return page.drawn && page.quality > 0 && page.quality < comic.asked_quality;
}

Sums SumUp(const InspectedComic& comic) {
  Sums sums;
  for (const InspectedPage& page : comic.pages) {
    ++(page.made ? sums.made : sums.as_they_are);
    sums.lowered += IsLowered(comic, page) ? 1 : 0;
    sums.softened += page.softened ? 1 : 0;
    sums.failed += page.failure.empty() ? 0 : 1;
    if (!page.drawn) continue;
    ++sums.drawn;
    sums.slots += page.slot;
    sums.used += page.image_bytes;
  }
  return sums;
}

// One word for the column "how".
std::string_view HowText(const InspectedPage& page) {
  switch (page.kind) {
    case PageKind::kOriginal:
      return page.made ? "made" : "original";
    case PageKind::kExtracted:
      return "unwrapped";
    case PageKind::kRaw:
    case PageKind::kUnpacked:
      return "as it is";
    case PageKind::kImage:
      return page.made ? "made" : "as it is";
    case PageKind::kDrawn:
      break;
  }
  return "drawn";
}

std::string WhyText(const InspectedPage& page) {
  std::string text;
  const auto add = [&text](std::string_view more) {
    if (!more.empty()) absl::StrAppend(&text, text.empty() ? "" : "; ", std::string(more));
  };
  if (!page.failure.empty()) add("cannot be made: " + Escape(page.failure));
  add(ReasonText(page.why));
  if (page.softened) add("detail taken away to fit");
  add(Escape(page.note));
  return text;
}

Row RowOf(const InspectedComic& comic, const InspectedPage& page) {
  std::string quality;
  if (page.drawn) {
    quality = page.quality == 0 ? "its own" : absl::StrCat(page.quality);
    if (IsLowered(comic, page)) absl::StrAppend(&quality, " of ", comic.asked_quality);
  }
  return {Escape(page.name),
          std::string(HowText(page)),
          page.width == 0 ? "" : absl::StrCat(page.width, "x", page.height),
          page.gray ? "gray" : "",
          page.dpi > 0 ? absl::StrFormat("%.0f", page.dpi) : "",
          BytesText(page.bytes),
          page.slot == 0 ? "" : BytesText(page.slot),
          page.drawn ? BytesText(page.image_bytes) : "",
          quality,
          WhyText(page)};
}

// Columns as wide as what stands in them; the last one has no end. Empty columns are left out.
std::vector<std::string> Table(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size(), 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t column = 0; column < widths.size(); ++column) {
      // The head alone makes no column.
      if (i == 0 || rows[i][column].empty()) continue;
      widths[column] =
          std::max({widths[column], WidthOf(rows[i][column]), WidthOf(rows.front()[column])});
    }
  }
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    std::string line;
    for (size_t column = 0; column < widths.size(); ++column) {
      if (widths[column] == 0) continue;
      absl::StrAppend(&line, row[column],
                      std::string(widths[column] - WidthOf(row[column]) + 2, ' '));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

std::string_view ReasonText(WhyDrawn why) {
  static constexpr std::array<std::string_view, kMaxWhyDrawn + 1> kTexts = {
      "",
      "original=no",
      "no image on it",
      "text",
      "lines, areas or patterns",
      "more than one image",
      "its image is no JPEG",
      "part of the image is cut away",
      "transparency or a soft mask",
      "layers",
      "annotations",
      "its image is or has a mask",
      "colours that a JPEG cannot have (CMYK, spot colours, not 8 bits)",
      "rotated, flipped or distorted",
      "its image does not fill the page",
      "its stream is damaged or has no place of its own",
      "a JPEG that reads otherwise outside the PDF, or not everywhere",
      "a colour profile that cannot go into the JPEG",
      "the page is damaged",
      "no PDF",
  };
  const auto index = static_cast<size_t>(why);
  return index < kTexts.size() ? kTexts[index] : "";
}

std::vector<std::string> InspectionLines(const InspectedComic& comic) {
  std::vector<std::string> lines = {Escape(comic.file)};
  const std::string title(comic.info.Get(ComicField::kTitle));
  if (!title.empty()) lines.front() += ": " + Escape(title);
  for (const std::string& note : comic.notes) lines.push_back("! " + Escape(note));
  std::vector<Row> rows = {
      {"page", "how", "pixels", "", "dpi", "entry", "slot", "image", "quality", "why"}};
  for (const InspectedPage& page : comic.pages) rows.push_back(RowOf(comic, page));
  for (std::string& line : Table(rows)) lines.push_back(std::move(line));
  const Sums sums = SumUp(comic);
  std::string total = absl::StrCat(CountText(comic.pages.size(), "page"), ": ", sums.as_they_are,
                                   " as in the file, ", sums.made, " made");
  if (comic.bytes > 0) absl::StrAppend(&total, "; ", BytesText(comic.bytes), " in all");
  lines.push_back(std::move(total));
  if (sums.drawn > 0) {
    lines.push_back(absl::StrFormat(
        "made: %s in slots of %s (%.0f %% padding), %d below quality %d, %d with detail taken away",
        BytesText(sums.used), BytesText(sums.slots),
        100.0 * static_cast<double>(sums.slots - std::min(sums.used, sums.slots)) /
            static_cast<double>(std::max<uint64_t>(sums.slots, 1)),
        sums.lowered, comic.asked_quality, sums.softened));
  }
  if (sums.failed > 0) lines.push_back(CountText(sums.failed, "page") + " cannot be made");
  return lines;
}

nlohmann::ordered_json InspectionJson(const InspectedComic& comic) {
  nlohmann::ordered_json json = {{"file", Escape(comic.file)},
                                 {"title", std::string(comic.info.Get(ComicField::kTitle))},
                                 {"author", std::string(comic.info.Get(ComicField::kWriter))},
                                 {"bytes", comic.bytes},
                                 {"quality", comic.asked_quality}};
  json["metadata"] = nlohmann::json::object();
  for (const auto& [field, text] : comic.info.fields()) json["metadata"][NameOf(field)] = text;
  json["notes"] = nlohmann::json::array();
  for (const std::string& note : comic.notes) json["notes"].push_back(Escape(note));
  json["pages"] = nlohmann::json::array();
  for (const InspectedPage& page : comic.pages) {
    nlohmann::ordered_json row = {
        {"name", Escape(page.name)}, {"how", HowText(page)},  {"why", ReasonText(page.why)},
        {"width", page.width},       {"height", page.height}, {"gray", page.gray},
        {"dpi", page.dpi},           {"bytes", page.bytes}};
    if (page.slot > 0) row["slot"] = page.slot;
    if (page.drawn) {
      row["image_bytes"] = page.image_bytes;
      row["quality"] = page.quality;
      row["softened"] = page.softened;
    }
    if (!page.note.empty()) row["note"] = Escape(page.note);
    if (!page.failure.empty()) row["failure"] = Escape(page.failure);
    json["pages"].push_back(std::move(row));
  }
  return json;
}

}  // namespace cbzfs
