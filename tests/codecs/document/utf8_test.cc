#include "codecs/document/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace cbzfs {
namespace {

TEST(Utf8Test, TakesEveryLengthOfCharacter) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("plain"));
  EXPECT_TRUE(IsValidUtf8("\u00e4\u20ac\U0001F600"));
  EXPECT_TRUE(IsValidUtf8(std::string_view("\0", 1)));
  EXPECT_EQ(DecodeUtf8("\u20ac!").code, 0x20ACu);
  EXPECT_EQ(DecodeUtf8("\u20ac!").bytes, 3u);
}

TEST(Utf8Test, TakesTheFirstAndLastCharacterOfEachLengthAndNoneBeyond) {
  for (const char* text :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
  const char* wrong[] = {
      "\x80",  // a continuation without a lead
      "\xc3",
      "\xe2\x82",
      "\xf0\x9f\x98",  // cut off
      "\xc3(",
      "\xe2(\xac",  // not continued
      "\xc0\x80",
      "\xc1\xbf",
      "\xe0\x9f\xbf",
      "\xf0\x8f\xbf\xbf",  // overlong
      "\xed\xa0\x80",
      "\xed\xbf\xbf",  // surrogates
      "\xf4\x90\x80\x80",
      "\xf5\x80\x80\x80",
      "\xff",
      "\xfe",  // beyond Unicode
  };
  for (const char* text : wrong) {
    EXPECT_FALSE(IsValidUtf8(text)) << text;
    EXPECT_FALSE(IsValidUtf8(std::string("ab") + text)) << text;
    EXPECT_EQ(DecodeUtf8(text).bytes, 0u) << text;
  }
}

}  // namespace
}  // namespace cbzfs
