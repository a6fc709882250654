// The small grammar of option lists: how a list is cut up and how values are read.
//
// Functions of plain values: any thread. Each parser takes the whole text or nothing.

#ifndef CBZFS_FS_CORE_OPTION_VALUE_H_
#define CBZFS_FS_CORE_OPTION_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace cbzfs {

// Cuts "a,b=c\,d" into "a" and "b=c,d". "\," is a comma and "\\" a backslash; any other backslash
// stands for itself. Empty items are left out, as mount(8) does.
std::vector<std::string> SplitOptionList(std::string_view list);

// The reverse for one item, so that libfuse's own splitting gives it back.
std::string EscapeOption(std::string_view item);

// A decimal number from `least` to `most`.
std::optional<uint64_t> ParseCount(std::string_view text, uint64_t least, uint64_t most);

// A number of bytes, with K, M, G or T after it for powers of 1024, in either case.
std::optional<uint64_t> ParseSize(std::string_view text);

// "256M" for a whole number of mebibytes, else the plain number: what ParseSize() reads back.
std::string FormatSize(uint64_t bytes);

// Digits with at most one dot among them, from `least` to `most`, whatever the locale: no sign, no
// exponent, no "inf", no "nan".
std::optional<double> ParseDecimal(std::string_view text, double least, double most);

// Seconds, fractions allowed, from 0 to 10^9.
std::optional<absl::Duration> ParseSeconds(std::string_view text);

// The candidate that `word` was probably meant to be: at most two typing slips away, and less than
// half of the word. Empty when there is none.
std::string_view NearestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_OPTION_VALUE_H_
