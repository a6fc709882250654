// Pages that say why there is no page: at any size and in the least slots.

#include "codecs/pdf/notice.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"

namespace cbzfs {
namespace {

using namespace testing;  // NOLINT

constexpr char kText[] =
    "This page could not be made\n"
    "File\tA rather long name of a book that somebody once scanned, volume 12 (1987).pdf\n"
    "Page\t17\n"
    "What is wrong\tcannot find page 17 in page tree\n"
    "What can be done\ttry `mutool clean` or `qpdf` on the file, or replace it";

constexpr uint64_t kRoomy = 4 << 20;

uint64_t SlotOf(uint32_t width, uint32_t height) {
  return static_cast<uint64_t>(LeastSlot(width, height));
}

FittedImage Noticed(std::string_view text, const NoticePage& page) {
  absl::StatusOr<FittedImage> jpeg = DrawNotice(Engine(), text, page);
  EXPECT_TRUE(jpeg.ok()) << page.width << " x " << page.height << ": " << jpeg.status();
  return jpeg.ok() ? *std::move(jpeg) : FittedImage();
}

Picture PictureOf(const FittedImage& jpeg) { return ReadJpeg(WholeJpeg(jpeg)); }

// Pixels that are rather black than white.
size_t Ink(const Picture& picture) {
  return static_cast<size_t>(std::count_if(picture.pixels.begin(), picture.pixels.end(),
                                           [](uint8_t value) { return value < 100; }));
}

// How often a row goes from white to black: one or two for a mark, many for a line of text.
int MostStrokes(const Picture& picture) {
  int most = 0;
  for (int y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.pixels.data() + size_t{1} * y * picture.width;
    int strokes = 0;
    for (int x = 1; x < picture.width; ++x) strokes += row[x - 1] >= 128 && row[x] < 128 ? 1 : 0;
    most = std::max(most, strokes);
  }
  return most;
}

TEST(Notice, IsATextInBlackOnWhiteOfExactlyTheSize) {
  const FittedImage jpeg = Noticed(kText, {.width = 1240, .height = 1754, .max_payload = kRoomy});
  EXPECT_EQ(jpeg.components, 1u);
  EXPECT_FALSE(jpeg.softened);
  const Picture picture = PictureOf(jpeg);
  EXPECT_EQ(picture.width, 1240);
  EXPECT_EQ(picture.height, 1754);
  EXPECT_EQ(picture.components, 1);
  EXPECT_GT(MostStrokes(picture), 20) << "lines of text";
  const double share = static_cast<double>(Ink(picture)) / (1240.0 * 1754);
  EXPECT_GT(share, 0.01);
  EXPECT_LT(share, 0.2);
  // The margins are white.
  for (int y = 0; y < picture.height; ++y) {
    ASSERT_GT(picture.pixels[size_t{1240} * y + 40], 240) << y;
    ASSERT_GT(picture.pixels[size_t{1240} * y + 1239 - 40], 240) << y;
  }
}

TEST(Notice, TheSameTextGivesTheSameBytes) {
  const NoticePage page = {.width = 600, .height = 900, .max_payload = kRoomy};
  const std::string first = Noticed(kText, page).payload;
  EXPECT_EQ(Noticed(kText, page).payload, first);
  PdfEngine another;
  EXPECT_EQ(DrawNotice(&another, kText, page)->payload, first);
  EXPECT_NE(Noticed("Another text", page).payload, first);
}

TEST(Notice, FitsTheLeastSlotOfAnySize) {
  const std::pair<uint32_t, uint32_t> sizes[] = {
      {1, 1},     {1, 900},     {16, 16},   {70, 100},  {100, 70},    {212, 300},   {300, 150},
      {600, 900}, {1654, 2339}, {9, 65500}, {65500, 9}, {65500, 160}, {5000, 7000}, {2480, 3508}};
  for (const auto& [width, height] : sizes) {
    SCOPED_TRACE(absl::StrCat(width, " x ", height));
    for (const uint64_t slot : {MinPayload(width, height), SlotOf(width, height), kRoomy}) {
      const FittedImage jpeg =
          Noticed(kText, {.width = width, .height = height, .max_payload = slot});
      EXPECT_LE(jpeg.payload.size(), slot);
      const Picture picture = PictureOf(jpeg);
      EXPECT_EQ(picture.width, static_cast<int>(width));
      EXPECT_EQ(picture.height, static_cast<int>(height));
      if (width >= 9 && height >= 9) {
        EXPECT_GT(Ink(picture), 0u) << "nothing can be seen in " << slot;
        EXPECT_FALSE(jpeg.softened) << "a smudge in " << slot;
      }
    }
  }
}

TEST(Notice, AThumbnailIsAMarkAndACoverIsText) {
  for (const auto& [width, height] : {std::pair{100u, 70u}, std::pair{70u, 100u}}) {
    const Picture mark =
        PictureOf(Noticed(kText, {.width = width, .height = height, .max_payload = 3000}));
    EXPECT_EQ(MostStrokes(mark), 1);
    EXPECT_GT(Ink(mark), 200u);
  }
  const Picture cover =
      PictureOf(Noticed(kText, {.width = 212, .height = 300, .max_payload = 30'000}));
  EXPECT_GT(MostStrokes(cover), 8);
}

TEST(Notice, WhatTheFontsLackIsShownByItsNumber) {
  const NoticePage page = {.width = 600, .height = 300, .max_payload = kRoomy};
  // Private use: no font has it.
  EXPECT_EQ(Noticed("Title\nA\xEE\x80\x80Z", page).payload,
            Noticed("Title\nA[U+E000]Z", page).payload);
  EXPECT_EQ(Noticed("Title\nA\xFFZ", page).payload, Noticed("Title\nA\xEF\xBF\xBDZ", page).payload);
  const size_t letters = Ink(PictureOf(Noticed("Title\nA", page)));
  for (const char* name : {"Title\n\xE6\xBC\xAB\xE7\x94\xBB", "Title\n\xD0\x96",
                           "Title\n\xCE\xA9\xCE\xA9", "Title\n\xE3\x83\x9E\xE3\x83\xB3"}) {
    EXPECT_NE(Noticed(name, page).payload, Noticed("Title\n", page).payload) << name;
    EXPECT_GT(Ink(PictureOf(Noticed(name, page))), letters / 2) << name;
  }
}

TEST(Notice, LongNamesAreBrokenAndLongTextsCutOff) {
  const std::string name(600, 'W');
  const NoticePage page = {.width = 300, .height = 400, .max_payload = kRoomy};
  const Picture picture = PictureOf(Noticed(absl::StrCat("Title\nFile\t", name), page));
  // All of it stays off the edges.
  for (int y = 0; y < picture.height; ++y) {
    ASSERT_GT(picture.pixels[size_t{300} * y + 5], 200) << y;
    ASSERT_GT(picture.pixels[size_t{300} * y + 294], 200) << y;
  }
  for (int x = 0; x < picture.width; ++x) {
    ASSERT_GT(picture.pixels[size_t{300} * 394 + x], 200) << x;
  }
  // No matter how long: what is behind the limit is not even looked at.
  std::string endless = absl::StrCat("Title\n", std::string(kMaxNoticeBytes, 'x'));
  const FittedImage cut = Noticed(endless, page);
  endless += std::string(1 << 20, 'y');
  EXPECT_EQ(Noticed(endless, page).payload, cut.payload);
}

TEST(Notice, WithoutTextItIsAMark) {
  for (const char* text : {"", "\n", "\n\n\n"}) {
    const Picture mark =
        PictureOf(Noticed(text, {.width = 600, .height = 900, .max_payload = kRoomy}));
    EXPECT_EQ(MostStrokes(mark), 1);
  }
}

TEST(Notice, ImpossiblePagesAreRefused) {
  const NoticePage pages[] = {{.width = 0, .height = 10, .max_payload = kRoomy},
                              {.width = 10, .height = 0, .max_payload = kRoomy},
                              {.width = 65501, .height = 10, .max_payload = kRoomy},
                              {.width = 65500, .height = 65500, .max_payload = kRoomy},
                              {.width = 600, .height = 900, .max_payload = 500},
                              {.width = 600, .height = 900, .max_payload = 0}};
  for (const NoticePage& page : pages) {
    EXPECT_TRUE(absl::IsInvalidArgument(DrawNotice(Engine(), kText, page).status()))
        << page.width << " x " << page.height;
  }
}

}  // namespace
}  // namespace cbzfs
