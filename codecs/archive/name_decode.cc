#include "codecs/archive/name_decode.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

using Char = LegacyCharsets::ShiftJisChar;

bool IsLatin(uint16_t code) {
  return code < 0x80 && absl::ascii_isalpha(static_cast<unsigned char>(code));
}

// In CP437 these bytes would be an é before a letter that is rare after it.
bool IsHiragana(const Char& c) { return c.code >= 0x3041 && c.code <= 0x3093; }

// The characters that Japanese names are made of beside hiragana: katakana, the kanji in common use
// (JIS level 1, lead bytes 88 to 98), 々 and ー. Level 2 is where CP437's other letters fall.
bool IsCommon(const Char& c) {
  if (c.code >= 0x30A1 && c.code <= 0x30F6) return true;
  if (c.code == 0x3005 || c.code == 0x30FC) return true;
  const int place = c.lead << 8 | c.trail;
  return place >= 0x889F && place <= 0x9872;
}

bool IsWideDigit(const Char& c) { return c.code >= 0xFF10 && c.code <= 0xFF19; }

// ｦ to ﾟ. What stands below them in CP932 are punctuation marks, which CP437 has íóúñ for.
bool IsHalfKatakana(const Char& c) { return c.code >= 0xFF66 && c.code <= 0xFF9F; }

// The score of one character in a run of non-ASCII ones. `before` and `after`: a Latin letter
// stands at that end of the run.
int ScoreOf(const Char& c, bool alone, bool before, bool after) {
  const bool near_letter = before || after;
  if (IsHiragana(c)) return 2;
  if (c.lead == 0) {
    if (alone) return near_letter ? -1 : 0;
    return IsHalfKatakana(c) && !near_letter ? 1 : 0;
  }
  const bool letter_inside = IsLatin(c.trail);
  if (alone && near_letter && (letter_inside || (before && after))) return -1;
  if (!IsCommon(c) && !IsWideDigit(c)) return 0;
  if (alone) return c.trail >= 0x80 ? 1 : 0;
  return c.trail >= 0x80 || !near_letter ? 1 : 0;
}

bool LooksJapanese(absl::Span<const std::string_view> names, const LegacyCharsets& charsets) {
  int64_t score = 0;
  std::vector<Char> text;
  for (const std::string_view name : names) {
    if (!charsets.DecodeShiftJis(name, &text)) return false;
    score += JapaneseScore(text);
  }
  return score > 0;
}

std::string ShiftJisToUtf8(std::string_view name, const LegacyCharsets& charsets) {
  std::vector<Char> text;
  std::string out;
  charsets.DecodeShiftJis(name, &text);
  for (const Char& c : text) AppendUtf8(c.code, &out);
  return out;
}

// The name where its character set is known: declared, or plain to see.
const std::string* KnownUtf8(const ZipDirectoryEntry& entry) {
  if (!entry.unicode_name.empty() && IsValidUtf8(entry.unicode_name)) return &entry.unicode_name;
  return IsValidUtf8(entry.name) ? &entry.name : nullptr;
}

}  // namespace

int JapaneseScore(absl::Span<const Char> text) {
  int score = 0;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && text[end].code >= 0x80) ++end;
    const bool before = begin > 0 && IsLatin(text[begin - 1].code);
    const bool after = end < text.size() && IsLatin(text[end].code);
    for (size_t i = begin; i < end; ++i) {
      score += ScoreOf(text[i], end - begin == 1, before, after);
    }
    begin = std::max(end, begin + 1);
  }
  return score;
}

std::vector<std::string> DecodeEntryNames(absl::Span<const ZipDirectoryEntry> entries,
                                          const LegacyCharsets& charsets) {
  std::vector<std::string_view> unknown;
  for (const ZipDirectoryEntry& entry : entries) {
    if (KnownUtf8(entry) == nullptr) unknown.push_back(entry.name);
  }
  const bool japanese = !unknown.empty() && LooksJapanese(unknown, charsets);
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const ZipDirectoryEntry& entry : entries) {
    if (const std::string* known = KnownUtf8(entry)) {
      names.push_back(*known);
    } else {
      names.push_back(japanese ? ShiftJisToUtf8(entry.name, charsets)
                               : charsets.Cp437ToUtf8(entry.name));
    }
  }
  return names;
}

}  // namespace cbzfs
