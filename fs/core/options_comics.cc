// Options of what is shown, and of how its pages look.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "fs/core/option_value.h"
#include "fs/core/own_option.h"

namespace cbzfs {
namespace {

// One of cbzfs's own, or perhaps of the config file: LoadConfig() knows.
bool MayBeView(std::string_view name, const Options& options) {
  return FindViewName(name) != nullptr || (!options.config.empty() && IsNameForView(name));
}

bool SetView(std::string_view value, Options* o) {
  if (!MayBeView(value, *o)) return false;
  o->view = std::string(value);
  return true;
}

// Adds to what earlier `views=` said; the first one replaces the default.
bool SetViews(std::string_view value, Options* o) {
  std::vector<std::string> named;
  if (o->views_given) named = o->views;
  for (const auto& name : absl::StrSplit(std::string(value), absl::ByAnyChar(":,"))) {
    named.emplace_back(name);
    if (!MayBeView(named.back(), *o)) return false;
  }
  o->views.clear();
  for (std::string& view : AllViewNames()) {
    if (std::find(named.begin(), named.end(), view) != named.end()) o->views.push_back(view);
  }
  for (const std::string& view : named) {
    if (std::find(o->views.begin(), o->views.end(), view) == o->views.end()) {
      o->views.push_back(view);
    }
  }
  o->views_given = true;
  return true;
}

bool SetShowHidden(std::string_view, Options* o) {
  o->show_hidden = true;
  return true;
}

bool SetNames(std::string_view value, Options* o) {
  static constexpr Word<PageNames> kWords[] = {{"number", PageNames::kNumber},
                                               {"seed", PageNames::kSeed}};
  return Choose(value, kWords, &o->layout.names);
}

bool SetMaxPages(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 1, 1'000'000), &o->analyse.max_pages);
}

bool SetDpi(std::string_view value, Options* o) {
  if (value == "auto") {
    o->analyse.dpi = 0;
    return true;
  }
  return Assign(ParseCount(value, 36, 1200), &o->analyse.dpi);
}

// 40 is what a page that overflows its slot may fall to, so nothing below can be asked for.
bool SetQuality(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 40, 100), &o->analyse.quality);
}

bool SetOriginal(std::string_view value, Options* o) {
  return Choose(value, kYesNo, &o->analyse.original);
}

bool SetRepack(std::string_view value, Options* o) {
  o->repack_given = true;
  return Choose(value, kYesNo, &o->repack);
}

bool SetFolders(std::string_view value, Options* o) {
  return Choose(value, kYesNo, &o->folders);
}

bool SetBox(std::string_view value, Options* o) {
  static constexpr Word<AnalyseOptions::Box> kWords[] = {{"crop", AnalyseOptions::Box::kCrop},
                                                         {"media", AnalyseOptions::Box::kMedia}};
  return Choose(value, kWords, &o->analyse.box);
}

bool SetGuard(std::string_view value, Options* o) {
  static constexpr Word<uint32_t> kWords[] = {{"0", 0}, {"4k", 4096}, {"64k", 65536}};
  return Choose(value, kWords, &o->layout.guard);
}

bool SetComicInfo(std::string_view value, Options* o) {
  return Choose(value, kYesNo, &o->layout.comic_info);
}

bool SetEnhance(std::string_view value, Options* o) {
  if (value == "seed") o->analyse.enhance = EnhanceOptions();
  if (value == "none") o->analyse.enhance.on = false;
  return value == "seed" || value == "none";
}

bool SetEnhanceCurve(std::string_view value, Options* o) {
  return Assign(ParseDecimal(value, 0, 1), &o->analyse.enhance.curve);
}

bool SetEnhanceGamma(std::string_view value, Options* o) {
  return Assign(ParseDecimal(value, 0.1, 10), &o->analyse.enhance.gamma);
}

bool SetEnhanceBrightness(std::string_view value, Options* o) {
  return Assign(ParseDecimal(value, 0, 10), &o->analyse.enhance.brightness);
}

bool SetEnhanceContrast(std::string_view value, Options* o) {
  return Assign(ParseDecimal(value, 0, 10), &o->analyse.enhance.contrast);
}

bool SetEnhanceCutoff(std::string_view value, Options* o) {
  return Assign(ParseDecimal(value, 0, 49), &o->analyse.enhance.cutoff);
}

bool SetThumbSize(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 16, 1000), &o->thumb_size);
}

bool SetCoverHeight(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 16, 4000), &o->cover_height);
}

bool SetProfile(std::string_view value, Options* o) {
  if (value != "seed") return false;
  o->analyse.dpi = 150;
  o->analyse.quality = 75;
  o->analyse.box = AnalyseOptions::Box::kMedia;
  o->analyse.original = false;
  o->layout.names = PageNames::kSeed;
  return true;
}

bool SetConfig(std::string_view value, Options* o) {
  o->config = std::string(value);
  return !value.empty();
}

constexpr std::string_view kUpToTen = "a number from 0 to 10, such as 1.05";

constexpr OwnOption kComicOptions[] = {
    {"view", "VIEW", "cbz, enhanced, thumbnails or pages", SetView,
     "make this view the root of the mount"},
    {"views", "VIEW[:VIEW...]", "one or more of cbz, enhanced, thumbnails, pages", SetViews,
     "the views there are: cbz, enhanced, thumbnails, pages (all four)"},
    {"config", "FILE", "the path of a file", SetConfig,
     "file with views for e-readers and the like, see cbzfs(5) (none)"},
    {"show_hidden", "", "", SetShowHidden, "show names that begin with '.' or '_'"},
    {"names", "number|seed", "number or seed", SetNames,
     "names of pages: 0001.jpg (default), or \"Foo page_1.jpg\""},
    {"repack", "yes|no", "yes or no", SetRepack, "show CBR, CB7 and CBT as CBZ in cbz/ too (no)"},
    {"folders", "yes|no", "yes or no", SetFolders,
     "show a folder of images as a CBZ beside it, too (no)"},
    {"max_pages", "N", "a number from 1 to 1000000", SetMaxPages,
     "documents with more pages stay PDFs (10000)"},
    {"thumb_size", "N", "a number from 16 to 1000", SetThumbSize,
     "the square that thumbnails of pages fit into, in pixels (100)"},
    {"cover_height", "N", "a number from 16 to 4000", SetCoverHeight,
     "height of covers, in pixels (300)"},
    {"dpi", "auto|N", "auto or a number from 36 to 1200", SetDpi,
     "resolution of drawn pages; auto: that of the page's images, 150 to 300 (auto)"},
    {"quality", "N", "a number from 40 to 100", SetQuality,
     "JPEG quality of drawn and enhanced pages (85)"},
    {"original", "yes|no", "yes or no", SetOriginal,
     "hand out pages that are one JPEG image as they are (yes)"},
    {"box", "crop|media", "crop or media", SetBox, "the part of a page that is drawn (crop)"},
    {"guard", "4k|64k|0", "4k, 64k or 0", SetGuard, "constant bytes before each drawn page (4k)"},
    {"comicinfo", "yes|no", "yes or no", SetComicInfo,
     "begin each CBZ with a ComicInfo.xml that says what is known of the book (yes)"},
    {"profile", "seed", "seed", SetProfile, "dpi=150,quality=75,box=media,names=seed,original=no"},
    {"enhance", "seed|none", "seed or none", SetEnhance,
     "enhance pages as set below, or only convert them (seed)"},
    {"enhance_curve", "N", "a number from 0 to 1, such as 0.5", SetEnhanceCurve,
     "share of the curve that gives the middle tones contrast (1)"},
    {"enhance_gamma", "N", "a number from 0.1 to 10, such as 0.9", SetEnhanceGamma,
     "gamma; under 1 darkens (0.9)"},
    {"enhance_brightness", "N", kUpToTen, SetEnhanceBrightness, "factor of brightness (1.03)"},
    {"enhance_contrast", "N", kUpToTen, SetEnhanceContrast,
     "factor of the distance from the page's mean (1.05)"},
    {"enhance_cutoff", "N", "a number from 0 to 49, such as 0.5", SetEnhanceCutoff,
     "percent of the pixels that may become black, and white (1)"},
};

}  // namespace

absl::Span<const OwnOption> ComicOptions() { return kComicOptions; }

}  // namespace cbzfs
