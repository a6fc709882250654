#include "codecs/pdf/lone_jpeg.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

namespace cbzfs {
namespace {

// A dense page of invisible OCR text has some 150 000 tokens. Past this the page is drawn.
constexpr int kMaxTokens = 500'000;
constexpr int kMaxSaved = 64;   // depth of q
constexpr int kMaxDepth = 6;    // of forms in forms
constexpr int kMaxForms = 200;  // in all
constexpr int kMaxNumbers = 8;
constexpr int kInvisible = 3;  // text rendering mode

// How far a clip may cut into the page, in points, and still hide nothing that could be seen.
constexpr float kClipSlack = 0.05f;

struct State {
  fz_matrix ctm;
  int text_mode;
};

struct Scan {
  fz_context* ctx;
  pdf_document* doc;
  fz_rect box;
  LoneJpeg result;
  WhyDrawn why = WhyDrawn::kUnknown;  // nothing speaks against it so far
  int tokens = 0;
  int forms = 0;
};

// The first reason counts, and ends the scan.
void Refuse(Scan* scan, WhyDrawn why) {
  if (scan->why == WhyDrawn::kUnknown) scan->why = why;
}

// One content stream: the page's, or a form's.
struct Stream {
  pdf_obj* resources = nullptr;
  State state = {};
  State saved[kMaxSaved];
  int depth = 0;
  // Operands since the last operator.
  float numbers[kMaxNumbers] = {};
  int count = 0;
  char name[128] = {};   // the last name
  char first[128] = {};  // the first one; BDC has two
  int names = 0;
  bool dictionary = false;
  // The path since the last painting operator.
  int subpaths = 0;
  bool only_rect = true;
  fz_rect rect = {};  // in default user space
  bool clip = false;
};

void RunStream(Scan* scan, pdf_obj* contents, pdf_obj* resources, State state, int form_depth);

bool Contains(fz_rect outer, fz_rect inner) {
  return outer.x0 <= inner.x0 + kClipSlack && outer.y0 <= inner.y0 + kClipSlack &&
         outer.x1 >= inner.x1 - kClipSlack && outer.y1 >= inner.y1 - kClipSlack;
}

bool IsUpright(fz_matrix m) { return (m.b == 0 && m.c == 0) || (m.a == 0 && m.d == 0); }

void AddRect(Stream* s) {
  const float x = s->numbers[0], y = s->numbers[1], w = s->numbers[2], h = s->numbers[3];
  ++s->subpaths;
  s->only_rect = s->only_rect && s->subpaths == 1 && IsUpright(s->state.ctm);
  const fz_rect rect = {std::min(x, x + w), std::min(y, y + h), std::max(x, x + w),
                        std::max(y, y + h)};
  s->rect = fz_transform_rect(rect, s->state.ctm);
}

// n, behind W: the path becomes the clip.
void EndPath(Scan* scan, Stream* s) {
  if (s->clip && !(s->only_rect && s->subpaths == 1 && Contains(s->rect, scan->box))) {
    Refuse(scan, WhyDrawn::kClipped);
  }
  s->subpaths = 0;
  s->only_rect = true;
  s->clip = false;
}

// True when a key is there and says anything but the names given.
bool IsOtherThan(fz_context* ctx, pdf_obj* value, std::initializer_list<const char*> harmless) {
  if (value == nullptr) return false;
  if (pdf_is_array(ctx, value)) value = pdf_array_get(ctx, value, 0);
  const char* name = pdf_to_name(ctx, value);
  return std::none_of(harmless.begin(), harmless.end(),
                      [name](const char* h) { return std::strcmp(h, name) == 0; });
}

void ApplyGraphicsState(Scan* scan, Stream* s) {
  fz_context* ctx = scan->ctx;
  pdf_obj* dict = pdf_dict_gets(ctx, pdf_dict_get(ctx, s->resources, PDF_NAME(ExtGState)), s->name);
  const auto opaque = [&](pdf_obj* alpha) {
    return alpha == nullptr || pdf_to_real(ctx, alpha) >= 1;
  };
  if (!opaque(pdf_dict_get(ctx, dict, PDF_NAME(ca))) ||
      !opaque(pdf_dict_get(ctx, dict, PDF_NAME(CA))) ||
      IsOtherThan(ctx, pdf_dict_get(ctx, dict, PDF_NAME(BM)), {"Normal", "Compatible"}) ||
      IsOtherThan(ctx, pdf_dict_get(ctx, dict, PDF_NAME(SMask)), {"None"}) ||
      IsOtherThan(ctx, pdf_dict_get(ctx, dict, PDF_NAME(TR)), {"Identity"}) ||
      IsOtherThan(ctx, pdf_dict_get(ctx, dict, PDF_NAME(TR2)), {"Identity", "Default"}) ||
      pdf_dict_get(ctx, dict, PDF_NAME(Font)) != nullptr) {
    Refuse(scan, WhyDrawn::kTransparent);
  }
}

void DoForm(Scan* scan, Stream* s, pdf_obj* form, int form_depth) {
  fz_context* ctx = scan->ctx;
  State state = s->state;
  state.ctm = fz_concat(pdf_xobject_matrix(ctx, form), state.ctm);
  const fz_rect clip = fz_transform_rect(pdf_xobject_bbox(ctx, form), state.ctm);
  const bool had_image = scan->result.image != nullptr;
  pdf_obj* resources = pdf_xobject_resources(ctx, form);
  RunStream(scan, form, resources != nullptr ? resources : s->resources, state, form_depth + 1);
  // The form's box only matters when there is something inside for it to clip.
  const bool has_image = scan->result.image != nullptr;
  if (has_image && !had_image && !(IsUpright(state.ctm) && Contains(clip, scan->box))) {
    Refuse(scan, WhyDrawn::kClipped);
  }
}

// Coded by DCTDecode and by nothing around it.
bool IsJpeg(fz_context* ctx, pdf_obj* image) {
  pdf_obj* filter = pdf_dict_get(ctx, image, PDF_NAME(Filter));
  if (pdf_is_array(ctx, filter)) {
    if (pdf_array_len(ctx, filter) != 1) return false;
    filter = pdf_array_get(ctx, filter, 0);
  }
  return pdf_name_eq(ctx, filter, PDF_NAME(DCTDecode)) || pdf_name_eq(ctx, filter, PDF_NAME(DCT));
}

// Of an XObject that is neither the first image, coded as a JPEG, nor a form to look into.
WhyDrawn WhyOf(fz_context* ctx, const Scan* scan, pdf_obj* subtype, pdf_obj* object) {
  if (!pdf_name_eq(ctx, subtype, PDF_NAME(Image))) return WhyDrawn::kLines;
  return scan->result.image == nullptr && !IsJpeg(ctx, object) ? WhyDrawn::kNotJpeg
                                                               : WhyDrawn::kSecondImage;
}

void DoXObject(Scan* scan, Stream* s, int form_depth) {
  fz_context* ctx = scan->ctx;
  pdf_obj* object = pdf_dict_gets(ctx, pdf_dict_get(ctx, s->resources, PDF_NAME(XObject)), s->name);
  pdf_obj* subtype = pdf_dict_get(ctx, object, PDF_NAME(Subtype));
  pdf_obj* group = pdf_dict_get(ctx, object, PDF_NAME(OC));
  // NOLINTNEXTLINE(bugprone-branch-clone): what is hidden is not what is unknown
  if (group != nullptr && pdf_is_ocg_hidden(ctx, scan->doc, s->resources, "View", group)) {
    Refuse(scan, WhyDrawn::kLayers);
  } else if (pdf_name_eq(ctx, subtype, PDF_NAME(Image)) && scan->result.image == nullptr &&
             IsJpeg(ctx, object)) {
    scan->result.image = object;
    scan->result.ctm = s->state.ctm;
  } else if (pdf_name_eq(ctx, subtype, PDF_NAME(Form)) && form_depth < kMaxDepth &&
             ++scan->forms <= kMaxForms) {
    DoForm(scan, s, object, form_depth);
  } else {
    Refuse(scan, WhyOf(ctx, scan, subtype, object));
  }
}

void SelectFont(Scan* scan, Stream* s) {
  fz_context* ctx = scan->ctx;
  pdf_obj* font = pdf_dict_gets(ctx, pdf_dict_get(ctx, s->resources, PDF_NAME(Font)), s->name);
  // Type 3 glyphs are content streams; the rendering mode does not hide them.
  if (pdf_name_eq(ctx, pdf_dict_get(ctx, font, PDF_NAME(Subtype)), PDF_NAME(Type3))) {
    Refuse(scan, WhyDrawn::kText);
  }
}

void BeginMarked(Scan* scan, Stream* s) {
  if (s->names == 0 || std::strcmp(s->first, "OC") != 0) return;
  fz_context* ctx = scan->ctx;
  pdf_obj* group =
      pdf_dict_gets(ctx, pdf_dict_get(ctx, s->resources, PDF_NAME(Properties)), s->name);
  if (s->names < 2 || s->dictionary || group == nullptr ||
      pdf_is_ocg_hidden(ctx, scan->doc, s->resources, "View", group)) {
    Refuse(scan, WhyDrawn::kLayers);
  }
}

bool IsOneOf(std::string_view op, std::initializer_list<std::string_view> ops) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

void SaveOrRestore(Scan* scan, Stream* s, bool save) {
  if (save) {
    if (s->depth == kMaxSaved) {
      Refuse(scan, WhyDrawn::kLines);
    } else {
      s->saved[s->depth++] = s->state;
    }
  } else if (s->depth > 0) {
    s->state = s->saved[--s->depth];
  }
}

void RunPathOperator(Scan* scan, Stream* s, std::string_view op) {
  if (op == "re") {
    AddRect(s);
  } else if (op == "W" || op == "W*") {
    s->clip = true;
  } else if (op == "n") {
    EndPath(scan, s);
  } else {  // m l c v y h
    if (op != "h") s->only_rect = false;
  }
}

void RunOperator(Scan* scan, Stream* s, std::string_view op, int form_depth) {
  const float* n = s->numbers;
  if (op == "q" || op == "Q") {
    SaveOrRestore(scan, s, op == "q");
  } else if (op == "cm") {
    s->state.ctm = fz_concat(fz_make_matrix(n[0], n[1], n[2], n[3], n[4], n[5]), s->state.ctm);
  } else if (op == "Do") {
    DoXObject(scan, s, form_depth);
  } else if (op == "gs") {
    ApplyGraphicsState(scan, s);
  } else if (op == "Tr") {
    s->state.text_mode = static_cast<int>(n[0]);
  } else if (op == "Tf") {
    SelectFont(scan, s);
  } else if (IsOneOf(op, {"Tj", "TJ", "'", "\""})) {
    if (s->state.text_mode != kInvisible) Refuse(scan, WhyDrawn::kText);
  } else if (IsOneOf(op, {"re", "W", "W*", "n", "m", "l", "c", "v", "y", "h"})) {
    RunPathOperator(scan, s, op);
  } else if (IsOneOf(op, {"f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", "BI"})) {
    Refuse(scan, WhyDrawn::kLines);
  } else if (op == "BDC") {
    BeginMarked(scan, s);
  }
}

void ClearOperands(Stream* s) {
  std::fill(s->numbers, s->numbers + kMaxNumbers, 0.0f);
  s->count = 0;
  s->names = 0;
  s->name[0] = s->first[0] = 0;
  s->dictionary = false;
}

void RunTokens(Scan* scan, Stream* s, fz_stream* in, pdf_lexbuf* buf, int form_depth) {
  ClearOperands(s);
  while (scan->why == WhyDrawn::kUnknown) {
    if (++scan->tokens > kMaxTokens) Refuse(scan, WhyDrawn::kLines);
    switch (pdf_lex(scan->ctx, in, buf)) {
      case PDF_TOK_EOF:
      case PDF_TOK_ENDSTREAM:
        return;
      case PDF_TOK_INT:
        if (s->count < kMaxNumbers) s->numbers[s->count++] = static_cast<float>(buf->i);
        break;
      case PDF_TOK_REAL:
        if (s->count < kMaxNumbers) s->numbers[s->count++] = buf->f;
        break;
      case PDF_TOK_NAME:
        if (s->names++ == 0) fz_strlcpy(s->first, buf->scratch, sizeof s->first);
        fz_strlcpy(s->name, buf->scratch, sizeof s->name);
        break;
      case PDF_TOK_OPEN_DICT:
        s->dictionary = true;
        break;
      case PDF_TOK_KEYWORD:
        RunOperator(scan, s, buf->scratch, form_depth);
        ClearOperands(s);
        break;
      case PDF_TOK_ERROR:
        Refuse(scan, WhyDrawn::kLines);
        break;
      default:  // brackets, strings, booleans: operands that do not matter
        break;
    }
  }
}

void RunStream(Scan* scan, pdf_obj* contents, pdf_obj* resources, State state, int form_depth) {
  fz_context* ctx = scan->ctx;
  if (contents == nullptr) return;
  Stream s;
  s.resources = resources;
  s.state = state;
  pdf_lexbuf buf;
  fz_stream* in = nullptr;
  fz_var(in);
  pdf_lexbuf_init(ctx, &buf, PDF_LEXBUF_SMALL);
  fz_try(ctx) {
    in = pdf_open_contents_stream(ctx, scan->doc, contents);
    RunTokens(scan, &s, in, &buf, form_depth);
  }
  fz_always(ctx) {
    fz_drop_stream(ctx, in);
    pdf_lexbuf_fin(ctx, &buf);
  }
  fz_catch(ctx) { fz_rethrow(ctx); }
}

}  // namespace

LoneJpeg FindLoneJpeg(fz_context* ctx, pdf_document* doc, pdf_obj* page, fz_rect box) {
  Scan scan = {.ctx = ctx, .doc = doc, .box = box, .result = {}};
  RunStream(&scan, pdf_dict_get(ctx, page, PDF_NAME(Contents)),
            pdf_dict_get_inheritable(ctx, page, PDF_NAME(Resources)),
            State{.ctm = fz_identity, .text_mode = 0}, 0);
  if (scan.why == WhyDrawn::kUnknown && scan.result.image != nullptr) return scan.result;
  LoneJpeg none;
  none.why = scan.why == WhyDrawn::kUnknown ? WhyDrawn::kNothing : scan.why;
  return none;
}

}  // namespace cbzfs
