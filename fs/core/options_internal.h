// What options.cc (the common funnel), options_own.cc and options_foreign.cc share. Not for others.

#ifndef CBZFS_FS_CORE_OPTIONS_INTERNAL_H_
#define CBZFS_FS_CORE_OPTIONS_INTERNAL_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "fs/core/options.h"

namespace cbzfs {

// One item of an option list. All three point into the item's text.
struct OptionItem {
  std::string_view text;  // all of it, unescaped
  std::string_view name;
  std::optional<std::string_view> value;  // nothing: there is no '='
};

// Each applies an option of its table; nullopt: the name is none of these.
std::optional<absl::Status> ApplyOwnOption(const OptionItem& item, Options* options);
std::optional<absl::Status> ApplyForeignOption(const OptionItem& item, Options* options);

// Each appends the names of its table, for suggestions.
void AppendOwnNames(std::vector<std::string_view>* names);
void AppendForeignNames(std::vector<std::string_view>* names);

// Each appends its lines of `--help`.
void AppendOwnHelp(std::vector<OptionHelp>* lines);
void AppendForeignHelp(std::vector<OptionHelp>* lines);

// The messages about values that both tables need.
absl::Status WrongValue(std::string_view name, std::string_view value, std::string_view takes);
absl::Status NeedsValue(std::string_view name, std::string_view takes);
absl::Status HasNoValue(std::string_view name);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_OPTIONS_INTERNAL_H_
