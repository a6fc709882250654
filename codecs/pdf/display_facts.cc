#include "codecs/pdf/display_facts.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {
namespace {

// As of page_facts.h.
constexpr size_t kMostImages = 4096;
// More marks than these, and drawing the page may take long.
constexpr uint32_t kMostMarks = 200'000;

// What the scan of a PDF counts as bytes of content, for marks that have none here.
constexpr double kBytesPerGlyph = 2;
constexpr double kBytesPerSegment = 12;
constexpr double kBytesPerMark = 20;

// A device that counts. MuPDF's C code makes and calls it, so it is plain data; what it finds goes
// to the facts of whoever runs it.
struct CountingDevice {
  fz_device base;
  PageFacts* facts;
  fz_cookie* cookie;
  bool text;
  bool colour;
  bool out_of_memory;
};

CountingDevice* Self(fz_device* device) { return reinterpret_cast<CountingDevice*>(device); }

double AreaOf(const fz_rect& rect) {
  if (fz_is_empty_rect(rect) || fz_is_infinite_rect(rect)) return 0;
  return static_cast<double>(rect.x1 - rect.x0) * (rect.y1 - rect.y0);
}

// Of a box what the clips leave.
fz_rect VisiblePart(fz_context* ctx, fz_device* device, const fz_rect& box) {
  return fz_intersect_rect(box, fz_device_current_scissor(ctx, device));
}

void Mark(CountingDevice* self) {
  if (++self->facts->marks <= kMostMarks) return;
  self->facts->heavy = true;
  self->facts->runaway = true;
  self->cookie->abort = 1;
}

void NoteColour(fz_context* ctx, CountingDevice* self, fz_colorspace* space, const float* color,
                fz_color_params params) {
  if (space == nullptr || fz_colorspace_is_gray(ctx, space) || self->colour) return;
  float rgb[3] = {0, 0, 0};
  fz_convert_color(ctx, space, color, fz_device_rgb(ctx), rgb, nullptr, params);
  self->colour = rgb[0] != rgb[1] || rgb[1] != rgb[2];
}

struct PathLength {
  fz_matrix ctm;
  fz_point at;
  fz_point start;
  double length;
  double segments;
};

void MoveTo(fz_context* /*ctx*/, void* arg, float x, float y) {
  auto* path = static_cast<PathLength*>(arg);
  path->at = path->start = fz_transform_point_xy(x, y, path->ctm);
}

void LineTo(fz_context* /*ctx*/, void* arg, float x, float y) {
  auto* path = static_cast<PathLength*>(arg);
  const fz_point to = fz_transform_point_xy(x, y, path->ctm);
  path->length += std::hypot(to.x - path->at.x, to.y - path->at.y);
  path->at = to;
  ++path->segments;
}

void CurveTo(fz_context* ctx, void* arg, float, float, float, float, float x, float y) {
  LineTo(ctx, arg, x, y);
}

void ClosePath(fz_context* /*ctx*/, void* arg) {
  auto* path = static_cast<PathLength*>(arg);
  path->length += std::hypot(path->start.x - path->at.x, path->start.y - path->at.y);
  path->at = path->start;
  ++path->segments;
}

PathLength Measure(fz_context* ctx, const fz_path* path, const fz_matrix& ctm) {
  static const fz_path_walker kWalker = {MoveTo,  LineTo,  CurveTo, ClosePath,
                                         nullptr, nullptr, nullptr, nullptr};
  PathLength length = {.ctm = ctm, .at = {}, .start = {}, .length = 0, .segments = 0};
  fz_walk_path(ctx, path, &kWalker, &length);
  return length;
}

// `stroke` of one that is stroked; null: it is filled.
void CountPath(fz_context* ctx, fz_device* device, const fz_path* path,
               const fz_stroke_state* stroke, const fz_matrix& ctm) {
  CountingDevice* self = Self(device);
  const fz_rect whole = fz_bound_path(ctx, path, stroke, ctm);
  const fz_rect seen = VisiblePart(ctx, device, whole);
  const double area = AreaOf(whole);
  const double share = area > 0 ? AreaOf(seen) / area : 1;
  if (!(share > 0)) return;
  const PathLength length = Measure(ctx, path, ctm);
  PageCounts& counts = self->facts->counts;
  counts.segments += length.segments * share;
  counts.content_bytes += length.segments * kBytesPerSegment;
  if (stroke != nullptr) {
    const double width = std::max(0.5, double{stroke->linewidth} * fz_matrix_expansion(ctm));
    counts.stroke_length += length.length * share;
    counts.stroke_area += length.length * share * width;
  } else {
    counts.fill_length += length.length * share;
    counts.fill_area += AreaOf(seen);
  }
  Mark(self);
}

void FillPath(fz_context* ctx, fz_device* device, const fz_path* path, int /*even_odd*/,
              fz_matrix ctm, fz_colorspace* space, const float* color, float /*alpha*/,
              fz_color_params params) {
  NoteColour(ctx, Self(device), space, color, params);
  CountPath(ctx, device, path, nullptr, ctm);
}

void StrokePath(fz_context* ctx, fz_device* device, const fz_path* path,
                const fz_stroke_state* stroke, fz_matrix ctm, fz_colorspace* space,
                const float* color, float /*alpha*/, fz_color_params params) {
  NoteColour(ctx, Self(device), space, color, params);
  CountPath(ctx, device, path, stroke, ctm);
}

// A glyph counts where its origin lies inside of the clips, or not further outside than it is high.
void CountText(fz_context* ctx, fz_device* device, const fz_text* text, fz_matrix ctm) {
  CountingDevice* self = Self(device);
  if (!self->text) return;
  const fz_rect clip = fz_device_current_scissor(ctx, device);
  PageCounts& counts = self->facts->counts;
  bool seen = false;
  for (const fz_text_span* span = text->head; span != nullptr; span = span->next) {
    const double size = std::min(1000.0, double{fz_matrix_expansion(fz_concat(span->trm, ctm))});
    int glyphs = 0;
    for (int i = 0; i < span->len; ++i) {
      const fz_point at = fz_transform_point_xy(span->items[i].x, span->items[i].y, ctm);
      const bool inside = at.x > clip.x0 - size && at.x < clip.x1 + size && at.y > clip.y0 - size &&
                          at.y < clip.y1 + size;
      glyphs += inside ? 1 : 0;
    }
    if (glyphs == 0) continue;
    seen = true;
    counts.glyphs += glyphs;
    counts.glyph_size += glyphs * size;
    counts.glyph_area += glyphs * size * size;
    counts.content_bytes += glyphs * kBytesPerGlyph;
    ++counts.fonts;
    if (fz_font_t3_procs(ctx, span->font) != nullptr) self->facts->type3 = true;
  }
  if (seen) Mark(self);
}

void FillText(fz_context* ctx, fz_device* device, const fz_text* text, fz_matrix ctm,
              fz_colorspace* space, const float* color, float /*alpha*/, fz_color_params params) {
  NoteColour(ctx, Self(device), space, color, params);
  CountText(ctx, device, text, ctm);
}

void StrokeText(fz_context* ctx, fz_device* device, const fz_text* text,
                const fz_stroke_state* /*stroke*/, fz_matrix ctm, fz_colorspace* space,
                const float* color, float /*alpha*/, fz_color_params params) {
  NoteColour(ctx, Self(device), space, color, params);
  CountText(ctx, device, text, ctm);
}

void FillShade(fz_context* ctx, fz_device* device, fz_shade* shade, fz_matrix ctm, float /*alpha*/,
               fz_color_params /*params*/) {
  CountingDevice* self = Self(device);
  ++self->facts->counts.shadings;
  self->facts->counts.shade_area +=
      AreaOf(VisiblePart(ctx, device, fz_bound_shade(ctx, shade, ctm)));
  self->colour = true;
  Mark(self);
}

ImageFilter FilterOf(int type) {
  switch (type) {
    case FZ_IMAGE_JPEG:
      return ImageFilter::kDct;
    case FZ_IMAGE_JPX:
      return ImageFilter::kJpx;
    case FZ_IMAGE_JBIG2:
      return ImageFilter::kJbig2;
    case FZ_IMAGE_FAX:
      return ImageFilter::kFax;
    case FZ_IMAGE_RAW:
      return ImageFilter::kNone;
    default:
      return ImageFilter::kFlate;  // PNG, GIF, TIFF and the like
  }
}

void CountImage(fz_context* ctx, fz_device* device, fz_image* image, const fz_matrix& ctm) {
  CountingDevice* self = Self(device);
  PageFacts* facts = self->facts;
  ImagePlacement placed;
  placed.width = static_cast<uint32_t>(std::max(0, image->w));
  placed.height = static_cast<uint32_t>(std::max(0, image->h));
  placed.bits = image->bpc;
  placed.components = image->n;
  placed.mask = image->imagemask != 0;
  placed.masked = image->mask != nullptr;
  placed.ctm = ctm;
  placed.clip = fz_device_current_scissor(ctx, device);
  placed.area = AreaOf(VisiblePart(ctx, device, fz_transform_rect(fz_unit_rect, ctm)));
  if (const fz_compressed_buffer* coded = fz_compressed_image_buffer(ctx, image)) {
    placed.filter = FilterOf(coded->params.type);
    placed.bytes = coded->buffer == nullptr ? 0 : coded->buffer->len;
  }
  if (!(placed.area > 0)) return;
  placed.mark = facts->marks;
  if (!placed.mask && !fz_colorspace_is_gray(ctx, image->colorspace)) self->colour = true;

  PageCounts::Images& kind =
      placed.filter == ImageFilter::kDct || placed.filter == ImageFilter::kJpx ? facts->counts.photo
      : placed.bits == 1 ? facts->counts.bilevel
                         : facts->counts.other;
  ++kind.count;
  kind.pixels += static_cast<double>(placed.width) * placed.height;
  kind.bytes += static_cast<double>(placed.bytes);
  kind.area += placed.area;
  Mark(self);
  if (facts->images.size() >= kMostImages) return;
  try {
    facts->images.push_back(placed);
  } catch (const std::bad_alloc&) {
    self->out_of_memory = true;
  }
  if (self->out_of_memory) fz_throw(ctx, FZ_ERROR_MEMORY, "no memory for a list of images");
}

void FillImage(fz_context* ctx, fz_device* device, fz_image* image, fz_matrix ctm, float /*alpha*/,
               fz_color_params /*params*/) {
  CountImage(ctx, device, image, ctm);
}

void FillImageMask(fz_context* ctx, fz_device* device, fz_image* image, fz_matrix ctm,
                   fz_colorspace* space, const float* color, float /*alpha*/,
                   fz_color_params params) {
  NoteColour(ctx, Self(device), space, color, params);
  CountImage(ctx, device, image, ctm);
}

void BeginGroup(fz_context* /*ctx*/, fz_device* device, fz_rect /*area*/, fz_colorspace* /*space*/,
                int /*isolated*/, int /*knockout*/, int /*blendmode*/, float /*alpha*/) {
  ++Self(device)->facts->counts.transparent_forms;
}

int BeginTile(fz_context* /*ctx*/, fz_device* device, fz_rect /*area*/, fz_rect /*view*/,
              float /*xstep*/, float /*ystep*/, fz_matrix /*ctm*/, int /*id*/) {
  ++Self(device)->facts->counts.patterns;
  return 0;
}

void Run(fz_context* ctx, fz_page* page, bool text, PageFacts* facts, bool* colour) {
  fz_cookie cookie = {};
  CountingDevice* device = fz_new_derived_device(ctx, CountingDevice);
  device->facts = facts;
  device->cookie = &cookie;
  device->text = text;
  device->base.fill_path = FillPath;
  device->base.stroke_path = StrokePath;
  device->base.fill_text = FillText;
  device->base.stroke_text = StrokeText;
  device->base.fill_shade = FillShade;
  device->base.fill_image = FillImage;
  device->base.fill_image_mask = FillImageMask;
  device->base.begin_group = BeginGroup;
  device->base.begin_tile = BeginTile;
  fz_try(ctx) {
    fz_run_page(ctx, page, &device->base, fz_identity, &cookie);
    fz_close_device(ctx, &device->base);
    facts->complete = cookie.errors == 0 && cookie.abort == 0;
  }
  fz_always(ctx) {
    *colour = device->colour;
    fz_drop_device(ctx, &device->base);
  }
  fz_catch(ctx) { fz_rethrow(ctx); }
}

}  // namespace

PageFacts FactsOfDisplay(fz_context* ctx, fz_page* page, bool text) {
  PageFacts facts;
  bool colour = true;
  const absl::Status status =
      Try(ctx, absl::StatusCode::kDataLoss, [&] { Run(ctx, page, text, &facts, &colour); });
  if (!status.ok()) facts.complete = false;
  facts.gray = facts.complete && !colour && !facts.type3;
  facts.counts.operators = facts.marks;
  facts.counts.content_bytes += facts.marks * kBytesPerMark;
  return facts;
}

}  // namespace cbzfs
