#include "fs/core/options.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fs/core/option_value.h"

namespace cbzfs {
namespace {

// Below this not even a page of kMaxPagePixels in gray, with the JPEG made from it, is admitted.
constexpr uint64_t kLeastMemory = 64ull << 20;

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

bool SetView(std::string_view value, Options* o) {
  static constexpr Word<std::string_view> kWords[] = {{"cbz", "cbz"}};
  std::string_view view;
  if (!Choose(value, kWords, &view)) return false;
  o->view = std::string(view);
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

bool SetMemory(std::string_view value, Options* o) {
  const std::optional<uint64_t> size = ParseSize(value);
  if (!size.has_value() || *size < kLeastMemory) return false;
  o->memory_bytes = *size;
  if (!o->cache_given) o->cache_bytes = std::min(Options().cache_bytes, *size / 2);
  return true;
}

bool SetIndex(std::string_view value, Options* o) {
  o->index = std::string(value);
  return !value.empty();
}

bool SetReadAhead(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 0, 1000), &o->read_ahead);
}

bool SetTtl(std::string_view value, Options* o) { return Assign(ParseSeconds(value), &o->ttl); }

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

bool SetLogLevel(std::string_view value, Options* o) {
  for (const std::string_view level : {"trace", "debug", "info", "warn", "error"}) {
    if (value == level) o->log_level = std::string(level);
  }
  return o->log_level == value;
}

constexpr std::string_view kSize = "bytes, or a number with K, M or G after it";
constexpr std::string_view kSeconds = "a number of seconds";

constexpr Own kOwn[] = {
    {"view", "cbz", "cbz", SetView, "make this view the root of the mount"},
    {"show_hidden", "", "", SetShowHidden, "show names that begin with '.' or '_'"},
    {"names", "number|seed", "number or seed", SetNames,
     "names of pages: 0001.jpg (default), or \"Foo page_1.jpg\""},
    {"max_pages", "N", "a number from 1 to 1000000", SetMaxPages,
     "documents with more pages stay PDFs (10000)"},
    {"dpi", "auto|N", "auto or a number from 36 to 1200", SetDpi,
     "resolution of drawn pages; auto: that of the page's images, 150 to 300 (auto)"},
    {"quality", "N", "a number from 40 to 100", SetQuality, "JPEG quality of drawn pages (85)"},
    {"original", "yes|no", "yes or no", SetOriginal,
     "hand out pages that are one JPEG image as they are (yes)"},
    {"box", "crop|media", "crop or media", SetBox, "the part of a page that is drawn (crop)"},
    {"guard", "4k|64k|0", "4k, 64k or 0", SetGuard, "constant bytes before each drawn page (4k)"},
    {"profile", "seed", "seed", SetProfile, "dpi=150,quality=75,box=media,names=seed,original=no"},
    {"workers", "N", "a number from 1 to 256", SetWorkers,
     "processes that draw pages (one a processor core)"},
    {"cache", "SIZE", kSize, SetCache, "memory for finished pages (256M)"},
    {"memory", "SIZE", "64M or more: bytes, or a number with K, M or G after it", SetMemory,
     "memory of the daemon and its workers together (512M)"},
    {"index", "PATH|none", "the path of a file, or none", SetIndex,
     "file that remembers what is known of each PDF ($XDG_CACHE_HOME/cbzfs/...)"},
    {"read_ahead", "N", "a number from 0 to 1000", SetReadAhead,
     "pages drawn ahead of a reader (two a worker)"},
    {"ttl", "SECONDS", kSeconds, SetTtl, "how long the kernel may keep names and attributes (1)"},
    {"draw_timeout", "SECONDS", "a number of seconds, more than 0", SetDrawTimeout,
     "how long a page may take to be drawn (20)"},
    {"analyse_timeout", "SECONDS", "a number of seconds, more than 0", SetAnalyseTimeout,
     "how long the first look at a document may take (10)"},
    {"log_level", "LEVEL", "trace, debug, info, warn or error", SetLogLevel,
     "trace, debug, info, warn or error (info)"},
};

// Options of mount(8), the kernel and libfuse.
enum class Foreign : uint8_t {
  kIgnore,     // for others: fstab's readers, or without meaning for a read-only mount
  kPass,       // as it is, to libfuse
  kPassValue,  // the same, with a value
  kPassCount,  // the same, and the value is a number
  kAllow,      // lets other users in
};

struct ForeignOption {
  std::string_view name;
  Foreign what;
};

// What libfuse 3.14 takes: lib/mount.c, lib/helper.c. It refuses the words it does not know, also
// those of mount(8) that an fstab line may well have.
//
// `rw`, `suid` and `dev` are ignored instead of refused or passed on: mount(8) and mount.fuse3 put
// them into every list that does not say the opposite, and the mount stays ro,nosuid,nodev.
constexpr ForeignOption kForeign[] = {
    {"ro", Foreign::kIgnore},
    {"rw", Foreign::kIgnore},
    {"suid", Foreign::kIgnore},
    {"nosuid", Foreign::kPass},
    {"dev", Foreign::kIgnore},
    {"nodev", Foreign::kPass},
    {"exec", Foreign::kPass},
    {"noexec", Foreign::kPass},
    {"atime", Foreign::kPass},
    {"noatime", Foreign::kPass},
    {"sync", Foreign::kPass},
    {"async", Foreign::kPass},
    {"dirsync", Foreign::kPass},
    {"diratime", Foreign::kIgnore},
    {"nodiratime", Foreign::kIgnore},
    {"relatime", Foreign::kIgnore},
    {"norelatime", Foreign::kIgnore},
    {"strictatime", Foreign::kIgnore},
    {"nostrictatime", Foreign::kIgnore},
    {"lazytime", Foreign::kIgnore},
    {"nolazytime", Foreign::kIgnore},
    {"allow_other", Foreign::kAllow},
    {"allow_root", Foreign::kAllow},
    {"default_permissions", Foreign::kPass},
    {"auto_unmount", Foreign::kPass},
    {"fsname", Foreign::kPassValue},
    {"subtype", Foreign::kPassValue},
    {"context", Foreign::kPassValue},
    {"fscontext", Foreign::kPassValue},
    {"defcontext", Foreign::kPassValue},
    {"rootcontext", Foreign::kPassValue},
    {"max_read", Foreign::kPassCount},
    {"max_readahead", Foreign::kPassCount},
    {"max_background", Foreign::kPassCount},
    {"congestion_threshold", Foreign::kPassCount},
    {"nofail", Foreign::kIgnore},
    {"_netdev", Foreign::kIgnore},
    {"auto", Foreign::kIgnore},
    {"noauto", Foreign::kIgnore},
    {"user", Foreign::kIgnore},
    {"users", Foreign::kIgnore},
    {"nouser", Foreign::kIgnore},
    {"owner", Foreign::kIgnore},
    {"group", Foreign::kIgnore},
    {"defaults", Foreign::kIgnore},
    {"comment", Foreign::kIgnore},
};

// The foreign options worth a line of help.
const OptionHelp kForeignHelp[] = {
    {"allow_other", "let other users in (needs user_allow_other in /etc/fuse.conf)"},
    {"allow_root", "let root in, under the same condition"},
    {"default_permissions", "let the kernel check the modes of files; allow_other sets it too"},
    {"auto_unmount", "unmount even when cbzfs is killed"},
    {"fsname=NAME", "first field in /proc/mounts (the library)"},
    {"subtype=NAME", "type in /proc/mounts, after \"fuse.\" (cbzfs)"},
    {"max_read=N", "largest read that the kernel may ask for"},
    {"max_background=N", "reads ahead that the kernel may have under way at once (64)"},
    {"ro, nosuid, nodev, noexec, noatime", "as in mount(8); a mount is always ro,nosuid,nodev"},
    {"nofail, _netdev, auto, noauto, user, users, x-*", "accepted and ignored, for fstab's sake"},
};

absl::Status Wrong(std::string_view name, std::string_view value, std::string_view takes) {
  return absl::InvalidArgumentError(absl::StrCat("option \"", std::string(name), "=",
                                                 std::string(value), "\": ", std::string(name),
                                                 " takes ", std::string(takes)));
}

absl::Status NeedsValue(std::string_view name, std::string_view takes) {
  return absl::InvalidArgumentError(
      absl::StrCat("option \"", std::string(name), "\" needs a value: ", std::string(takes)));
}

absl::Status HasNoValue(std::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat("option \"", std::string(name), "\" takes no value"));
}

absl::Status Unknown(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Own& own : kOwn) known.push_back(own.name);
  for (const ForeignOption& foreign : kForeign) known.push_back(foreign.name);
  const std::string_view nearest = NearestWord(name, known);
  std::string message = absl::StrCat("unknown mount option \"", std::string(name), "\"");
  if (!nearest.empty()) absl::StrAppend(&message, "; did you mean \"", std::string(nearest), "\"?");
  return absl::InvalidArgumentError(message);
}

using Value = std::optional<std::string_view>;

absl::Status ApplyOwn(const Own& own, const Value& value, Options* options) {
  if (own.value.empty()) {
    if (value.has_value()) return HasNoValue(own.name);
    own.apply("", options);
    return absl::OkStatus();
  }
  if (!value.has_value()) return NeedsValue(own.name, own.takes);
  Options changed = *options;  // a refused value leaves nothing behind
  if (!own.apply(*value, &changed)) return Wrong(own.name, *value, own.takes);
  *options = std::move(changed);
  return absl::OkStatus();
}

absl::Status ApplyForeign(const ForeignOption& option, const std::string& item, const Value& value,
                          Options* options) {
  switch (option.what) {
    case Foreign::kIgnore:
      return absl::OkStatus();
    case Foreign::kPassCount:
      if (!value.has_value()) return NeedsValue(option.name, "a number");
      if (!ParseCount(*value, 0, std::numeric_limits<uint32_t>::max()).has_value()) {
        return Wrong(option.name, *value, "a number");
      }
      break;
    case Foreign::kPassValue:
      if (!value.has_value() || value->empty()) return NeedsValue(option.name, "a name");
      break;
    case Foreign::kPass:
      if (value.has_value()) return HasNoValue(option.name);
      break;
    case Foreign::kAllow:
      if (value.has_value()) return HasNoValue(option.name);
      // Without it every user could read what only the mounting one may.
      options->kernel.emplace_back("default_permissions");
      options->allow_other = true;
      break;
  }
  options->kernel.push_back(item);
  return absl::OkStatus();
}

absl::Status ApplyItem(const std::string& item, Options* options) {
  const size_t equals = item.find('=');
  const std::string_view name = std::string_view(item).substr(0, equals);
  Value value;
  if (equals != std::string::npos) value = std::string_view(item).substr(equals + 1);
  for (const Own& own : kOwn) {
    if (own.name == name) return ApplyOwn(own, value, options);
  }
  for (const ForeignOption& foreign : kForeign) {
    if (foreign.name == name) return ApplyForeign(foreign, item, value, options);
  }
  // x-systemd.automount, x-gvfs-show, ...: comments for the readers of fstab.
  if (name.starts_with("x-") || name.starts_with("X-")) return absl::OkStatus();
  return Unknown(name);
}

}  // namespace

const std::vector<OptionHelp>& MountOptionHelp() {
  static const auto* const help = [] {
    auto* lines = new std::vector<OptionHelp>;
    for (const Own& own : kOwn) {
      const char* const equals = own.value.empty() ? "" : "=";
      lines->push_back({std::string(own.name) + equals + std::string(own.value), own.help});
    }
    lines->insert(lines->end(), std::begin(kForeignHelp), std::end(kForeignHelp));
    return lines;
  }();
  return *help;
}

absl::Status ParseMountOptions(std::string_view list, Options* options) {
  for (const std::string& item : SplitOptionList(list)) {
    const absl::Status status = ApplyItem(item, options);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const Options& options) {
  if (options.cache_bytes > options.memory_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cache=", FormatSize(options.cache_bytes),
        " is more than memory=", FormatSize(options.memory_bytes), ", which it is a part of"));
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
