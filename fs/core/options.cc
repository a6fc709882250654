#include "fs/core/options.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fs/core/option_value.h"
#include "fs/core/options_internal.h"
#include "fs/core/store_setup.h"

namespace cbzfs {
namespace {

absl::Status Unknown(std::string_view name) {
  std::vector<std::string_view> known;
  AppendOwnNames(&known);
  AppendForeignNames(&known);
  for (const ViewName& view : kViewNames) known.push_back(view.name);
  std::string message = absl::StrCat("unknown mount option \"", std::string(name), "\"");
  const std::string_view nearest = NearestWord(name, known);
  if (!nearest.empty()) {
    const char* const before = FindViewName(nearest) != nullptr ? "views=" : "";
    absl::StrAppend(&message, "; did you mean \"", before, std::string(nearest), "\"?");
  }
  return absl::InvalidArgumentError(message);
}

absl::Status ApplyItem(std::string_view text, Options* options) {
  const size_t equals = text.find('=');
  OptionItem item = {.text = text, .name = text.substr(0, equals), .value = std::nullopt};
  if (equals != std::string_view::npos) item.value = text.substr(equals + 1);
  if (const auto status = ApplyOwnOption(item, options)) return *status;
  if (const auto status = ApplyForeignOption(item, options)) return *status;
  return Unknown(item.name);
}

}  // namespace

absl::Status WrongValue(std::string_view name, std::string_view value, std::string_view takes) {
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

const std::vector<OptionHelp>& MountOptionHelp() {
  static const auto* const help = [] {
    auto* lines = new std::vector<OptionHelp>;
    AppendOwnHelp(lines);
    AppendForeignHelp(lines);
    return lines;
  }();
  return *help;
}

absl::Status ParseMountOptions(std::string_view list, Options* options) {
  std::vector<std::string> items = SplitOptionList(list);
  // A view may have its name before the file that it is from.
  std::stable_partition(items.begin(), items.end(),
                        [](const std::string& item) { return item.starts_with("config="); });
  bool after_views = false;
  for (std::string& item : items) {
    // The list was cut at each comma, so of "views=a,b" the "b" comes alone.
    if (after_views && FindViewName(item) != nullptr) item = absl::StrCat("views=", item);
    if (absl::Status status = ApplyItem(item, options); !status.ok()) return status;
    after_views = item.starts_with("views=");
  }
  return absl::OkStatus();
}

absl::Status LoadConfig(Options* options) {
  if (options->config.empty()) return absl::OkStatus();
  auto config = ReaderConfig::Read(options->config);
  if (!config.ok()) return config.status();
  options->reader_config = *std::move(config);
  std::vector<std::string> all = AllViewNames();
  for (const NamedView& view : options->reader_config->views()) all.push_back(view.name);
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string> asked = options->views;
  if (!options->view.empty()) asked.push_back(options->view);
  for (const std::string& name : asked) {
    if (has(all, name)) continue;
    std::string message = absl::StrCat("there is no view called \"", name,
                                       "\", neither of cbzfs nor in config=", options->config);
    const std::string_view nearest = NearestWord(name, {all.begin(), all.end()});
    if (!nearest.empty()) {
      absl::StrAppend(&message, "; did you mean \"", std::string(nearest), "\"?");
    }
    return absl::InvalidArgumentError(message);
  }
  if (options->views_given) {
    std::erase_if(all, [&](const std::string& name) { return !has(options->views, name); });
  }
  options->views = std::move(all);
  return absl::OkStatus();
}

absl::Status CheckOptions(const Options& options) {
  if (options.cache_bytes > options.memory_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cache=", FormatSize(options.cache_bytes),
        " is more than memory=", FormatSize(options.memory_bytes), ", which it is a part of"));
  }
  if (absl::Status status = CheckStore(options); !status.ok()) return status;
  const std::vector<std::string>& views = options.views;
  if (!options.view.empty() && std::find(views.begin(), views.end(), options.view) == views.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("view=", options.view, " is not among views=", absl::StrJoin(views, ":")));
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
