// The options of cbzfs itself, from the two tables that say what each sets, takes, and says in
// `--help`.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fs/core/options_internal.h"
#include "fs/core/own_option.h"

namespace cbzfs {
namespace {

absl::Status ApplyOwn(const OwnOption& own, const OptionItem& item, Options* options) {
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

// Calls `visit` with each, in the order of `--help`, until it says false.
template <typename Visit>
void ForEachOwn(const Visit& visit) {
  for (const auto& table : {ComicOptions(), DaemonOptions()}) {
    for (const OwnOption& own : table) {
      if (!visit(own)) return;
    }
  }
}

}  // namespace

std::optional<absl::Status> ApplyOwnOption(const OptionItem& item, Options* options) {
  std::optional<absl::Status> applied;
  ForEachOwn([&](const OwnOption& own) {
    if (own.name == item.name) applied = ApplyOwn(own, item, options);
    return !applied.has_value();
  });
  return applied;
}

void AppendOwnNames(std::vector<std::string_view>* names) {
  ForEachOwn([&](const OwnOption& own) {
    names->push_back(own.name);
    return true;
  });
}

void AppendOwnHelp(std::vector<OptionHelp>* lines) {
  ForEachOwn([&](const OwnOption& own) {
    const char* const equals = own.value.empty() ? "" : "=";
    lines->push_back({std::string(own.name) + equals + std::string(own.value), own.help});
    return true;
  });
}

}  // namespace cbzfs
