// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing over U+10FFFF.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DOCUMENT_UTF8_H_
#define CBZFS_CODECS_DOCUMENT_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cbzfs {

struct Utf8Char {
  uint32_t code = 0;
  size_t bytes = 0;  // 1 to 4; 0 when the text does not begin with a whole valid sequence
};

// The character that `text` begins with. `text` must not be empty.
Utf8Char DecodeUtf8(std::string_view text);

bool IsValidUtf8(std::string_view text);

// `text`, which may be any bytes, as valid UTF-8 without control characters or blanks around it, at
// most `max_bytes` long.
std::string PrintableText(std::string_view text, size_t max_bytes);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_UTF8_H_
