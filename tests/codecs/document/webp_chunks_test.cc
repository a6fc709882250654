#include "codecs/document/webp_chunks.h"

#include <gtest/gtest.h>

#include <string>

namespace cbzfs {
namespace {

TEST(WebpChunks, TheStartSaysHowLongAndLargeThePictureIs) {
  const std::string start = WebpStart(0x12345678 + 8, 600, 0x2001, true);
  EXPECT_EQ(start, std::string("RIFF\x78\x56\x34\x12WEBPVP8X\x0A\0\0\0\x20\0\0\0\x57\x02\0\0\x20\0",
                               kWebpStartBytes));
  EXPECT_EQ(WebpStart(100, 1, 1, false).substr(20), std::string(10, '\0'));
}

TEST(WebpChunks, ChunksHaveAnEvenLength) {
  EXPECT_EQ(WebpChunk("ABCD", "xy"), std::string("ABCD\2\0\0\0xy", 10));
  EXPECT_EQ(WebpChunk("ABCD", "x"), std::string("ABCD\1\0\0\0x\0", 10));
  EXPECT_EQ(WebpChunk("ABCD", ""), std::string("ABCD\0\0\0\0", 8));
  EXPECT_EQ(WebpChunkBytes(1), 10u);
}

TEST(WebpChunks, AChunkInFrontIsFound) {
  const std::string two = WebpChunk("ICCP", "abc") + WebpChunk("VP8 ", "d");
  EXPECT_EQ(LeadingChunkBytes(two, "ICCP"), 12u);
  EXPECT_EQ(LeadingChunkBytes(two, "VP8 "), 0u);
  EXPECT_EQ(LeadingChunkBytes(two.substr(0, 11), "ICCP"), 0u);
  EXPECT_EQ(LeadingChunkBytes("ICCP", "ICCP"), 0u);
  EXPECT_EQ(LeadingChunkBytes("", "ICCP"), 0u);
}

std::string Segment(const std::string& data, char number, char of) {
  const size_t length = data.size() + 16;
  return std::string("\xFF\xE2") + static_cast<char>(length >> 8) + static_cast<char>(length) +
         std::string("ICC_PROFILE\0", 12) + number + of + data;
}

TEST(WebpChunks, AProfileInSegmentsIsPutTogether) {
  const std::string one(65'519, 'a');
  EXPECT_EQ(ProfileOfSegments(Segment("abc", 1, 1)), "abc");
  EXPECT_EQ(ProfileOfSegments(Segment(one, 1, 2) + Segment("b", 2, 2)), one + "b");
  EXPECT_EQ(ProfileOfSegments(""), "");
  // Anything else is none.
  EXPECT_EQ(ProfileOfSegments(Segment("abc", 1, 1) + "x"), "");
  EXPECT_EQ(ProfileOfSegments(Segment("abc", 1, 1).substr(0, 20)), "");
  EXPECT_EQ(ProfileOfSegments("\xFF\xFE"), "");
}

// Whether programs take it is asked in tests/mount/webp_test.py.
TEST(WebpChunks, TheProfileOfSrgbIsOne) {
  const std::string& profile = SrgbProfile();
  EXPECT_EQ(profile.size() % 4, 0u);
  EXPECT_LT(profile.size(), 600u);
  EXPECT_EQ(profile.substr(0, 4),
            std::string({'\0', '\0', static_cast<char>(profile.size() >> 8),
                         static_cast<char>(profile.size())}));
  EXPECT_EQ(profile.substr(12, 12), "mntrRGB XYZ ");
  EXPECT_EQ(profile.substr(36, 4), "acsp");
}

}  // namespace
}  // namespace cbzfs
