// FitJpeg of rows that come in passes. What it makes of pixels is tested in jpeg_fit_test.cc.

#include <string>

#include "codecs/image/jpeg_encode.h"
#include "codecs/image/jpeg_fit.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/image/fake_rows.h"

namespace cbzfs {
namespace {

constexpr uint32_t kWidth = 700, kHeight = 530;
constexpr uint64_t kPlenty = 1 << 30;

uint64_t SizeAt(uint32_t quality, uint32_t components) {
  FakeRows rows(kWidth, kHeight, components);
  return EncodeJpegPayload(rows, quality, components == 1)->size();
}

TEST(FitRows, RowsAndPixelsGiveTheSameBytesInEverySlot) {
  for (const uint32_t components : {1u, 3u}) {
    FakeRows rows(kWidth, kHeight, components);
    const RasterView view{rows.pixels().data(), kWidth, kHeight, components, kWidth * components};
    const uint64_t needed = SizeAt(85, components);
    for (const uint64_t room :
         {kPlenty, needed * 2, needed, needed * 3 / 4, needed / 8, MinPayload(kWidth, kHeight)}) {
      auto from_rows = FitJpeg(rows, {.quality = 85, .max_payload = room});
      auto from_pixels = FitJpeg(view, 85, room);
      ASSERT_TRUE(from_rows.ok() && from_pixels.ok()) << room;
      EXPECT_EQ(from_rows->payload, from_pixels->payload) << room;
      EXPECT_EQ(from_rows->quality, from_pixels->quality);
      EXPECT_EQ(from_rows->softened, from_pixels->softened);
    }
  }
}

TEST(FitRows, TwoPassesDoWhereTheSlotIsWellChosen) {
  for (const uint32_t components : {1u, 3u}) {
    FakeRows rows(kWidth, kHeight, components);
    ASSERT_TRUE(FitJpeg(rows, {.quality = 85, .max_payload = SizeAt(85, components)}).ok());
    EXPECT_EQ(rows.passes, 2);
    rows.passes = 0;
    ASSERT_TRUE(FitJpeg(rows, {.quality = 85, .max_payload = kPlenty}).ok());
    EXPECT_EQ(rows.passes, 2);
  }
  FakeRows small(100, 100, 1);
  ASSERT_TRUE(FitJpeg(small, {.quality = 95, .max_payload = kPlenty}).ok());
  EXPECT_EQ(small.passes, 1);  // nothing to look for
}

TEST(FitRows, ThePrefixStandsInFrontAndCounts) {
  const std::string prefix(
      "\xff\xe2\x00\x10"
      "ICC_PROFILE\0\x01\x01",
      18);
  const uint64_t needed = SizeAt(85, 3);
  FakeRows rows(kWidth, kHeight, 3);
  auto plain = FitJpeg(rows, {.quality = 85, .max_payload = needed});
  auto fits = FitJpeg(rows, {.quality = 85, .max_payload = needed + 18, .prefix = prefix});
  ASSERT_TRUE(plain.ok() && fits.ok());
  EXPECT_EQ(fits->payload, prefix + plain->payload);
  auto tight = FitJpeg(rows, {.quality = 85, .max_payload = needed + 17, .prefix = prefix});
  ASSERT_TRUE(tight.ok());
  EXPECT_LT(tight->quality, 85u);
  EXPECT_LE(tight->payload.size(), needed + 17);
  EXPECT_EQ(tight->payload.substr(0, 18), prefix);
  const uint64_t least = MinPayload(kWidth, kHeight) + prefix.size();
  auto softened = FitJpeg(rows, {.quality = 85, .max_payload = least, .prefix = prefix});
  ASSERT_TRUE(softened.ok());
  EXPECT_LE(softened->payload.size(), least);
  for (const uint64_t room : {least - 1, uint64_t{17}, uint64_t{0}}) {
    EXPECT_EQ(FitJpeg(rows, {.quality = 85, .max_payload = room, .prefix = prefix}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(FitRows, AFailureInAnyPassEndsTheFitWithItsStatus) {
  const uint64_t room = MinPayload(kWidth, kHeight);  // looks, encodes often, softens often
  FakeRows whole(kWidth, kHeight, 3);
  ASSERT_TRUE(FitJpeg(whole, {.quality = 85, .max_payload = room}).ok());
  ASSERT_GT(whole.passes, 6);
  for (int pass = 1; pass <= whole.passes; ++pass) {
    for (const uint32_t row : {0u, 17u, kHeight - 1}) {
      FakeRows rows(kWidth, kHeight, 3);
      rows.fail_pass = pass;
      rows.fail_row = row;
      EXPECT_EQ(FitJpeg(rows, {.quality = 85, .max_payload = room}).status().code(),
                absl::StatusCode::kDataLoss)
          << pass << " " << row;
      EXPECT_EQ(rows.passes, pass);
    }
    FakeRows rows(kWidth, kHeight, 3);
    rows.fail_pass = pass - 1;
    rows.fail_row = kHeight;  // never reached: the next Rewind() fails
    EXPECT_EQ(FitJpeg(rows, {.quality = 85, .max_payload = room}).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace cbzfs
