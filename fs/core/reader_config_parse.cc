// The TOML of a config file, checked to the last key: a setting that nobody takes is one that its
// author believes in.

#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <utility>

#include <toml++/toml.h>

#include "absl/strings/str_cat.h"
#include "fs/core/option_value.h"
#include "fs/core/reader_config.h"
#include "fs/core/settings_file.h"

namespace cbzfs {
namespace {

constexpr size_t kMostViews = 64;
constexpr size_t kMostRules = 1000;
// Apart from the numbers in view_names.h for good.
constexpr uint64_t kNamedIds = uint64_t{1} << 63;

using Profile = ReaderProfile;

// One setting of a view. `set` says whether the value is one that it takes.
struct Setting {
  std::string_view name;
  std::string_view takes;
  bool (*set)(const toml::node& value, Profile* profile);
  void (*take)(const Profile& from, Profile* to);
};

template <typename T>
bool SetCount(const toml::node& value, int64_t least, int64_t most, T* out) {
  const std::optional<int64_t> number = value.is_integer() ? value.value<int64_t>() : std::nullopt;
  if (!number.has_value() || *number < least || *number > most) return false;
  *out = static_cast<T>(*number);
  return true;
}

template <typename T>
bool SetDecimal(const toml::node& value, double least, double most, T* out) {
  const std::optional<double> number = value.is_number() ? value.value<double>() : std::nullopt;
  if (!number.has_value() || !(*number >= least && *number <= most)) return false;
  *out = static_cast<T>(*number);
  return true;
}

bool SetFlag(const toml::node& value, bool* out) {
  if (const auto* const flag = value.as_boolean()) *out = flag->get();
  return value.is_boolean();
}

template <typename T, size_t N>
bool SetWord(const toml::node& value, const std::pair<std::string_view, T> (&words)[N], T* out) {
  const auto* const text = value.as_string();
  if (text == nullptr) return false;
  for (const auto& [word, meant] : words) {
    if (text->get() != word) continue;
    *out = meant;
    return true;
  }
  return false;
}

constexpr std::pair<std::string_view, Profile::Fit> kFits[] = {{"inside", Profile::Fit::kInside},
                                                               {"width", Profile::Fit::kWidth},
                                                               {"height", Profile::Fit::kHeight},
                                                               {"exact", Profile::Fit::kExact}};
constexpr std::pair<std::string_view, bool> kCrops[] = {{"no", false}, {"margins", true}};
constexpr std::pair<std::string_view, Profile::Split> kSplits[] = {
    {"no", Profile::Split::kNo},
    {"left-first", Profile::Split::kLeftFirst},
    {"right-first", Profile::Split::kRightFirst}};
constexpr std::pair<std::string_view, PageFormat> kFormats[] = {{"jpeg", PageFormat::kJpeg},
                                                                {"webp", PageFormat::kWebp}};

constexpr std::string_view kSide = "a number of pixels from 16 to 10000";
constexpr std::string_view kYesOrNo = "true or false";
constexpr std::string_view kUpToTen = "a number from 0 to 10, such as 1.05";

constexpr Setting kSettings[] = {
    {"width", kSide,
     [](const toml::node& v, Profile* p) { return SetCount(v, 16, kMostReaderSide, &p->width); },
     [](const Profile& from, Profile* to) { to->width = from.width; }},
    {"height", kSide,
     [](const toml::node& v, Profile* p) { return SetCount(v, 16, kMostReaderSide, &p->height); },
     [](const Profile& from, Profile* to) { to->height = from.height; }},
    {"fit", "\"inside\", \"width\", \"height\" or \"exact\"",
     [](const toml::node& v, Profile* p) { return SetWord(v, kFits, &p->fit); },
     [](const Profile& from, Profile* to) { to->fit = from.fit; }},
    {"enlarge", kYesOrNo, [](const toml::node& v, Profile* p) { return SetFlag(v, &p->enlarge); },
     [](const Profile& from, Profile* to) { to->enlarge = from.enlarge; }},
    {"gray", kYesOrNo, [](const toml::node& v, Profile* p) { return SetFlag(v, &p->gray); },
     [](const Profile& from, Profile* to) { to->gray = from.gray; }},
    {"levels", "a number of gray levels from 2 to 64",
     [](const toml::node& v, Profile* p) { return SetCount(v, 2, kMostReaderLevels, &p->levels); },
     [](const Profile& from, Profile* to) { to->levels = from.levels; }},
    {"crop", "\"margins\" or \"no\"",
     [](const toml::node& v, Profile* p) { return SetWord(v, kCrops, &p->crop); },
     [](const Profile& from, Profile* to) { to->crop = from.crop; }},
    {"split", "\"left-first\", \"right-first\" or \"no\"",
     [](const toml::node& v, Profile* p) { return SetWord(v, kSplits, &p->split); },
     [](const Profile& from, Profile* to) { to->split = from.split; }},
    {"format", "\"jpeg\" or \"webp\"",
     [](const toml::node& v, Profile* p) { return SetWord(v, kFormats, &p->format); },
     [](const Profile& from, Profile* to) { to->format = from.format; }},
    {"quality", "a number from 40 to 100",
     [](const toml::node& v, Profile* p) { return SetCount(v, 40, 100, &p->quality); },
     [](const Profile& from, Profile* to) { to->quality = from.quality; }},
    {"enhance", kYesOrNo,
     [](const toml::node& v, Profile* p) { return SetFlag(v, &p->enhance.on); },
     [](const Profile& from, Profile* to) { to->enhance.on = from.enhance.on; }},
    {"enhance_curve", "a number from 0 to 1, such as 0.5",
     [](const toml::node& v, Profile* p) { return SetDecimal(v, 0, 1, &p->enhance.curve); },
     [](const Profile& from, Profile* to) { to->enhance.curve = from.enhance.curve; }},
    {"enhance_gamma", "a number from 0.1 to 10, such as 0.9",
     [](const toml::node& v, Profile* p) { return SetDecimal(v, 0.1, 10, &p->enhance.gamma); },
     [](const Profile& from, Profile* to) { to->enhance.gamma = from.enhance.gamma; }},
    {"enhance_brightness", kUpToTen,
     [](const toml::node& v, Profile* p) { return SetDecimal(v, 0, 10, &p->enhance.brightness); },
     [](const Profile& from, Profile* to) { to->enhance.brightness = from.enhance.brightness; }},
    {"enhance_contrast", kUpToTen,
     [](const toml::node& v, Profile* p) { return SetDecimal(v, 0, 10, &p->enhance.contrast); },
     [](const Profile& from, Profile* to) { to->enhance.contrast = from.enhance.contrast; }},
    {"enhance_cutoff", "a number from 0 to 49, such as 0.5",
     [](const toml::node& v, Profile* p) { return SetDecimal(v, 0, 49, &p->enhance.cutoff); },
     [](const Profile& from, Profile* to) { to->enhance.cutoff = from.enhance.cutoff; }},
};

const Setting* FindSetting(std::string_view name) {
  for (const Setting& setting : kSettings) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

absl::Status Bad(const std::string& path, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("config ", path, ": ", what));
}

}  // namespace

class ConfigParser {
 public:
  ConfigParser(const std::string& path, ReaderConfig* config) : path_(path), config_(config) {}

  absl::Status Take(const toml::table& file) {
    for (const auto& [key, value] : file) {
      if (key != "views" && key != "rules") {
        return Unknown(key, "setting", {"views", "rules"});
      }
    }
    if (const toml::node* const views = file.get("views")) {
      if (!views->is_table()) return Bad(*views, "views takes tables: [views.NAME]");
      if (auto status = TakeViews(*views->as_table()); !status.ok()) return status;
    }
    if (const toml::node* const rules = file.get("rules")) {
      const toml::array* const list = rules->as_array();
      if (list == nullptr) return Bad(*rules, "rules are written [[rules]], in two brackets");
      for (const toml::node& rule : *list) {
        if (!rule.is_table()) return Bad(rule, "rules are written [[rules]], in two brackets");
        if (auto status = TakeRule(*rule.as_table()); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Bad(const toml::source_position& at, const std::string& what) const {
    return cbzfs::Bad(path_, absl::StrCat("line ", at.line, ", column ", at.column, ": ", what));
  }
  absl::Status Bad(const toml::node& where, const std::string& what) const {
    return Bad(where.source().begin, what);
  }

  absl::Status Unknown(const toml::key& key, std::string_view kind,
                       const std::vector<std::string_view>& known) const {
    std::string what =
        absl::StrCat("unknown ", std::string(kind), " \"", std::string(key.str()), "\"");
    const std::string_view nearest = NearestWord(key.str(), known);
    if (!nearest.empty()) absl::StrAppend(&what, "; did you mean \"", std::string(nearest), "\"?");
    return Bad(key.source().begin, what);
  }

  absl::Status Set(const Setting& setting, const toml::node& value, Profile* profile) const {
    if (setting.set(value, profile)) return absl::OkStatus();
    return Bad(value,
               absl::StrCat(std::string(setting.name), " takes ", std::string(setting.takes)));
  }

  // What the settings are together.
  absl::Status Check(const toml::node& where, const Profile& profile) const {
    if (profile.fit == Profile::Fit::kExact && (profile.width == 0 || profile.height == 0)) {
      return Bad(where, "fit = \"exact\" needs width and height");
    }
    if (profile.fit == Profile::Fit::kWidth && profile.width == 0) {
      return Bad(where, "fit = \"width\" needs width");
    }
    if (profile.fit == Profile::Fit::kHeight && profile.height == 0) {
      return Bad(where, "fit = \"height\" needs height");
    }
    if (profile.enlarge && profile.width == 0 && profile.height == 0) {
      return Bad(where, "enlarge = true needs width or height");
    }
    if (uint64_t{profile.width} * profile.height > kMaxKeptPixels) {
      return Bad(where, "width times height may be 16 megapixels at most");
    }
    if (profile.format == PageFormat::kWebp && profile.levels > kMostWebpLevels) {
      return Bad(where, absl::StrCat("format = \"webp\" goes with at most ", kMostWebpLevels,
                                     " levels: more of them take less room as \"jpeg\""));
    }
    return absl::OkStatus();
  }

  absl::Status TakeViews(const toml::table& views) {
    std::vector<std::pair<toml::source_position, NamedView>> found;
    for (const auto& [key, value] : views) {
      NamedView view{.name = std::string(key.str())};
      if (FindViewName(view.name) != nullptr) {
        return Bad(key.source().begin, absl::StrCat("a view called ", view.name,
                                                    " is there already: choose another name"));
      }
      if (!IsNameForView(view.name)) {
        return Bad(key.source().begin,
                   absl::StrCat("\"", view.name,
                                "\" is no name for a view: letters, digits, '-', "
                                "'_' and '.', the first one a letter or digit, at most 64"));
      }
      if (!value.is_table()) return Bad(value, "views takes tables: [views.NAME]");
      view.id = XXH3_64bits(view.name.data(), view.name.size()) | kNamedIds;
      std::vector<std::string_view> known;
      for (const Setting& setting : kSettings) known.push_back(setting.name);
      for (const auto& [name, node] : *value.as_table()) {
        const Setting* const setting = FindSetting(name.str());
        if (setting == nullptr) return Unknown(name, "setting of a view", known);
        if (auto status = Set(*setting, node, &view.profile); !status.ok()) return status;
      }
      if (auto status = Check(value, view.profile); !status.ok()) return status;
      found.emplace_back(key.source().begin, std::move(view));
    }
    if (found.size() > kMostViews) return Bad(views, "more than 64 views");
    // The table is sorted by its keys; what counts is the order of the file.
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return a.first.line != b.first.line ? a.first.line < b.first.line
                                          : a.first.column < b.first.column;
    });
    for (auto& [at, view] : found) config_->views_.push_back(std::move(view));
    return absl::OkStatus();
  }

  absl::Status TakeRule(const toml::table& table) {
    ReaderConfig::Rule rule;
    std::vector<std::string_view> known = {"path", "views", "hidden"};
    for (const Setting& setting : kSettings) known.push_back(setting.name);
    for (const auto& [name, node] : table) {
      absl::Status status;
      if (name == "path") {
        status = TakePattern(node, &rule);
      } else if (name == "views") {
        status = TakeNames(node, &rule);
      } else if (name == "hidden") {
        if (!SetFlag(node, &rule.hidden)) status = Bad(node, "hidden takes true or false");
      } else if (const Setting* const setting = FindSetting(name.str())) {
        status = Set(*setting, node, &rule.values);
        rule.taken.push_back(setting->take);
      } else {
        status = Unknown(name, "setting of a rule", known);
      }
      if (!status.ok()) return status;
    }
    if (rule.pattern.empty()) return Bad(table, "a rule needs a path, such as path = \"Manga\"");
    if (rule.taken.empty() && !rule.hidden) return Bad(table, "a rule that changes nothing");
    for (const std::string& name : rule.views) {
      if (FindViewName(name) != nullptr && !rule.taken.empty()) {
        return Bad(table, absl::StrCat("of the view ", name, " a rule can only say hidden = true"));
      }
    }
    for (const NamedView& view : config_->views_) {
      if (!config_->Applies(rule, view.name)) continue;
      Profile profile = view.profile;
      for (const ReaderConfig::Take take : rule.taken) take(rule.values, &profile);
      if (auto status = Check(table, profile); !status.ok()) return status;
    }
    config_->rules_.push_back(std::move(rule));
    if (config_->rules_.size() > kMostRules) return Bad(table, "more than 1000 rules");
    return absl::OkStatus();
  }

  absl::Status TakePattern(const toml::node& node, ReaderConfig::Rule* rule) const {
    const auto* const text = node.as_string();
    if (text != nullptr) rule->pattern = text->get();
    // A folder and all below it: what its own pattern says anyway.
    if (rule->pattern.size() > 3 && rule->pattern.ends_with("/**")) {
      rule->pattern.resize(rule->pattern.size() - 3);
    }
    const std::string& pattern = rule->pattern;
    if (pattern.empty() || pattern.front() == '/' || pattern.back() == '/' ||
        pattern.find('\0') != std::string::npos) {
      return Bad(node, "path takes a pattern of names inside the library, such as \"Manga\"");
    }
    return absl::OkStatus();
  }

  absl::Status TakeNames(const toml::node& node, ReaderConfig::Rule* rule) const {
    const toml::array* const list = node.as_array();
    if (list == nullptr || list->empty()) return Bad(node, "views takes a list of names of views");
    std::vector<std::string_view> known;
    for (const NamedView& view : config_->views_) known.push_back(view.name);
    for (const ViewName& view : kViewNames) known.push_back(view.name);
    for (const toml::node& entry : *list) {
      const auto* const text = entry.as_string();
      if (text == nullptr) return Bad(entry, "views takes a list of names of views");
      const std::string& name = text->get();
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        std::string what = absl::StrCat("there is no view called \"", name, "\"");
        const std::string_view nearest = NearestWord(name, known);
        if (!nearest.empty())
          absl::StrAppend(&what, "; did you mean \"", std::string(nearest), "\"?");
        return Bad(entry, what);
      }
      rule->views.push_back(name);
    }
    return absl::OkStatus();
  }

  const std::string& path_;
  ReaderConfig* const config_;
};

absl::StatusOr<ReaderConfig::Pointer> ReaderConfig::Parse(std::string_view text,
                                                          const std::string& path) {
  auto config = std::make_shared<ReaderConfig>();
  try {
    const toml::table file = toml::parse(text);
    if (auto status = ConfigParser(path, config.get()).Take(file); !status.ok()) return status;
  } catch (const toml::parse_error& error) {
    const toml::source_position& at = error.source().begin;
    return Bad(path, absl::StrCat("line ", at.line, ", column ", at.column, ": ",
                                  std::string(error.description())));
  }
  return config;
}

absl::StatusOr<ReaderConfig::Pointer> ReaderConfig::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadSettingsFile(path);
  if (!text.ok()) return Bad(path, std::string(text.status().message()));
  return Parse(*text, path);
}

}  // namespace cbzfs
