// The part of PageScan that looks things up in the document: fonts, graphics states, XObjects,
// inline images, optional content, annotations.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "codecs/pdf/page_facts_scan.h"

namespace cbzfs {
namespace {

constexpr int kMaxFormDepth = 12;
constexpr uint32_t kMaxForms = 4096;
constexpr size_t kMaxFormMemory = 4u << 20;
constexpr size_t kMaxName = 127;
constexpr double kMostTiles = 100'000;

// Names in content may hold #xx where the dictionary's key does not.
struct Key {
  explicit Key(std::string_view name) {
    size_t n = 0;
    for (size_t i = 0; i < name.size() && n < kMaxName; ++i) {
      unsigned value = 0;
      if (name[i] == '#' && i + 2 < name.size() && Hex(name[i + 1], &value) &&
          Hex(name[i + 2], &value)) {
        text[n++] = static_cast<char>(value);
        i += 2;
      } else {
        text[n++] = name[i];
      }
    }
    text[n] = 0;
  }
  static bool Hex(char c, unsigned* value) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    *value = *value * 16 + static_cast<unsigned>(digit);
    return true;
  }
  char text[kMaxName + 1];
};

}  // namespace

pdf_obj* PageScan::Resource(Stream* s, pdf_obj* kind, std::string_view name) {
  const Key key(name);
  pdf_obj* found = nullptr;
  if (!Guard(ctx_, [&] {
        found = pdf_dict_gets(ctx_, pdf_dict_get(ctx_, s->resources, kind), key.text);
      })) {
    facts_->complete = false;
  }
  return found;
}

void PageScan::SetFont(Stream* s) {
  if (s->count > 0) s->state.font_size = s->numbers[s->count - 1];
  ++facts_->counts.fonts;
  auto known = s->fonts.find(s->name);
  if (known == s->fonts.end()) {
    float bytes = 1;
    bool type3 = false;
    pdf_obj* font = Resource(s, PDF_NAME(Font), s->name);
    Guard(ctx_, [&] {
      pdf_obj* subtype = pdf_dict_get(ctx_, font, PDF_NAME(Subtype));
      // Nearly all composite fonts are coded in two bytes.
      if (pdf_name_eq(ctx_, subtype, PDF_NAME(Type0))) bytes = 2;
      type3 = pdf_name_eq(ctx_, subtype, PDF_NAME(Type3)) != 0;
    });
    if (type3) facts_->type3 = true;
    known = s->fonts.emplace(std::string(s->name), bytes).first;
  }
  s->state.bytes_per_glyph = known->second;
}

// A tiling pattern with a tiny step is drawn tile by tile: 702 bytes can take 20 s.
void PageScan::LookAtPattern(Stream* s) {
  pdf_obj* pattern = Resource(s, PDF_NAME(Pattern), s->name);
  float step_x = 0;
  float step_y = 0;
  fz_matrix matrix = fz_identity;
  bool tiling = false;
  Guard(ctx_, [&] {
    tiling = pdf_dict_get_int(ctx_, pattern, PDF_NAME(PatternType)) == 1;
    step_x = pdf_dict_get_real(ctx_, pattern, PDF_NAME(XStep));
    step_y = pdf_dict_get_real(ctx_, pattern, PDF_NAME(YStep));
    matrix = pdf_dict_get_matrix(ctx_, pattern, PDF_NAME(Matrix));
  });
  if (!tiling) return;
  const double tile = std::fabs(
      static_cast<double>(step_x) * step_y *
      (static_cast<double>(matrix.a) * matrix.d - static_cast<double>(matrix.b) * matrix.c));
  const double page = static_cast<double>(box_.x1 - box_.x0) * (box_.y1 - box_.y0);
  if (!(page < tile * kMostTiles)) facts_->heavy = true;
}

void PageScan::SetGraphicsState(Stream* s) {
  pdf_obj* gs = Resource(s, PDF_NAME(ExtGState), s->name);
  if (gs == nullptr) return;
  bool transparent = s->state.transparent;
  float line_width = s->state.line_width;
  Guard(ctx_, [&] {
    pdf_obj* mask = pdf_dict_get(ctx_, gs, PDF_NAME(SMask));
    pdf_obj* blend = pdf_dict_get(ctx_, gs, PDF_NAME(BM));
    pdf_obj* alpha = pdf_dict_get(ctx_, gs, PDF_NAME(ca));
    pdf_obj* width = pdf_dict_get(ctx_, gs, PDF_NAME(LW));
    if (mask != nullptr) transparent = pdf_is_dict(ctx_, mask) != 0;
    if (blend != nullptr && !pdf_name_eq(ctx_, blend, PDF_NAME(Normal)) &&
        std::strcmp(pdf_to_name(ctx_, blend), "Compatible") != 0) {
      transparent = true;
    }
    if (alpha != nullptr && pdf_to_real(ctx_, alpha) < 1) transparent = true;
    if (width != nullptr) line_width = pdf_to_real(ctx_, width);
  });
  s->state.transparent = transparent;
  s->state.line_width = line_width;
}

void PageScan::Shade(Stream* s) {
  const double area = s->state.clip.x1 > s->state.clip.x0 && s->state.clip.y1 > s->state.clip.y0
                          ? (static_cast<double>(s->state.clip.x1) - s->state.clip.x0) *
                                (static_cast<double>(s->state.clip.y1) - s->state.clip.y0)
                          : 0;
  if (area <= 0) return;
  ++facts_->counts.shadings;
  facts_->counts.shade_area += area;
  if (s->state.optional) facts_->optional_content = true;
  colour_ = true;
  ++facts_->marks;
}

void PageScan::Object(Stream* s) {
  pdf_obj* object = Resource(s, PDF_NAME(XObject), s->name);
  if (object == nullptr) return;
  bool is_image = false;
  bool is_form = false;
  ImagePlacement image;
  if (!Guard(ctx_, [&] {
        pdf_obj* subtype = pdf_dict_get(ctx_, object, PDF_NAME(Subtype));
        is_image = pdf_name_eq(ctx_, subtype, PDF_NAME(Image)) != 0;
        is_form = pdf_name_eq(ctx_, subtype, PDF_NAME(Form)) != 0;
        if (!is_image) return;
        image.object = pdf_to_num(ctx_, object);
        DescribeImage(ctx_, object, &image);
      })) {
    facts_->complete = false;
    return;
  }
  if (is_image) Place(image, s);
  if (is_form) Form(object, s);
}

void PageScan::Form(pdf_obj* form, Stream* s) {
  if (s->depth >= kMaxFormDepth || ++forms_ > kMaxForms || bytes_ > limits_.max_content_bytes) {
    stopped_ = true;
    return;
  }
  Stream inner;
  inner.depth = s->depth + 1;
  inner.state = s->state;
  fz_rect box = fz_infinite_rect;
  fz_matrix matrix = fz_identity;
  int number = 0;
  bool group = false;
  bool optional = false;
  if (!Guard(ctx_, [&] {
        inner.resources = pdf_dict_get(ctx_, form, PDF_NAME(Resources));
        if (inner.resources == nullptr) inner.resources = s->resources;
        matrix = pdf_dict_get_matrix(ctx_, form, PDF_NAME(Matrix));
        box = pdf_dict_get_rect(ctx_, form, PDF_NAME(BBox));
        group = pdf_dict_get(ctx_, form, PDF_NAME(Group)) != nullptr;
        optional = pdf_dict_get(ctx_, form, PDF_NAME(OC)) != nullptr;
        number = pdf_to_num(ctx_, form);
      })) {
    facts_->complete = false;
    return;
  }
  inner.state.ctm = fz_concat(matrix, s->state.ctm);
  inner.state.optional = inner.state.optional || optional;
  const fz_rect bounds = fz_transform_rect(box, inner.state.ctm);
  inner.state.clip = fz_intersect_rect(inner.state.clip, bounds);
  if (inner.state.ctm.b != 0 && inner.state.ctm.a != 0) inner.state.clip_is_rect = false;
  ++facts_->counts.forms;
  if (group || s->state.transparent) ++facts_->counts.transparent_forms;
  if (fz_is_empty_rect(inner.state.clip)) return;

  auto known = form_content_.find(number);
  if (known == form_content_.end()) {
    std::string content;
    const size_t limit = static_cast<size_t>(limits_.max_content_bytes);
    if (!LoadContent(ctx_, doc_, form, limit, &content)) facts_->complete = false;
    size_t held = content.size();
    for (const auto& [object, bytes] : form_content_) held += bytes.size();
    if (number == 0 || held > kMaxFormMemory) {
      Run(content, &inner);
      return;
    }
    known = form_content_.emplace(number, std::move(content)).first;
  }
  Run(known->second, &inner);
}

void PageScan::InlineImage(ContentLexer* lexer, Stream* s) {
  ImagePlacement image;
  image.filter_count = 0;
  image.bits = 8;
  using Token = ContentLexer::Token;
  std::string_view key;
  bool want_value = false;
  for (Token token = lexer->Next(); token != Token::kEnd; token = lexer->Next()) {
    if (token == Token::kOperator && lexer->text() == "ID") break;
    if (token == Token::kName && !want_value) {
      key = lexer->text();
      want_value = true;
      continue;
    }
    const std::string_view text =
        token == Token::kName || token == Token::kOperator ? lexer->text() : std::string_view();
    const uint32_t number = static_cast<uint32_t>(
        token == Token::kNumber ? std::clamp(lexer->number(), 0.0, 1e6) : 0.0);
    if (token == Token::kArrayOpen) continue;
    if (key == "W" || key == "Width") image.width = number;
    if (key == "H" || key == "Height") image.height = number;
    if (key == "BPC" || key == "BitsPerComponent") image.bits = static_cast<uint8_t>(number & 31);
    if (key == "IM" || key == "ImageMask") image.mask = text == "true";
    if (key == "D" || key == "Decode") image.decode = true;
    if (key == "CS" || key == "ColorSpace") {
      image.components = text == "G" || text == "DeviceGray"      ? 1
                         : text == "RGB" || text == "DeviceRGB"   ? 3
                         : text == "CMYK" || text == "DeviceCMYK" ? 4
                                                                  : image.components;
      if (text == "I" || text == "Indexed") image.indexed = true;
    }
    if ((key == "F" || key == "Filter") && !text.empty()) {
      ++image.filter_count;
      image.filter = text == "DCT" || text == "DCTDecode"        ? ImageFilter::kDct
                     : text == "CCF" || text == "CCITTFaxDecode" ? ImageFilter::kFax
                                                                 : ImageFilter::kOther;
    }
    want_value = false;
  }
  if (image.mask) image.bits = image.components = 1;
  size_t raw = 0;
  if (image.filter_count == 0 && image.width < 65536 && image.height < 65536) {
    const size_t samples = size_t{image.width} * std::max<size_t>(1, image.components);
    raw = (samples * image.bits + 7) / 8 * image.height;
  }
  image.bytes = lexer->SkipInlineImage(raw);
  Place(image, s);
}

void PageScan::BeginMarked(Stream* s) {
  if (s->optional_depth > 0) {
    ++s->optional_depth;
    return;
  }
  // "/OC /Name BDC": the last name is the property list's.
  if (s->name.empty()) return;
  pdf_obj* properties = Resource(s, PDF_NAME(Properties), s->name);
  if (properties == nullptr) return;
  bool optional = false;
  Guard(ctx_, [&] {
    pdf_obj* type = pdf_dict_get(ctx_, properties, PDF_NAME(Type));
    optional = pdf_name_eq(ctx_, type, PDF_NAME(OCG)) || pdf_name_eq(ctx_, type, PDF_NAME(OCMD));
  });
  if (!optional) return;
  s->optional_depth = 1;
  s->state.optional = true;
}

void PageScan::CountAnnotations(pdf_obj* page) {
  uint32_t count = 0;
  if (!Guard(ctx_, [&] {
        pdf_obj* annots = pdf_dict_get(ctx_, page, PDF_NAME(Annots));
        const int n = std::min(pdf_array_len(ctx_, annots), 10'000);
        for (int i = 0; i < n; ++i) {
          pdf_obj* annot = pdf_array_get(ctx_, annots, i);
          if (pdf_dict_get(ctx_, annot, PDF_NAME(AP)) != nullptr) ++count;
        }
      })) {
    facts_->complete = false;
  }
  facts_->annotations = count;
}

}  // namespace cbzfs
