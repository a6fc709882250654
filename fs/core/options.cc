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
  bool after_views = false;
  for (std::string& item : SplitOptionList(list)) {
    // The list was cut at each comma, so of "views=a,b" the "b" comes alone.
    if (after_views && FindViewName(item) != nullptr) item = absl::StrCat("views=", item);
    if (absl::Status status = ApplyItem(item, options); !status.ok()) return status;
    after_views = item.starts_with("views=");
  }
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
