#include "codecs/pdf/page_box.h"

#include <algorithm>
#include <cmath>

namespace cbzfs {
namespace {

int SnappedRotation(fz_context* ctx, pdf_obj* page) {
  int rotate = pdf_to_int(ctx, pdf_dict_get_inheritable(ctx, page, PDF_NAME(Rotate))) % 360;
  if (rotate < 0) rotate += 360;
  return (rotate + 45) / 90 % 4 * 90;
}

double Side(float from, float to, float zoom) {
  const double side = (double{to} - double{from}) * zoom;
  return std::isfinite(side) && side > 1 ? side : 1;
}

}  // namespace

PageBox PageBox::FromObject(fz_context* ctx, pdf_obj* page, AnalyseOptions::Box which) {
  PageBox result;
  pdf_obj* copy = nullptr;
  fz_var(copy);
  fz_try(ctx) {
    if (which == AnalyseOptions::Box::kMedia &&
        pdf_dict_get_inheritable(ctx, page, PDF_NAME(CropBox)) != nullptr) {
      copy = CopyPageWithoutCropBox(ctx, page);
    }
    pdf_page_obj_transform(ctx, copy != nullptr ? copy : page, &result.box, &result.ctm);
    result.bounds = fz_transform_rect(result.box, result.ctm);
    result.rotate = SnappedRotation(ctx, page);
  }
  fz_always(ctx) { pdf_drop_obj(ctx, copy); }
  fz_catch(ctx) { fz_rethrow(ctx); }
  return result;
}

PixelSize PageBox::PixelsAt(float dpi) const {
  const float zoom = dpi / 72;
  // fz_round_rect saturates at 2^24, far over the limit of a side: take sizes near it apart.
  double width = Side(bounds.x0, bounds.x1, zoom);
  double height = Side(bounds.y0, bounds.y1, zoom);
  if (width < 1e6 && height < 1e6) {
    const fz_irect area = fz_round_rect(fz_transform_rect(bounds, fz_scale(zoom, zoom)));
    width = std::max(1, area.x1 - area.x0);
    height = std::max(1, area.y1 - area.y0);
  }
  const double asked = width;
  if (width * height > double{kMaxPagePixels}) {
    const double ratio = std::sqrt(double{kMaxPagePixels} / (width * height));
    width = std::floor(width * ratio);
    height = std::floor(height * ratio);
  }
  if (std::max(width, height) > kMaxPageSide) {
    const double ratio = kMaxPageSide / std::max(width, height);
    width = std::floor(width * ratio);
    height = std::floor(height * ratio);
  }
  PixelSize size;
  size.width = static_cast<uint32_t>(std::clamp(width, 1.0, double{kMaxPageSide}));
  size.height = static_cast<uint32_t>(std::clamp(height, 1.0, double{kMaxPageSide}));
  size.dpi = size.width == asked ? dpi : static_cast<float>(dpi * size.width / asked);
  return size;
}

DrawGeometry GeometryFor(fz_rect bounds, float dpi, uint32_t width, uint32_t height) {
  const int w = static_cast<int>(width);
  const int h = static_cast<int>(height);
  DrawGeometry geometry;
  geometry.ctm = fz_scale(dpi / 72, dpi / 72);
  geometry.area = fz_round_rect(fz_transform_rect(bounds, geometry.ctm));
  if (geometry.area.x1 - geometry.area.x0 == w && geometry.area.y1 - geometry.area.y0 == h) {
    return geometry;
  }
  // Made smaller, or of no size at all: stretched to fill whole pixels.
  const float page_width = std::max(bounds.x1 - bounds.x0, 1e-3f);
  const float page_height = std::max(bounds.y1 - bounds.y0, 1e-3f);
  geometry.ctm = fz_concat(fz_translate(-bounds.x0, -bounds.y0),
                           fz_scale(width / page_width, height / page_height));
  geometry.area = {0, 0, w, h};
  return geometry;
}

pdf_obj* CopyPageWithoutCropBox(fz_context* ctx, pdf_obj* page) {
  pdf_obj* copy = pdf_copy_dict(ctx, page);
  fz_try(ctx) {
    pdf_obj* media = pdf_dict_get_inheritable(ctx, page, PDF_NAME(MediaBox));
    // An empty CropBox reads as none, and hides an inherited one.
    if (media != nullptr) {
      pdf_dict_put(ctx, copy, PDF_NAME(CropBox), media);
    } else {
      pdf_dict_put_rect(ctx, copy, PDF_NAME(CropBox), fz_empty_rect);
    }
  }
  fz_catch(ctx) {
    pdf_drop_obj(ctx, copy);
    fz_rethrow(ctx);
  }
  return copy;
}

}  // namespace cbzfs
