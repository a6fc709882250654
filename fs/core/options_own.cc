// The options of cbzfs itself: what each sets, takes, and says in `--help`.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fs/core/option_value.h"
#include "fs/core/options_internal.h"

namespace cbzfs {
namespace {

// Below this not even a page of kMaxPagePixels in gray, with the JPEG made from it, is admitted.
constexpr uint64_t kLeastMemory = 64ull << 20;
constexpr uint64_t kLeastStore = 16ull << 20;

// Sets what one option says; false: the value is not one that the option takes.
using Apply = bool (*)(std::string_view value, Options* options);

struct Own {
  std::string_view name;
  std::string_view value;  // as help shows it; empty: the option has no value
  std::string_view takes;  // for the message about a wrong value
  Apply apply;
  std::string_view help;
};

template <typename T>
struct Word {
  std::string_view word;
  T value;
};

template <typename T, size_t N>
bool Choose(std::string_view text, const Word<T> (&words)[N], T* out) {
  for (const Word<T>& word : words) {
    if (word.word != text) continue;
    *out = word.value;
    return true;
  }
  return false;
}

template <typename From, typename To>
bool Assign(const std::optional<From>& value, To* out) {
  if (value.has_value()) *out = static_cast<To>(*value);
  return value.has_value();
}

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
  static constexpr Word<bool> kWords[] = {{"yes", true}, {"no", false}};
  return Choose(value, kWords, &o->analyse.original);
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
  static constexpr Word<bool> kWords[] = {{"yes", true}, {"no", false}};
  return Choose(value, kWords, &o->layout.comic_info);
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

bool SetWorkers(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 1, 256), &o->workers);
}

bool SetCache(std::string_view value, Options* o) {
  o->cache_given = true;
  return Assign(ParseSize(value), &o->cache_bytes);
}

// CheckOptions() looks at the rest of it, and says what is wrong.
bool SetStore(std::string_view value, Options* o) {
  o->store = std::string(value);
  return value.starts_with("dir:") || value.find("://") != std::string_view::npos;
}

bool SetStoreSize(std::string_view value, Options* o) {
  const std::optional<uint64_t> size = ParseSize(value);
  if (!size.has_value() || *size < kLeastStore) return false;
  o->store_bytes = *size;
  o->store_size_given = true;
  return true;
}

bool SetMemory(std::string_view value, Options* o) {
  const std::optional<uint64_t> size = ParseSize(value);
  if (!size.has_value() || *size < kLeastMemory) return false;
  o->memory_bytes = *size;
  if (!o->cache_given) o->cache_bytes = std::min(Options().cache_bytes, *size / 2);
  return true;
}

bool SetMemoryWarn(std::string_view value, Options* o) {
  return Assign(ParseSize(value), &o->memory_warn) && o->memory_warn > 0;
}

bool SetMemoryTrim(std::string_view value, Options* o) {
  return Assign(ParseSize(value), &o->memory_trim) && o->memory_trim > 0;
}

bool SetIndex(std::string_view value, Options* o) {
  o->index = std::string(value);
  return !value.empty();
}

bool SetPasswords(std::string_view value, Options* o) {
  o->passwords = std::string(value);
  return !value.empty();
}

bool SetConfig(std::string_view value, Options* o) {
  o->config = std::string(value);
  return !value.empty();
}

bool SetReadAhead(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 0, 1000), &o->read_ahead);
}

bool SetTtl(std::string_view value, Options* o) { return Assign(ParseSeconds(value), &o->ttl); }

bool SetWatch(std::string_view value, Options* o) {
  if (value == "no") {
    o->watch = 0;
    return true;
  }
  return Assign(ParseCount(value, 1, 1'000'000), &o->watch);
}

bool SetTimeout(std::string_view value, absl::Duration* timeout) {
  const std::optional<absl::Duration> seconds = ParseSeconds(value);
  if (!seconds.has_value() || *seconds <= absl::ZeroDuration()) return false;
  *timeout = *seconds;
  return true;
}

bool SetDrawTimeout(std::string_view value, Options* o) {
  return SetTimeout(value, &o->draw_timeout);
}

bool SetAnalyseTimeout(std::string_view value, Options* o) {
  return SetTimeout(value, &o->analyse_timeout);
}

bool SetOnError(std::string_view value, Options* o) {
  static constexpr Word<OnError> kWords[] = {
      {"auto", OnError::kAuto}, {"page", OnError::kPage}, {"eio", OnError::kEio}};
  return Choose(value, kWords, &o->on_error);
}

bool SetSandbox(std::string_view value, Options* o) {
  static constexpr Word<bool> kWords[] = {{"strict", true}, {"off", false}};
  return Choose(value, kWords, &o->sandbox);
}

bool SetLog(std::string_view value, Options* o) {
  for (const std::string_view target : {"auto", "journal", "stderr", "syslog"}) {
    if (value == target) o->log = std::string(target);
  }
  return o->log == value;
}

bool SetLogLevel(std::string_view value, Options* o) {
  for (const std::string_view level : {"trace", "debug", "info", "warn", "error"}) {
    if (value == level) o->log_level = std::string(level);
  }
  return o->log_level == value;
}

constexpr std::string_view kSize = "bytes, or a number with K, M or G after it";
constexpr std::string_view kSeconds = "a number of seconds";
constexpr std::string_view kUpToTen = "a number from 0 to 10, such as 1.05";

constexpr Own kOwn[] = {
    {"view", "VIEW", "cbz, enhanced, thumbnails or pages", SetView,
     "make this view the root of the mount"},
    {"views", "VIEW[:VIEW...]", "one or more of cbz, enhanced, thumbnails, pages", SetViews,
     "the views there are: cbz, enhanced, thumbnails, pages (all four)"},
    {"config", "FILE", "the path of a file", SetConfig,
     "file with views for e-readers and the like, see cbzfs(5) (none)"},
    {"show_hidden", "", "", SetShowHidden, "show names that begin with '.' or '_'"},
    {"names", "number|seed", "number or seed", SetNames,
     "names of pages: 0001.jpg (default), or \"Foo page_1.jpg\""},
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
    {"workers", "N", "a number from 1 to 256", SetWorkers,
     "processes that draw pages (one a processor core)"},
    {"sandbox", "strict|off", "strict or off", SetSandbox,
     "whether these can reach files, network and processes; strict: they cannot (strict)"},
    {"cache", "SIZE", kSize, SetCache, "memory for finished pages (256M)"},
    {"memory", "SIZE", "64M or more: bytes, or a number with K, M or G after it", SetMemory,
     "memory of the daemon and its workers together (512M)"},
    {"memory_warn", "SIZE", kSize, SetMemoryWarn,
     "warn when all processes together take more than this (1000M)"},
    {"memory_trim", "SIZE", kSize, SetMemoryTrim,
     "let go of finished pages when all processes take more (500M)"},
    {"index", "PATH|none", "the path of a file, or none", SetIndex,
     "file that remembers what is known of each comic ($XDG_CACHE_HOME/cbzfs/...)"},
    {"store", "dir:PATH|redis://HOST:PORT/DB", "dir:PATH or redis://HOST:PORT/DB", SetStore,
     "keep drawn pages in a folder too, or on a server that several hosts share (no)"},
    {"size", "SIZE", "16M or more: bytes, or a number with K, M or G after it", SetStoreSize,
     "of the folder that store=dir: names (20G)"},
    {"passwords", "FILE", "the path of a file", SetPasswords,
     "file with passwords of PDFs, by patterns of their names (none)"},
    {"read_ahead", "N", "a number from 0 to 1000", SetReadAhead,
     "pages drawn ahead of a reader (two a worker)"},
    {"ttl", "SECONDS", kSeconds, SetTtl, "how long the kernel may keep names and attributes (1)"},
    {"watch", "N|no", "no or a number from 1 to 1000000", SetWatch,
     "folders watched for changes (a quarter of the user's inotify watches)"},
    {"draw_timeout", "SECONDS", "a number of seconds, more than 0", SetDrawTimeout,
     "how long a page may take to be drawn (20)"},
    {"analyse_timeout", "SECONDS", "a number of seconds, more than 0", SetAnalyseTimeout,
     "how long the first look at a document may take (10)"},
    {"on_error", "auto|page|eio", "auto, page or eio", SetOnError,
     "a page that cannot be made: one that says why, or EIO; auto: as the cause is (auto)"},
    {"log", "auto|journal|stderr|syslog", "auto, journal, stderr or syslog", SetLog,
     "where the log goes; auto: with -f stderr, else the journal or syslog (auto)"},
    {"log_level", "LEVEL", "trace, debug, info, warn or error", SetLogLevel,
     "trace, debug, info, warn or error (info)"},
};

absl::Status ApplyOwn(const Own& own, const OptionItem& item, Options* options) {
  if (own.value.empty()) {
    if (item.value.has_value()) return HasNoValue(own.name);
    own.apply("", options);
    return absl::OkStatus();
  }
  if (!item.value.has_value()) return NeedsValue(own.name, own.takes);
  Options changed = *options;  // a refused value leaves nothing behind
  if (!own.apply(*item.value, &changed)) return WrongValue(own.name, *item.value, own.takes);
  *options = std::move(changed);
  return absl::OkStatus();
}

}  // namespace

std::optional<absl::Status> ApplyOwnOption(const OptionItem& item, Options* options) {
  for (const Own& own : kOwn) {
    if (own.name == item.name) return ApplyOwn(own, item, options);
  }
  return std::nullopt;
}

void AppendOwnNames(std::vector<std::string_view>* names) {
  for (const Own& own : kOwn) names->push_back(own.name);
}

void AppendOwnHelp(std::vector<OptionHelp>* lines) {
  for (const Own& own : kOwn) {
    const char* const equals = own.value.empty() ? "" : "=";
    lines->push_back({std::string(own.name) + equals + std::string(own.value), own.help});
  }
}

}  // namespace cbzfs
