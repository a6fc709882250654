// One of cbzfs's own options, and what their two tables share: options_comics.cc, of what is shown
// and how it looks, and options_daemon.cc, of how that is done. Not for others.

#ifndef CBZFS_FS_CORE_OWN_OPTION_H_
#define CBZFS_FS_CORE_OWN_OPTION_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "fs/core/options.h"

namespace cbzfs {

// Sets what one option says; false: the value is not one that the option takes.
using Apply = bool (*)(std::string_view value, Options* options);

struct OwnOption {
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

// In the order of `--help`.
absl::Span<const OwnOption> ComicOptions();
absl::Span<const OwnOption> DaemonOptions();

inline constexpr Word<bool> kYesNo[] = {{"yes", true}, {"no", false}};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_OWN_OPTION_H_
