#include "codecs/pdf/content_lexer.h"

#include <array>
#include <cmath>

namespace cbzfs {
namespace {

enum CharClass : uint8_t { kRegular, kSpace, kDelimiter };

constexpr std::array<CharClass, 256> MakeClasses() {
  std::array<CharClass, 256> classes{};
  for (const char c : {'\0', '\t', '\n', '\f', '\r', ' '})
    classes[static_cast<uint8_t>(c)] = kSpace;
  for (const char c : {'(', ')', '<', '>', '[', ']', '{', '}', '/', '%'}) {
    classes[static_cast<uint8_t>(c)] = kDelimiter;
  }
  return classes;
}

constexpr std::array<CharClass, 256> kClasses = MakeClasses();

CharClass ClassOf(char c) { return kClasses[static_cast<uint8_t>(c)]; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

ContentLexer::Token ContentLexer::Next() {
  while (true) {
    while (at_ < end_ && ClassOf(*at_) == kSpace) ++at_;
    if (at_ == end_) return Token::kEnd;
    const char c = *at_;
    if (IsDigit(c) || c == '-' || c == '.' || c == '+') return Number();
    switch (c) {
      case '%':
        while (at_ < end_ && *at_ != '\n' && *at_ != '\r') ++at_;
        continue;
      case '(':
        return String();
      case '[':
        ++at_;
        return Token::kArrayOpen;
      case ']':
        ++at_;
        return Token::kArrayClose;
      case '<':
        if (at_ + 1 < end_ && at_[1] == '<') {
          at_ += 2;
          return Token::kDictOpen;
        }
        return HexString();
      case '>':
        at_ += at_ + 1 < end_ && at_[1] == '>' ? 2 : 1;
        return Token::kDictClose;
      case ')':
      case '{':
      case '}':
        ++at_;
        continue;
      default:
        break;
    }
    const bool name = c == '/';
    if (name) ++at_;
    const char* begin = at_;
    while (at_ < end_ && ClassOf(*at_) == kRegular) ++at_;
    text_ = std::string_view(begin, static_cast<size_t>(at_ - begin));
    return name ? Token::kName : Token::kOperator;
  }
}

// Lenient as every reader is: any signs, one point; what follows it up to a delimiter is dropped.
ContentLexer::Token ContentLexer::Number() {
  bool negative = false;
  double value = 0;
  double place = 0;
  for (; at_ < end_ && ClassOf(*at_) == kRegular; ++at_) {
    const char c = *at_;
    if (IsDigit(c)) {
      if (place == 0) {
        value = value * 10 + (c - '0');
      } else {
        value += (c - '0') * place;
        place *= 0.1;
      }
    } else if (c == '.' && place == 0) {
      place = 0.1;
    } else if (c == '-') {
      negative = true;
    } else if (c != '+') {
      break;
    }
  }
  if (!(value < 1e9)) value = 1e9;
  number_ = negative ? -value : value;
  return Token::kNumber;
}

ContentLexer::Token ContentLexer::String() {
  size_t bytes = 0;
  int depth = 1;
  for (++at_; at_ < end_; ++at_) {
    const char c = *at_;
    if (c == '\\') {
      if (++at_ == end_) break;
      // \ddd is one byte, an escaped end of line none; all others are one.
      for (int digits = 1; digits < 3 && IsDigit(*at_) && at_ + 1 < end_ && IsDigit(at_[1]);) {
        ++at_;
        ++digits;
      }
      ++bytes;
      continue;
    }
    if (c == '(') ++depth;
    if (c == ')' && --depth == 0) {
      ++at_;
      break;
    }
    ++bytes;
  }
  string_bytes_ = bytes;
  return Token::kString;
}

ContentLexer::Token ContentLexer::HexString() {
  size_t digits = 0;
  for (++at_; at_ < end_ && *at_ != '>'; ++at_) {
    if (ClassOf(*at_) != kSpace) ++digits;
  }
  if (at_ < end_) ++at_;
  string_bytes_ = (digits + 1) / 2;
  return Token::kString;
}

size_t ContentLexer::SkipInlineImage(size_t raw_bytes) {
  if (at_ < end_ && ClassOf(*at_) == kSpace) ++at_;
  const char* const begin = at_;
  if (raw_bytes < static_cast<size_t>(end_ - at_)) at_ += raw_bytes;
  // EI between white space; coded data may hold that too, so text has to follow.
  for (; at_ + 1 < end_; ++at_) {
    if (at_[0] != 'E' || at_[1] != 'I') continue;
    if (at_ > begin && ClassOf(at_[-1]) != kSpace && raw_bytes == 0) continue;
    const char* after = at_ + 2;
    if (after < end_ && ClassOf(*after) != kSpace) continue;
    bool is_text = true;
    for (int i = 0; i < 8 && after + i < end_; ++i) {
      const uint8_t c = static_cast<uint8_t>(after[i]);
      is_text = is_text && (c < 128) && (c >= 32 || ClassOf(after[i]) == kSpace);
    }
    if (!is_text) continue;
    const size_t bytes = static_cast<size_t>(at_ - begin);
    at_ = after;
    return bytes;
  }
  at_ = end_;
  return static_cast<size_t>(end_ - begin);
}

}  // namespace cbzfs
