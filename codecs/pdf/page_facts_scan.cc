#include "codecs/pdf/page_facts_scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace cbzfs {
namespace {

constexpr uint64_t kMaxOperators = 4'000'000;
constexpr size_t kMaxSaved = 512;
constexpr size_t kMaxPlacements = 4096;

double Area(const fz_rect& r) {
  return r.x1 > r.x0 && r.y1 > r.y0
             ? (static_cast<double>(r.x1) - r.x0) * (static_cast<double>(r.y1) - r.y0)
             : 0;
}

fz_rect Meet(const fz_rect& a, const fz_rect& b) {
  return {std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
}

void Include(fz_rect* r, fz_point p) {
  r->x0 = std::min(r->x0, p.x);
  r->y0 = std::min(r->y0, p.y);
  r->x1 = std::max(r->x1, p.x);
  r->y1 = std::max(r->y1, p.y);
}

constexpr fz_rect kNothing = {1e9f, 1e9f, -1e9f, -1e9f};

bool IsUpright(const fz_matrix& m) { return (m.b == 0 && m.c == 0) || (m.a == 0 && m.d == 0); }

float Expansion(const fz_matrix& m) { return std::sqrt(std::fabs(m.a * m.d - m.b * m.c)); }

}  // namespace

void PageScan::RunPage(pdf_obj* page) {
  Stream stream;
  pdf_obj* contents = nullptr;
  facts_->complete = true;
  if (!Guard(ctx_, [&] {
        stream.resources = pdf_dict_get_inheritable(ctx_, page, PDF_NAME(Resources));
        contents = pdf_dict_get(ctx_, page, PDF_NAME(Contents));
      })) {
    facts_->complete = false;
  }
  if (contents != nullptr) {
    std::string content;
    if (!LoadContent(ctx_, doc_, contents, limits_.max_content_bytes, &content)) {
      facts_->complete = false;
    }
    stream.state.clip = box_;
    stream.path.bounds = kNothing;
    Run(content, &stream);
  }
  CountAnnotations(page);
  if (stopped_) {
    facts_->complete = false;
    facts_->heavy = true;
  }
  facts_->runaway = stopped_;
  facts_->gray = facts_->complete && !colour_ && !facts_->type3 && facts_->annotations == 0;
  facts_->counts.content_bytes = static_cast<double>(bytes_);
  facts_->counts.operators = static_cast<double>(operators_);
}

void PageScan::Run(std::string_view content, Stream* s) {
  bytes_ += content.size();
  ContentLexer lexer(content);
  using Token = ContentLexer::Token;
  while (!stopped_) {
    switch (lexer.Next()) {
      case Token::kEnd:
        return;
      case Token::kNumber:
        if (s->count == 8) {
          std::memmove(s->numbers, s->numbers + 1, 7 * sizeof(float));
          --s->count;
        }
        s->numbers[s->count++] = static_cast<float>(lexer.number());
        break;
      case Token::kName:
        s->name = lexer.text();
        break;
      case Token::kString:
        s->string_bytes += lexer.string_bytes();
        break;
      case Token::kOperator:
        if (++operators_ > kMaxOperators) stopped_ = true;
        if (lexer.text().size() <= 3) Operate(Op(lexer.text()), &lexer, s);
        s->count = 0;
        s->string_bytes = 0;
        s->name = {};
        break;
      default:
        break;
    }
  }
}

void PageScan::Operate(uint32_t op, ContentLexer* lexer, Stream* s) {
  if (PathOperator(op, s) || TextOperator(op, s) || StateOperator(op, s)) return;
  switch (op) {
    case Op("Do"):
      return Object(s);
    case Op("BI"):
      return InlineImage(lexer, s);
    case Op("sh"):
      return Shade(s);
    case Op("BDC"):
      return BeginMarked(s);
    case Op("BMC"):
      if (s->optional_depth > 0) ++s->optional_depth;
      return;
    case Op("EMC"):
      if (s->optional_depth > 0 && --s->optional_depth == 0) s->state.optional = false;
      return;
    default:
      return ColourOperator(op, s);
  }
}

bool PageScan::StateOperator(uint32_t op, Stream* s) {
  switch (op) {
    case Op("q"):
      if (s->saved.size() < kMaxSaved) s->saved.push_back(s->state);
      return true;
    case Op("Q"):
      if (!s->saved.empty()) {
        s->state = s->saved.back();
        s->saved.pop_back();
      }
      return true;
    case Op("cm"):
      if (s->count >= 6) {
        const float* n = s->numbers + s->count - 6;
        s->state.ctm = fz_concat(fz_make_matrix(n[0], n[1], n[2], n[3], n[4], n[5]), s->state.ctm);
      }
      return true;
    case Op("w"):
      if (s->count > 0) s->state.line_width = s->numbers[s->count - 1];
      return true;
    case Op("gs"):
      SetGraphicsState(s);
      return true;
    default:
      return false;
  }
}

bool PageScan::PathOperator(uint32_t op, Stream* s) {
  const float* n = s->numbers + std::max(0, s->count - 6);
  switch (op) {
    case Op("m"):
      if (s->count >= 2) Point(s, s->numbers[s->count - 2], s->numbers[s->count - 1], false);
      return true;
    case Op("l"):
      if (s->count >= 2) Point(s, s->numbers[s->count - 2], s->numbers[s->count - 1], true);
      return true;
    case Op("c"):
      if (s->count >= 6) {
        Point(s, n[2], n[3], true);
        Point(s, n[4], n[5], true);
      }
      return true;
    case Op("v"):
    case Op("y"):
      if (s->count >= 4) Point(s, s->numbers[s->count - 2], s->numbers[s->count - 1], true);
      return true;
    case Op("h"):
      Point(s, s->path.start.x, s->path.start.y, true);
      return true;
    case Op("re"):
      Rect(s);
      return true;
    case Op("W"):
    case Op("W*"):
      s->path.clips = true;
      return true;
    case Op("n"):
      Paint(s, false, false);
      return true;
    case Op("S"):
    case Op("s"):
      Paint(s, false, true);
      return true;
    case Op("f"):
    case Op("F"):
    case Op("f*"):
      Paint(s, true, false);
      return true;
    case Op("B"):
    case Op("B*"):
    case Op("b"):
    case Op("b*"):
      Paint(s, true, true);
      return true;
    default:
      return false;
  }
}

bool PageScan::TextOperator(uint32_t op, Stream* s) {
  const int count = s->count;
  switch (op) {
    case Op("Tf"):
      SetFont(s);
      return true;
    case Op("Tr"):
      if (count > 0) s->state.text_mode = static_cast<int>(s->numbers[count - 1]);
      return true;
    case Op("BT"):
      s->text_matrix = fz_identity;
      return true;
    case Op("Tm"):
      if (count >= 6) {
        const float* n = s->numbers + count - 6;
        s->text_matrix = fz_make_matrix(n[0], n[1], n[2], n[3], n[4], n[5]);
      }
      return true;
    case Op("Td"):
    case Op("TD"):
      if (count >= 2) {
        s->text_matrix =
            fz_pre_translate(s->text_matrix, s->numbers[count - 2], s->numbers[count - 1]);
      }
      return true;
    case Op("Tj"):
    case Op("TJ"):
    case Op("'"):
    case Op("\""):
      ShowText(s);
      return true;
    default:
      return false;
  }
}

void PageScan::ColourOperator(uint32_t op, Stream* s) {
  const float* n = s->numbers + std::max(0, s->count - 3);
  switch (op) {
    case Op("g"):
    case Op("G"):
      if (op == Op("g")) s->state.pattern = false;
      return;
    case Op("rg"):
    case Op("RG"):
      if (op == Op("rg")) s->state.pattern = false;
      if (s->count < 3 || n[0] != n[1] || n[1] != n[2]) colour_ = true;
      return;
    case Op("k"):
    case Op("K"):
      s->state.pattern = false;
      colour_ = true;  // MuPDF's black of CMYK is not quite neutral
      return;
    case Op("cs"):
    case Op("CS"):
      if (s->name != "DeviceGray") colour_ = true;
      return;
    case Op("scn"):
    case Op("SCN"):
      s->state.pattern = !s->name.empty();
      if (s->state.pattern) {
        colour_ = true;
        LookAtPattern(s);
      }
      return;
    default:
      return;
  }
}

fz_rect PageScan::Visible(const Stream& s, const fz_rect& bounds) const {
  return Meet(bounds, s.state.clip);
}

void PageScan::Point(Stream* s, float x, float y, bool draw) {
  Path& path = s->path;
  const fz_point p = fz_transform_point_xy(x, y, s->state.ctm);
  Include(&path.bounds, p);
  if (draw) {
    const fz_point from = fz_transform_point(path.at, s->state.ctm);
    path.length += std::hypot(p.x - from.x, p.y - from.y);
    ++path.segments;
  } else {
    path.start = {x, y};
  }
  path.only_rects = false;
  path.at = {x, y};
}

void PageScan::Rect(Stream* s) {
  if (s->count < 4) return;
  const float* n = s->numbers + s->count - 4;
  const fz_matrix& m = s->state.ctm;
  Path& path = s->path;
  Include(&path.bounds, fz_transform_point_xy(n[0], n[1], m));
  Include(&path.bounds, fz_transform_point_xy(n[0] + n[2], n[1], m));
  Include(&path.bounds, fz_transform_point_xy(n[0], n[1] + n[3], m));
  Include(&path.bounds, fz_transform_point_xy(n[0] + n[2], n[1] + n[3], m));
  path.length +=
      2 * (std::fabs(n[2]) * std::hypot(m.a, m.b) + std::fabs(n[3]) * std::hypot(m.c, m.d));
  path.segments += 4;
  ++path.rects;
  path.only_rects = path.only_rects && IsUpright(m);
  path.start = path.at = {n[0], n[1]};
}

void PageScan::Paint(Stream* s, bool fill, bool stroke) {
  Path& path = s->path;
  if ((fill || stroke) && path.segments > 0) {
    const float width = std::max(0.5f, s->state.line_width * Expansion(s->state.ctm));
    fz_rect bounds = path.bounds;
    if (stroke)
      bounds = {bounds.x0 - width, bounds.y0 - width, bounds.x1 + width, bounds.y1 + width};
    const double whole = Area(bounds);
    const double area = Area(Visible(*s, bounds));
    // A fill of no width still leaves a hairline.
    if (area > 0 || (fill && whole == 0)) {
      const double share = whole > 0 ? area / whole : 1;
      PageCounts& counts = facts_->counts;
      counts.segments += path.segments * share;
      if (stroke) {
        counts.stroke_length += path.length * share;
        counts.stroke_area += path.length * share * width;
      }
      if (fill) {
        counts.fill_length += path.length * share;
        counts.fill_area += area;
      }
      if (fill && s->state.pattern) ++counts.patterns;
      if (s->state.optional) facts_->optional_content = true;
      ++facts_->marks;
    }
  }
  if (path.clips) {
    s->state.clip_is_rect = s->state.clip_is_rect && path.only_rects && path.rects == 1;
    s->state.clip = Meet(s->state.clip, path.bounds);
  }
  path = Path();
  path.bounds = kNothing;
}

void PageScan::ShowText(Stream* s) {
  if (s->string_bytes == 0 || s->state.text_mode == 3 || s->state.text_mode == 7) return;
  const fz_matrix m = fz_concat(s->text_matrix, s->state.ctm);
  const fz_rect at = {m.e - 0.01f, m.f - 0.01f, m.e + 0.01f, m.f + 0.01f};
  // Text is placed where its line begins, near enough; a line that begins outside the page can
  // still reach into it, so only what lies to the right, above or below is left out.
  const fz_rect& clip = s->state.clip;
  const double size = std::fabs(s->state.font_size) * Expansion(m);
  if (at.x0 > clip.x1 || at.y0 > clip.y1 + size || at.y1 < clip.y0 - size || size < 0.01) return;
  const double glyphs = static_cast<double>(s->string_bytes) / s->state.bytes_per_glyph;
  PageCounts& counts = facts_->counts;
  counts.glyphs += glyphs;
  counts.glyph_size += glyphs * std::min(size, 1000.0);
  counts.glyph_area += glyphs * std::min(size, 1000.0) * std::min(size, 1000.0);
  if (s->state.optional) facts_->optional_content = true;
  ++facts_->marks;
}

void PageScan::Place(ImagePlacement image, Stream* s) {
  image.ctm = s->state.ctm;
  image.clip = s->state.clip;
  image.clip_is_rect = s->state.clip_is_rect;
  image.optional = image.optional || s->state.optional;
  image.transparent = s->state.transparent;
  const fz_rect bounds = fz_transform_rect(fz_unit_rect, image.ctm);
  image.area = Area(Visible(*s, bounds));
  if (image.optional) facts_->optional_content = true;
  if (!(image.area > 0)) return;
  const bool gray = image.components == 1 && !image.indexed && !s->state.pattern;
  if (!gray) colour_ = true;
  image.mark = facts_->marks++;
  const bool photo = image.filter == ImageFilter::kDct || image.filter == ImageFilter::kJpx;
  PageCounts::Images& kind = photo             ? facts_->counts.photo
                             : image.bits == 1 ? facts_->counts.bilevel
                                               : facts_->counts.other;
  kind.count += 1;
  kind.pixels += static_cast<double>(image.width) * image.height;
  kind.bytes += static_cast<double>(image.bytes);
  kind.area += image.area;
  if (facts_->images.size() < kMaxPlacements) {
    facts_->images.push_back(image);
  } else {
    facts_->complete = false;
  }
}

}  // namespace cbzfs
