// What stands in for functions of MuPDF's painter gives the same pixels as they do.
#include "codecs/pdf/raster_wraps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace cbzfs {
namespace {

class RasterWrapsTest : public ::testing::Test {
 protected:
  RasterWrapsTest() : ctx_(fz_new_context(nullptr, nullptr, FZ_STORE_DEFAULT)) { UseRasterWraps(); }
  ~RasterWrapsTest() override { fz_drop_context(ctx_); }

  int Int(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  float Float(float from, float to) {
    return std::uniform_real_distribution<float>(from, to)(random_);
  }

  // Noise, or the black and white of line art, whose errors in rounding show most.
  fz_pixmap* Image(int w, int h, int components, bool alpha) {
    fz_colorspace* space = components == 1   ? fz_device_gray(ctx_)
                           : components == 3 ? fz_device_rgb(ctx_)
                                             : fz_device_cmyk(ctx_);
    fz_pixmap* image = fz_new_pixmap(ctx_, components == 0 ? nullptr : space, w, h, nullptr, alpha);
    const bool bilevel = Int(0, 1) == 1;
    for (ptrdiff_t i = 0; i < image->stride * h; ++i) {
      image->samples[i] = static_cast<unsigned char>(bilevel ? Int(0, 1) * 255 : Int(0, 255));
    }
    return image;
  }

  // Scales by both; true when both made the same (or nothing).
  ::testing::AssertionResult SameScaled(const fz_pixmap* image, float x, float y, float w, float h,
                                        const fz_irect* clip) {
    fz_pixmap* theirs =
        __real_fz_scale_pixmap_cached(ctx_, image, x, y, w, h, clip, nullptr, nullptr);
    fz_pixmap* ours =
        __wrap_fz_scale_pixmap_cached(ctx_, image, x, y, w, h, clip, nullptr, nullptr);
    ::testing::AssertionResult same = Compare(theirs, ours);
    same << " scaling " << image->w << "x" << image->h << "x" << int{image->n} << " to " << x << ","
         << y << " " << w << "x" << h;
    if (clip != nullptr) {
      same << " within " << clip->x0 << "," << clip->y0 << " " << clip->x1 << "," << clip->y1;
    }
    if (theirs != nullptr) ++made_;
    fz_drop_pixmap(ctx_, theirs);
    fz_drop_pixmap(ctx_, ours);
    return same;
  }

  // Where `color` is set the image is a mask for it.
  ::testing::AssertionResult SamePainted(fz_pixmap* image, fz_matrix ctm, int alpha, bool lerp,
                                         const unsigned char* color = nullptr, bool gray = false) {
    const fz_irect area = {3, 5, 203, 155};
    fz_colorspace* space = color == nullptr ? image->colorspace
                           : gray           ? fz_device_gray(ctx_)
                                            : fz_device_rgb(ctx_);
    fz_pixmap* theirs = fz_new_pixmap_with_bbox(ctx_, space, area, nullptr, 0);
    fz_pixmap* ours = fz_new_pixmap_with_bbox(ctx_, space, area, nullptr, 0);
    for (ptrdiff_t i = 0; i < theirs->stride * theirs->h; ++i) {
      theirs->samples[i] = ours->samples[i] = static_cast<unsigned char>(Int(0, 255));
    }
    const fz_irect scissor = {area.x0 + Int(0, 9), area.y0 + Int(0, 9), area.x1 - Int(0, 9),
                              area.y1 - Int(0, 9)};
    if (color == nullptr) {
      __real_fz_paint_image(ctx_, theirs, &scissor, nullptr, nullptr, image, ctm, alpha, lerp,
                            nullptr);
      __wrap_fz_paint_image(ctx_, ours, &scissor, nullptr, nullptr, image, ctm, alpha, lerp,
                            nullptr);
    } else {
      __real_fz_paint_image_with_color(ctx_, theirs, &scissor, nullptr, nullptr, image, ctm, color,
                                       lerp, nullptr);
      __wrap_fz_paint_image_with_color(ctx_, ours, &scissor, nullptr, nullptr, image, ctm, color,
                                       lerp, nullptr);
    }
    ::testing::AssertionResult same = Compare(theirs, ours);
    same << " painting " << image->w << "x" << image->h << "x" << int{image->n} << " by " << ctm.a
         << " " << ctm.b << " " << ctm.c << " " << ctm.d << " " << ctm.e << " " << ctm.f;
    fz_drop_pixmap(ctx_, theirs);
    fz_drop_pixmap(ctx_, ours);
    return same;
  }

  // Onto its own grid, nearly so, smaller, larger; mirrored, turned; in and outside of the page.
  fz_matrix Anywhere(fz_pixmap* image, int turn) {
    auto w = static_cast<float>(image->w);
    auto h = static_cast<float>(image->h);
    if (Int(0, 2) == 0) w = Float(1, 300);
    if (Int(0, 2) == 0) h = Float(1, 300);
    if (Int(0, 2) == 0) w += Float(-0.01f, 0.01f);
    if (Int(0, 2) == 0) h += Float(-0.01f, 0.01f);
    if (Int(0, 2) == 0) w = -w;
    if (Int(0, 2) == 0) h = -h;
    float x = Float(-60, 260);
    float y = Float(-60, 260);
    if (Int(0, 2) != 0) x = std::round(x);
    if (Int(0, 2) != 0) y = std::round(y);
    if (Int(0, 1) == 0) image->flags &= static_cast<unsigned char>(~FZ_PIXMAP_FLAG_INTERPOLATE);
    const fz_matrix ctm = turn % 4 == 3 ? fz_matrix{0, w, h, 0, x, y} : fz_matrix{w, 0, 0, h, x, y};
    return turn % 29 == 0 ? fz_pre_rotate(ctm, 3) : ctm;
  }

  static ::testing::AssertionResult Compare(const fz_pixmap* theirs, const fz_pixmap* ours) {
    if (theirs == nullptr || ours == nullptr) {
      return theirs == ours ? ::testing::AssertionSuccess()
                            : ::testing::AssertionFailure() << "only one made a picture,";
    }
    if (theirs->x != ours->x || theirs->y != ours->y || theirs->w != ours->w ||
        theirs->h != ours->h || theirs->n != ours->n || theirs->alpha != ours->alpha ||
        theirs->stride != ours->stride || theirs->flags != ours->flags) {
      return ::testing::AssertionFailure()
             << ours->w << "x" << ours->h << " at " << ours->x << "," << ours->y << ", flags "
             << int{ours->flags} << ", and not " << theirs->w << "x" << theirs->h << " at "
             << theirs->x << "," << theirs->y << ", flags " << int{theirs->flags} << ",";
    }
    for (ptrdiff_t i = 0; i < theirs->stride * theirs->h; ++i) {
      if (theirs->samples[i] != ours->samples[i]) {
        return ::testing::AssertionFailure()
               << "row " << i / theirs->stride << ", byte " << i % theirs->stride << " is "
               << int{ours->samples[i]} << " and not " << int{theirs->samples[i]} << ",";
      }
    }
    return ::testing::AssertionSuccess();
  }

  fz_context* const ctx_;
  std::mt19937 random_{20230601};
  int made_ = 0;
};

TEST_F(RasterWrapsTest, ScalesAsMuPdfDoes) {
  for (int turn = 0; turn < 4000; ++turn) {
    const bool large = turn % 40 == 0;
    fz_pixmap* image = Image(Int(1, large ? 900 : 90), Int(1, large ? 900 : 90),
                             turn % 5 == 4   ? 0
                             : turn % 5 == 3 ? 4
                             : turn % 5 == 2 ? 3
                                             : 1,
                             turn % 5 == 4 || turn % 5 == 1);
    // Both ways, to a whole number of pixels (as MuPDF's painter asks) and otherwise.
    float w = Float(0.3f, large ? 1000 : 150) * (Int(0, 3) == 0 ? -1.0f : 1.0f);
    float h = Float(0.3f, large ? 1000 : 150) * (Int(0, 3) == 0 ? -1.0f : 1.0f);
    float x = Float(-30, 30);
    float y = Float(-30, 30);
    if (Int(0, 7) != 0) {
      w = std::round(w);
      x = std::round(x);
      h = std::round(h);
      y = std::round(y);
    }
    const fz_irect clip = {Int(-40, 40), Int(-40, 40), Int(0, 120), Int(0, 120)};
    EXPECT_TRUE(SameScaled(image, x, y, w, h, Int(0, 1) == 0 ? &clip : nullptr));
    fz_drop_pixmap(ctx_, image);
    if (HasFailure()) break;
  }
  EXPECT_GT(made_, 2000);
}

// So many pixels make one that each has hardly any weight, and rounding can make weights negative.
TEST_F(RasterWrapsTest, ScalesExtremely) {
  for (int turn = 0; turn < 60; ++turn) {
    const bool wide = turn % 2 == 0;
    const int length = Int(3000, 9000);
    fz_pixmap* image = Image(wide ? length : Int(2, 20), wide ? Int(2, 20) : length, 1, false);
    const auto small = static_cast<float>(Int(1, 40));
    const auto other = static_cast<float>(Int(1, 30));
    EXPECT_TRUE(SameScaled(image, 3, 5, wide ? small : other, wide ? other : small, nullptr));
    fz_drop_pixmap(ctx_, image);
    if (HasFailure()) break;
  }
}

TEST_F(RasterWrapsTest, PaintsAsMuPdfDoes) {
  for (int turn = 0; turn < 6000; ++turn) {
    fz_pixmap* image = Image(Int(1, 260), Int(1, 260), turn % 2 == 0 ? 1 : 3, turn % 31 == 0);
    EXPECT_TRUE(
        SamePainted(image, Anywhere(image, turn), turn % 23 == 0 ? 128 : 255, Int(0, 7) != 0));
    fz_drop_pixmap(ctx_, image);
    if (HasFailure()) break;
  }
}

TEST_F(RasterWrapsTest, PaintsMasksAsMuPdfDoes) {
  for (int turn = 0; turn < 4000; ++turn) {
    fz_pixmap* image = Image(Int(1, 260), Int(1, 260), turn % 3 == 0 ? 1 : 0, turn % 3 != 0);
    unsigned char color[4];
    for (unsigned char& c : color) c = static_cast<unsigned char>(Int(0, 2) * 127 + Int(0, 1));
    EXPECT_TRUE(
        SamePainted(image, Anywhere(image, turn), 255, Int(0, 7) != 0, color, turn % 2 == 0));
    fz_drop_pixmap(ctx_, image);
    if (HasFailure()) break;
  }
}

TEST_F(RasterWrapsTest, PaintsSpansAsMuPdfDoes) {
  for (int turn = 0; turn < 20000; ++turn) {
    const int n = Int(0, 9) == 0 ? 4 : Int(0, 1) == 0 ? 1 : 3;
    const int da = Int(0, 9) == 0 ? 1 : 0;
    const int w = Int(1, 70);
    unsigned char color[6];
    for (unsigned char& c : color) c = static_cast<unsigned char>(Int(0, 255));
    if (Int(0, 9) != 0) color[n] = static_cast<unsigned char>(Int(0, 1) * 255);
    const int few = Int(0, 3);  // masks of letters and of paths are mostly all or nothing
    std::string mask;
    for (int i = 0; i < w; ++i) {
      const bool edge = few == 0 || Int(0, 20) == 0;
      mask += static_cast<char>(edge ? Int(0, 255) : few == 1 ? 0 : 255);
    }
    std::string theirs;
    for (int i = 0; i < w * (n + da) + 8; ++i) theirs += static_cast<char>(Int(0, 255));
    std::string ours = theirs;
    auto* const theirs_painter = __real_fz_get_span_color_painter(n + da, da, color, nullptr);
    auto* const ours_painter = __wrap_fz_get_span_color_painter(n + da, da, color, nullptr);
    ASSERT_EQ(theirs_painter == nullptr, ours_painter == nullptr);
    if (theirs_painter == nullptr) continue;
    const auto paint = [&](CbzfsSpanPainter* painter, std::string* to) {
      painter(reinterpret_cast<unsigned char*>(to->data()),
              reinterpret_cast<const unsigned char*>(mask.data()), n + da, w, color, da, nullptr);
    };
    paint(theirs_painter, &theirs);
    paint(ours_painter, &ours);
    ASSERT_EQ(theirs, ours) << "turn " << turn << ", " << n << " components, " << w << " pixels";
  }
}

TEST_F(RasterWrapsTest, DecodesAsMuPdfDoes) {
  for (int turn = 0; turn < 300; ++turn) {
    fz_pixmap* theirs = Image(Int(1, 100), Int(1, 100),
                              turn % 3 == 0   ? 1
                              : turn % 3 == 1 ? 3
                                              : 4,
                              turn % 10 == 9);
    fz_pixmap* ours = fz_clone_pixmap(ctx_, theirs);
    float decode[2 * 5];
    const int kind = Int(0, 2);
    for (int i = 0; i < 10; ++i) {
      decode[i] =
          kind == 0 ? Float(-0.5f, 1.5f) : static_cast<float>(kind == 1 ? i % 2 : 1 - i % 2);
    }
    __real_fz_decode_tile(ctx_, theirs, decode);
    __wrap_fz_decode_tile(ctx_, ours, decode);
    EXPECT_TRUE(Compare(theirs, ours)) << "turn " << turn;
    fz_drop_pixmap(ctx_, theirs);
    fz_drop_pixmap(ctx_, ours);
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace cbzfs
