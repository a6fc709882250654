#include "codecs/archive/name_decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;

const LegacyCharsets& Charsets() {
  static const auto& charsets =
      *new absl::StatusOr<std::unique_ptr<const LegacyCharsets>>(LegacyCharsets::Load());
  EXPECT_TRUE(charsets.ok()) << charsets.status();
  return **charsets;
}

std::vector<std::string> Decode(const std::vector<std::string>& raw, uint16_t flags = 0) {
  std::vector<ZipDirectoryEntry> entries;
  for (const std::string& name : raw) {
    entries.emplace_back().name = name;
    entries.back().flags = flags;
  }
  return DecodeEntryNames(entries, Charsets());
}

std::string DecodeOne(const std::string& raw) { return Decode({raw})[0]; }

TEST(LegacyCharsetsTest, Cp437HasACharacterForEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  const std::string text = Charsets().Cp437ToUtf8(all);
  EXPECT_TRUE(IsValidUtf8(text));
  EXPECT_EQ(text.substr(0, 0x80), all.substr(0, 0x80));
  EXPECT_EQ(Charsets().Cp437ToUtf8("\x80\x9E\xC9\xE1\xFE\xFF"), "Ç₧╔ß■\u00A0");
}

TEST(LegacyCharsetsTest, ShiftJisIsThatOfWindows) {
  std::vector<LegacyCharsets::ShiftJisChar> text;
  // ～ － ① are Microsoft's; ｶ is of one byte; 表 has a backslash as its second byte.
  ASSERT_TRUE(Charsets().DecodeShiftJis("a\\\x81\x60\x81\x7C\x87\x40\xB6\x95\x5C", &text));
  std::vector<int> codes;
  for (const auto& c : text) codes.push_back(c.code);
  EXPECT_THAT(codes, ElementsAre('a', '\\', 0xFF5E, 0xFF0D, 0x2460, 0xFF76, 0x8868));
  for (const char* bad : {"\x82", "\x82\x20", "\x85\x40", "\xA0", "\x80", "\xFF", "\xF0\x40"}) {
    EXPECT_FALSE(Charsets().DecodeShiftJis(bad, &text)) << bad;
  }
}

TEST(NameDecodeTest, DeclaredNamesAreTakenAsTheyAre) {
  EXPECT_THAT(Decode({"漫画.jpg", "é", "plain"}, ZipDirectoryEntry::kUtf8Flag),
              ElementsAre("漫画.jpg", "é", "plain"));
  // Undeclared UTF-8, as Linux and macOS programs write it.
  EXPECT_THAT(Decode({"漫画.jpg", "é", "plain"}), ElementsAre("漫画.jpg", "é", "plain"));
  ZipDirectoryEntry entry;
  entry.name =
      "Gr\x94\xE1"
      "e";
  entry.unicode_name = "Größe!";
  EXPECT_THAT(DecodeEntryNames({entry}, Charsets()), ElementsAre("Größe!"));
  entry.unicode_name = "\xFF";
  EXPECT_THAT(DecodeEntryNames({entry}, Charsets()), ElementsAre("Größe"));
}

TEST(NameDecodeTest, AFalseDeclarationIsNone) {
  EXPECT_THAT(Decode({"Caf\x82.jpg"}, ZipDirectoryEntry::kUtf8Flag), ElementsAre("Café.jpg"));
}

TEST(NameDecodeTest, EuropeanNamesAreCp437) {
  EXPECT_EQ(DecodeOne("Caf\x82.jpg"), "Café.jpg");
  EXPECT_EQ(DecodeOne("Gr\x94\xE1"
                      "e.jpg"),
            "Größe.jpg");
  EXPECT_EQ(DecodeOne("Ch\x83teau 01.jpg"), "Château 01.jpg");
  EXPECT_EQ(DecodeOne("\x9A"
                      "bung.jpg"),
            "Übung.jpg");
  EXPECT_EQ(DecodeOne("cr\x8Ame br\x96l\x82"
                      "e.jpg"),
            "crème brûlée.jpg");
  EXPECT_EQ(DecodeOne("d\x82g\x82n\x82r\x82s.jpg"), "dégénérés.jpg");
  EXPECT_EQ(DecodeOne("Espa\xA4"
                      "a.jpg"),
            "España.jpg");
  EXPECT_EQ(DecodeOne("Ast\x82rix en Corse/M\x81ller/na\x8Bve"), "Astérix en Corse/Müller/naïve");
}

TEST(NameDecodeTest, JapaneseNamesAreShiftJis) {
  EXPECT_EQ(DecodeOne("\x91\xE6"
                      "01\x98\x62.jpg"),
            "第01話.jpg");
  EXPECT_EQ(DecodeOne("\x83\x7D\x83\x93\x83\x4B.jpg"), "マンガ.jpg");
  EXPECT_EQ(DecodeOne("\x83\x52\x83\x7E.jpg"), "コミ.jpg");
  EXPECT_EQ(DecodeOne("\x82\xCC.jpg"), "の.jpg");
  EXPECT_EQ(DecodeOne("\x95\x5C\x8E\x86.jpg"), "表紙.jpg");
  EXPECT_EQ(DecodeOne("NARUTO\x91\xE6"
                      "1\x8A\xAA/001.jpg"),
            "NARUTO第1巻/001.jpg");
  EXPECT_EQ(DecodeOne("\xCF\xDD\xB6\xDE.jpg"), "ﾏﾝｶﾞ.jpg");
  EXPECT_EQ(DecodeOne("\x82\x4F\x82\x50.jpg"), "０１.jpg");
}

TEST(NameDecodeTest, TheArchiveIsJudgedAsAWhole) {
  // Alone the second could be 話 between letters; the first settles it.
  EXPECT_THAT(Decode({"\x83\x7D\x83\x93\x83\x4B.jpg",
                      "a\x98\x62"
                      "b.jpg",
                      "plain.jpg"}),
              ElementsAre("マンガ.jpg", "a話b.jpg", "plain.jpg"));
  EXPECT_EQ(DecodeOne("a\x98\x62"
                      "b.jpg"),
            "aÿbb.jpg");
  // One name that is no Shift-JIS, and none is.
  EXPECT_THAT(Decode({"\x83\x7D\x83\x93\x83\x4B.jpg", "\x82"}), ElementsAre("â}âôâK.jpg", "é"));
}

}  // namespace
}  // namespace cbzfs
