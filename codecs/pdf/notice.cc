#include "codecs/pdf/notice.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "codecs/document/document.h"
#include "codecs/document/webp_chunks.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/image/webp_encode.h"
#include "codecs/image/webp_fit.h"
#include "codecs/pdf/notice_text.h"
#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {
namespace {

using absl::StatusCode;

// Letters under this many pixels an em, and pages with a side under that, have no text.
constexpr float kLeastText = 11;
constexpr uint32_t kLeastSide = 150;
// Letters of a page with room to spare, to its short side.
constexpr float kTextPerSide = 1.0F / 24;
constexpr float kMargin = 1.0F / 14;  // of the short side
constexpr float kWidestLine = 44;     // ems
// Smaller letters have fewer edges, and edges are what takes bytes.
constexpr float kTextScales[] = {1, 0.7F, 0.5F, 0.35F};
// The mark's height to the short side; a page that is all mark comes first.
constexpr float kMarkScales[] = {0.7F, 0.4F, 0.2F, 0.1F};
// What FitJpeg() goes down to before it takes detail away.
constexpr uint32_t kLowestQuality = 40;

class Canvas {
 public:
  Canvas(fz_context* ctx, const NoticePage& page) : ctx_(ctx), page_(page) {}
  ~Canvas() { fz_drop_pixmap(ctx_, pixmap_); }
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  // White again.
  absl::Status Clear() {
    return Try(ctx_, StatusCode::kInternal, [&] {
      if (pixmap_ == nullptr) {
        const fz_irect area = {0, 0, static_cast<int>(page_.width), static_cast<int>(page_.height)};
        pixmap_ = fz_new_pixmap_with_bbox(ctx_, fz_device_gray(ctx_), area, nullptr, 0);
      }
      fz_clear_pixmap_with_value(ctx_, pixmap_, 255);
    });
  }

  // `block` with its corner at (x, y), in letters of `size` pixels.
  absl::Status Write(const NoticeBlock& block, float size, float x, float y) {
    return Try(ctx_, StatusCode::kInternal, [&] { WriteImp(block, size, x, y); });
  }

  // An exclamation mark of this height in the middle.
  absl::Status Mark(float height) {
    return Try(ctx_, StatusCode::kInternal, [&] { MarkImp(height); });
  }

  RasterView raster() const {
    return {.pixels = pixmap_->samples,
            .width = page_.width,
            .height = page_.height,
            .components = 1,
            .stride = static_cast<uint64_t>(pixmap_->stride)};
  }

 private:
  void WriteImp(const NoticeBlock& block, float size, float x, float y) {
    fz_text* text = nullptr;
    fz_device* device = nullptr;
    fz_var(text);
    fz_var(device);
    fz_try(ctx_) {
      text = fz_new_text(ctx_);
      for (const PlacedGlyph& placed : block.glyphs) {
        const float em = size * placed.glyph.size;
        const fz_matrix place = {em, 0, 0, -em, x + size * placed.x, y + size * placed.y};
        fz_show_glyph(ctx_, text, placed.glyph.font, place, placed.glyph.glyph,
                      static_cast<int>(placed.glyph.code), 0, 0, FZ_BIDI_LTR, FZ_LANG_UNSET);
      }
      device = fz_new_draw_device(ctx_, fz_identity, pixmap_);
      const float black[] = {0};
      fz_fill_text(ctx_, device, text, fz_identity, fz_device_gray(ctx_), black, 1,
                   fz_default_color_params);
      fz_close_device(ctx_, device);
    }
    fz_always(ctx_) {
      fz_drop_device(ctx_, device);
      fz_drop_text(ctx_, text);
    }
    fz_catch(ctx_) { fz_rethrow(ctx_); }
  }

  // A wedge and, below it, a square.
  void MarkImp(float height) {
    const float x = static_cast<float>(page_.width) / 2;
    const float y = (static_cast<float>(page_.height) - height) / 2;
    fz_path* path = nullptr;
    fz_device* device = nullptr;
    fz_var(path);
    fz_var(device);
    fz_try(ctx_) {
      path = fz_new_path(ctx_);
      fz_moveto(ctx_, path, x - 0.14F * height, y);
      fz_lineto(ctx_, path, x + 0.14F * height, y);
      fz_lineto(ctx_, path, x + 0.09F * height, y + 0.68F * height);
      fz_lineto(ctx_, path, x - 0.09F * height, y + 0.68F * height);
      fz_closepath(ctx_, path);
      fz_rectto(ctx_, path, x - 0.11F * height, y + 0.78F * height, x + 0.11F * height, y + height);
      device = fz_new_draw_device(ctx_, fz_identity, pixmap_);
      const float black[] = {0};
      fz_fill_path(ctx_, device, path, 0, fz_identity, fz_device_gray(ctx_), black, 1,
                   fz_default_color_params);
      fz_close_device(ctx_, device);
    }
    fz_always(ctx_) {
      fz_drop_device(ctx_, device);
      fz_drop_path(ctx_, path);
    }
    fz_catch(ctx_) { fz_rethrow(ctx_); }
  }

  fz_context* const ctx_;
  const NoticePage page_;
  fz_pixmap* pixmap_ = nullptr;
};

uint64_t IccBytes(const NoticePage& page) {
  return page.icc ? WebpChunkBytes(SrgbProfile().size()) : 0;
}

// What can be tried, from the most telling to what takes the fewest bytes.
class Notice {
 public:
  Notice(const NoticeFonts& fonts, std::vector<NoticeParagraph> paragraphs, const NoticePage& page)
      : fonts_(fonts),
        paragraphs_(std::move(paragraphs)),
        page_(page),
        side_(static_cast<float>(std::min(page.width, page.height))),
        canvas_(fonts.ctx(), page) {}

  absl::StatusOr<FittedImage> Make() {
    const float size = TextSize();
    for (const float scale : kTextScales) {
      if (size * scale < kLeastText) break;
      if (absl::Status status = DrawText(size * scale); !status.ok()) return status;
      if (absl::StatusOr<bool> fits = Fits(); !fits.ok() || *fits) return Finish(fits.status());
    }
    for (const float scale : kMarkScales) {
      if (absl::Status status = canvas_.Clear(); !status.ok()) return status;
      if (absl::Status status = canvas_.Mark(side_ * scale); !status.ok()) return status;
      if (absl::StatusOr<bool> fits = Fits(); !fits.ok() || *fits) return Finish(fits.status());
    }
    return Finish(absl::OkStatus());
  }

 private:
  float BlockWidth(float size) const {
    const float room = static_cast<float>(page_.width) - 2 * kMargin * side_;
    return std::min(room / size, kWidestLine);
  }
  float BlockHeight(float size) const {
    return (static_cast<float>(page_.height) - 2 * kMargin * side_) / size;
  }

  // The largest letters with which all of the text fits; 0: no text.
  float TextSize() const {
    if (paragraphs_.empty() || side_ < kLeastSide) return 0;
    constexpr float kNoEnd = std::numeric_limits<float>::max();
    float size = std::max(side_ * kTextPerSide, kLeastText);
    while (size > kLeastText) {
      const NoticeBlock block = BreakNotice(fonts_, paragraphs_, BlockWidth(size), kNoEnd);
      if (block.height <= BlockHeight(size)) return size;
      size *= 0.9F;
    }
    return kLeastText;
  }

  absl::Status DrawText(float size) {
    if (absl::Status status = canvas_.Clear(); !status.ok()) return status;
    const float width = BlockWidth(size);
    const NoticeBlock block = BreakNotice(fonts_, paragraphs_, width, BlockHeight(size));
    // In the middle of the page, and somewhat above that: where a title would be.
    const float x = (static_cast<float>(page_.width) - width * size) / 2;
    const float y = (static_cast<float>(page_.height) - block.height * size) * 0.4F;
    return canvas_.Write(block, size, std::floor(x), std::floor(std::max(y, kMargin * side_)));
  }

  absl::StatusOr<bool> Fits() const {
    RasterRows rows(canvas_.raster());
    if (page_.format == PageFormat::kWebp) {
      const absl::StatusOr<WebpPicture> picture = WebpPicture::Read(rows);
      if (!picture.ok()) return picture.status();
      const absl::StatusOr<std::string> chunk = picture->Encode(kLowestQuality);
      if (!chunk.ok()) return chunk.status();
      return chunk->size() + IccBytes(page_) <= page_.max_payload;
    }
    const absl::StatusOr<std::string> payload = EncodeJpegPayload(rows, kLowestQuality, true);
    if (!payload.ok()) return payload.status();
    return payload->size() <= page_.max_payload;
  }

  absl::StatusOr<FittedImage> Finish(const absl::Status& status) const {
    if (!status.ok()) return status;
    if (page_.format == PageFormat::kJpeg) {
      return FitJpeg(canvas_.raster(), page_.quality, page_.max_payload);
    }
    RasterRows rows(canvas_.raster());
    return FitWebp(rows, {.quality = page_.quality,
                          .max_payload = page_.max_payload,
                          .profile = page_.icc ? std::string_view(SrgbProfile()) : ""});
  }

  const NoticeFonts& fonts_;
  const std::vector<NoticeParagraph> paragraphs_;
  const NoticePage page_;
  const float side_;
  Canvas canvas_;
};

}  // namespace

absl::StatusOr<FittedImage> DrawNotice(PdfEngine* engine, std::string_view text,
                                      const NoticePage& page) {
  if (page.width == 0 || page.height == 0 || page.width > kMaxPageSide ||
      page.height > kMaxPageSide || uint64_t{page.width} * page.height > kMaxPagePixels) {
    return absl::InvalidArgumentError("impossible page size");
  }
  const bool webp = page.format == PageFormat::kWebp;
  if (webp && std::max(page.width, page.height) > kMaxWebpSide) {
    return absl::InvalidArgumentError("impossible page size");
  }
  const uint64_t least = webp ? MinWebpPayload(page.width, page.height) + IccBytes(page)
                              : MinPayload(page.width, page.height);
  if (page.max_payload < least) {
    return absl::InvalidArgumentError("the page's place is too small for a notice");
  }
  NoticeFonts fonts(engine->impl()->ctx);
  if (absl::Status status = fonts.Load(); !status.ok()) return status;
  absl::StatusOr<std::vector<NoticeParagraph>> paragraphs = MeasureNotice(fonts, text);
  if (!paragraphs.ok()) return paragraphs.status();
  return Notice(fonts, *std::move(paragraphs), page).Make();
}

}  // namespace cbzfs
