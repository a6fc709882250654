#include "codecs/pdf/raster_wraps.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "codecs/pdf/pixel_paint.h"
#include "codecs/pdf/pixel_scale.h"
#include "codecs/pdf/pixel_span.h"

namespace cbzfs {
namespace {

// Beyond these MuPDF has rules of its own.
constexpr float kFurthest = 1 << 16;
constexpr int kLargestImage = 1 << 16;

// The scaling of one axis as MuPDF places it: the image begins at `at` and is `length` long, to the
// left or up where that is negative. What is wanted is within the clip. Where the result begins
// goes to `begins`.
ScaleAxis PlaceAxis(int source, float at, float length, const int* clip_begin, const int* clip_end,
                    int* begins) {
  ScaleAxis axis;
  axis.source = source;
  axis.flip = length < 0;
  axis.length = static_cast<int>(std::fabs(length));
  *begins = static_cast<int>(axis.flip ? at + length : at);
  axis.end = axis.length;
  if (clip_begin == nullptr) return axis;
  const int before = std::max(0, *clip_begin - *begins);
  const int behind = std::max(0, *begins + axis.length - *clip_end);
  axis.begin = before;
  axis.end = axis.length - behind;
  *begins += before;
  return axis;
}

// A picture that covers pixels in part gets transparent edges from MuPDF. Its painter asks for
// whole ones (fz_gridfit_matrix()).
bool IsOrdinary(float at, float length) {
  return std::fabs(at) < kFurthest && std::fabs(length) >= 1 && std::fabs(length) < kFurthest &&
         at == std::floor(at) && length == std::floor(length);
}

bool IsOrdinary(const fz_pixmap& image) {
  return image.w >= 2 && image.h >= 2 && image.w < kLargestImage && image.h < kLargestImage &&
         image.n >= 1 && image.seps == nullptr && image.stride == ptrdiff_t{image.w} * image.n;
}

bool FitsInt(int at, int64_t step_a, int count_a, int64_t step_b, int count_b) {
  for (const int64_t a : {int64_t{0}, step_a * count_a}) {
    for (const int64_t b : {int64_t{0}, step_b * count_b}) {
      const int64_t position = at + a + b;
      if (position <= INT32_MIN || position >= INT32_MAX) return false;
    }
  }
  return true;
}

// Where the image's pixels go, in MuPDF's fixed point numbers. False where nothing is painted.
bool Place(const fz_pixmap& to, const fz_irect& scissor, const fz_pixmap& image, fz_matrix ctm,
           Painting* painting) {
  const fz_irect box =
      fz_intersect_irect(fz_irect_from_rect(fz_transform_rect(fz_unit_rect, ctm)), scissor);
  if (box.x0 >= box.x1 || box.y0 >= box.y1) return false;
  constexpr float kOne = 1 << kPaintFraction;
  ctm = fz_pre_scale(ctm, 1.0f / static_cast<float>(image.w), 1.0f / static_cast<float>(image.h));
  ctm = fz_invert_matrix(ctm);
  ctm.a *= kOne;
  ctm.b *= kOne;
  ctm.c *= kOne;
  ctm.d *= kOne;
  ctm.e *= kOne;
  ctm.f *= kOne;
  const auto x = static_cast<float>(box.x0);
  const auto y = static_cast<float>(box.y0);
  Painting& p = *painting;
  p.image = image.samples;
  p.image_stride = image.stride;
  p.image_width = image.w;
  p.image_height = image.h;
  p.components = image.n;
  p.to = to.samples + (box.y0 - to.y) * to.stride + (box.x0 - to.x) * ptrdiff_t{to.n};
  p.to_stride = to.stride;
  p.width = box.x1 - box.x0;
  p.height = box.y1 - box.y0;
  p.right_u = static_cast<int>(ctm.a);
  p.right_v = static_cast<int>(ctm.b);
  p.down_u = static_cast<int>(ctm.c);
  p.down_v = static_cast<int>(ctm.d);
  const float u = (ctm.a * x) + (ctm.c * y) + ctm.e + ((ctm.a + ctm.c) * .5f);
  const float v = (ctm.b * x) + (ctm.d * y) + ctm.f + ((ctm.b + ctm.d) * .5f);
  constexpr float kMost = 1 << 30;
  if (!(std::fabs(u) < kMost) || !(std::fabs(v) < kMost)) return false;
  p.u = static_cast<int>(u);
  p.v = static_cast<int>(v);
  return true;
}

// Whether MuPDF mixes pixels instead of taking the nearest.
bool IsMixed(const fz_pixmap& image, fz_matrix ctm, bool allowed) {
  const float across = std::sqrt(ctm.a * ctm.a + ctm.b * ctm.b);
  const float down = std::sqrt(ctm.c * ctm.c + ctm.d * ctm.d);
  const auto w = static_cast<float>(image.w);
  const auto h = static_cast<float>(image.h);
  if (!allowed || !(across > w || down > h)) return false;
  if ((image.flags & FZ_PIXMAP_FLAG_INTERPOLATE) != 0) return true;
  return across <= 2 * w && down <= 2 * h;
}

// Where an opaque image, upright or turned by a right angle, goes on an opaque page. False where
// something is out of the ordinary, or nothing is painted.
bool PlacePlain(const fz_pixmap& to, const fz_irect& scissor, const fz_pixmap& image, fz_matrix ctm,
                Painting* painting) {
  const bool upright = ctm.b == 0 && ctm.c == 0;
  const bool turned = ctm.a == 0 && ctm.d == 0;
  if (upright == turned || to.alpha) return false;
  if ((to.n != 1 && to.n != 3) || to.seps != nullptr || image.seps != nullptr) return false;
  if (image.w >= kLargestImage || image.h >= kLargestImage) return false;
  // MuPDF relies on its callers for this.
  if (scissor.x0 < to.x || scissor.y0 < to.y || scissor.x1 > to.x + to.w ||
      scissor.y1 > to.y + to.h) {
    return false;
  }
  if (!Place(to, scissor, image, ctm, painting)) return false;
  const Painting& p = *painting;
  return FitsInt(p.u, p.right_u, p.width, p.down_u, p.height) &&
         FitsInt(p.v, p.right_v, p.width, p.down_v, p.height);
}

// False, with nothing done, where it is MuPDF's to paint.
bool PaintPlain(fz_context* ctx, const fz_pixmap& to, const fz_irect& scissor,
                const fz_pixmap& image, fz_matrix ctm, bool lerp_allowed) {
  Painting painting;
  if (image.alpha || image.n != to.n || !PlacePlain(to, scissor, image, ctm, &painting)) {
    return false;
  }
  if (!IsMixed(image, ctm, lerp_allowed)) {
    PaintNearest(painting);
    return true;
  }
  if (ctm.b != 0 || ctm.c != 0) return false;
  void* const workspace = fz_malloc_no_throw(ctx, MixWorkspaceBytes(painting));
  if (workspace == nullptr) return false;
  PaintMixed(painting, workspace);
  fz_free(ctx, workspace);
  return true;
}

// Likewise.
bool PaintPlainMask(const fz_pixmap& to, const fz_irect& scissor, const fz_pixmap& mask,
                    fz_matrix ctm, const uint8_t* color, bool lerp_allowed) {
  Painting painting;
  if (mask.n != 1 || IsMixed(mask, ctm, lerp_allowed) ||
      !PlacePlain(to, scissor, mask, ctm, &painting)) {
    return false;
  }
  painting.components = to.n;
  return PaintMask(painting, color, color[to.n]);
}

// What a Decode array makes of each value of each component.
struct DecodeTables {
  static constexpr int kMostComponents = 4;
  uint8_t table[kMostComponents][256] = {};

  // MuPDF is asked once for every value.
  DecodeTables(fz_context* ctx, const fz_pixmap& tile, const float* decode) {
    uint8_t values[256 * kMostComponents];
    for (int i = 0; i < 256 * tile.n; ++i) values[i] = static_cast<uint8_t>(i / tile.n);
    fz_pixmap probe = tile;
    probe.samples = values;
    probe.w = 256;
    probe.h = 1;
    probe.stride = ptrdiff_t{256} * tile.n;
    __real_fz_decode_tile(ctx, &probe, decode);
    for (int i = 0; i < 256 * tile.n; ++i) table[i % tile.n][i / tile.n] = values[i];
  }

  // Black becomes white and all between likewise: what nearly all Decode arrays are for.
  bool Inverts(int components) const {
    for (int c = 0; c < components; ++c) {
      for (int i = 0; i < 256; ++i) {
        if (table[c][i] != 255 - i) return false;
      }
    }
    return true;
  }
};

void Decode(const DecodeTables& tables, fz_pixmap* tile) {
  const bool inverts = tables.Inverts(tile->n);
  const ptrdiff_t bytes = ptrdiff_t{tile->w} * tile->n;
  for (int y = 0; y < tile->h; ++y) {
    uint8_t* row = tile->samples + y * tile->stride;
    if (inverts) {
      for (ptrdiff_t i = 0; i < bytes; ++i) row[i] = static_cast<uint8_t>(~row[i]);
      continue;
    }
    for (int x = 0; x < tile->w; ++x) {
      for (int c = 0; c < tile->n; ++c, ++row) *row = tables.table[c][*row];
    }
  }
}

void GraySpan(unsigned char* to, const unsigned char* mask, int, int w, const unsigned char* color,
              int, const void*) {
  PaintGraySpan(to, mask, w, color);
}

void RgbSpan(unsigned char* to, const unsigned char* mask, int, int w, const unsigned char* color,
             int, const void*) {
  PaintRgbSpan(to, mask, w, color);
}

}  // namespace

void UseRasterWraps() {}

}  // namespace cbzfs

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {

fz_pixmap* __wrap_fz_scale_pixmap_cached(fz_context* ctx, const fz_pixmap* source, float x, float y,
                                         float w, float h, const fz_irect* clip, void* cache_x,
                                         void* cache_y) {
  const auto by_mupdf = [&] {
    return __real_fz_scale_pixmap_cached(ctx, source, x, y, w, h, clip, cache_x, cache_y);
  };
  if (!cbzfs::IsOrdinary(*source) || !cbzfs::IsOrdinary(x, w) || !cbzfs::IsOrdinary(y, h)) {
    return by_mupdf();
  }
  int left = 0;
  int top = 0;
  const cbzfs::ScaleAxis across = cbzfs::PlaceAxis(source->w, x, w, clip ? &clip->x0 : nullptr,
                                                   clip ? &clip->x1 : nullptr, &left);
  const cbzfs::ScaleAxis down = cbzfs::PlaceAxis(source->h, y, h, clip ? &clip->y0 : nullptr,
                                                 clip ? &clip->y1 : nullptr, &top);
  if (across.begin >= across.end || down.begin >= down.end) return nullptr;
  // Before the workspace, which would be lost when MuPDF jumps.
  fz_pixmap* const made =
      fz_new_pixmap(ctx, source->colorspace, across.count(), down.count(), nullptr, source->alpha);
  void* const workspace =
      fz_malloc_no_throw(ctx, cbzfs::ScaleWorkspaceBytes(across, down, source->n));
  const bool done =
      workspace != nullptr && made->n == source->n &&
      cbzfs::ScalePixels(source->samples, source->n, across, down, workspace, made->samples);
  fz_free(ctx, workspace);
  if (!done) {
    fz_drop_pixmap(ctx, made);
    return by_mupdf();
  }
  made->x = left;
  made->y = top;
  return made;
}

void __wrap_fz_paint_image(fz_context* ctx, fz_pixmap* to, const fz_irect* scissor,
                           fz_pixmap* shape, fz_pixmap* group_alpha, fz_pixmap* image,
                           fz_matrix ctm, int alpha, int lerp_allowed, const void* overprint) {
  if (alpha == 255 && shape == nullptr && group_alpha == nullptr && overprint == nullptr &&
      cbzfs::PaintPlain(ctx, *to, *scissor, *image, ctm, lerp_allowed != 0)) {
    return;
  }
  __real_fz_paint_image(ctx, to, scissor, shape, group_alpha, image, ctm, alpha, lerp_allowed,
                        overprint);
}

void __wrap_fz_paint_image_with_color(fz_context* ctx, fz_pixmap* to, const fz_irect* scissor,
                                      fz_pixmap* shape, fz_pixmap* group_alpha, fz_pixmap* image,
                                      fz_matrix ctm, const unsigned char* color, int lerp_allowed,
                                      const void* overprint) {
  if (shape == nullptr && group_alpha == nullptr && overprint == nullptr &&
      cbzfs::PaintPlainMask(*to, *scissor, *image, ctm, color, lerp_allowed != 0)) {
    return;
  }
  __real_fz_paint_image_with_color(ctx, to, scissor, shape, group_alpha, image, ctm, color,
                                   lerp_allowed, overprint);
}

CbzfsSpanPainter* __wrap_fz_get_span_color_painter(int n, int da, const unsigned char* color,
                                                   const void* overprint) {
  if (da == 0 && overprint == nullptr && (n == 1 || n == 3) && color[n] == 255) {
    return n == 1 ? cbzfs::GraySpan : cbzfs::RgbSpan;
  }
  return __real_fz_get_span_color_painter(n, da, color, overprint);
}

void __wrap_fz_decode_tile(fz_context* ctx, fz_pixmap* tile, const float* decode) {
  if (tile->alpha || tile->n < 1 || tile->n > cbzfs::DecodeTables::kMostComponents ||
      int64_t{tile->w} * tile->h < 1024) {
    __real_fz_decode_tile(ctx, tile, decode);
    return;
  }
  cbzfs::Decode(cbzfs::DecodeTables(ctx, *tile, decode), tile);
}
}
// NOLINTEND(bugprone-reserved-identifier)
