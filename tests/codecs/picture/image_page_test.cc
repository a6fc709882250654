#include "codecs/picture/image_page.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/archive/zip_builder.h"
#include "tests/codecs/comic/image_samples.h"

namespace cbzfs {
namespace {

using ::testing::HasSubstr;
using testing::AsBytes;
using testing::BigEndian32;
using testing::PngChunk;

// The beginning of a PNG of gray pixels, of which nothing more is there.
std::string PngHead(uint32_t width, uint32_t height) {
  return "\x89PNG\r\n\x1A\n" +
         PngChunk("IHDR", BigEndian32(width) + BigEndian32(height) + '\x08' + std::string(4, '\0')) +
         PngChunk("IDAT", std::string(100, '\0'));
}

TEST(DescribeImageTest, TellsTheSizeThatAPageMayHave) {
  const std::string head = PngHead(10'000, 6'000);
  const auto page = DescribeImage(AsBytes(head), 1'000'000);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->row.kind, PageKind::kImage);
  // The seed's formula for more than 50 megapixels.
  EXPECT_EQ(page->row.width, 9128u);
  EXPECT_EQ(page->row.height, 5477u);
  EXPECT_TRUE(page->row.gray);
  EXPECT_EQ(page->slot.file_pixels, 60'000'000u);
  EXPECT_EQ(page->slot.file_bytes, 1'000'000u);
  EXPECT_EQ(page->slot.format, ImageFormat::kPng);
}

TEST(DescribeImageTest, RefusesWhatTakesTooLongToDecode) {
  EXPECT_TRUE(DescribeImage(AsBytes(PngHead(20'000, 20'000)), 1'000'000).ok());
  const auto status = DescribeImage(AsBytes(PngHead(20'000, 20'001)), 1'000'000).status();
  EXPECT_TRUE(absl::IsOutOfRange(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("20000 x 20001 pixels"));
}

}  // namespace
}  // namespace cbzfs
