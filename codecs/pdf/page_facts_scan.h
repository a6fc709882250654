// The interpreter behind ScanPage(): one pass over a page's content and its forms'.
//
// Internal to page_facts*.cc. One thread. MuPDF is called only through Guard(), whose bodies hold
// plain data.

#ifndef CBZFS_CODECS_PDF_PAGE_FACTS_SCAN_H_
#define CBZFS_CODECS_PDF_PAGE_FACTS_SCAN_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/pdf/content_lexer.h"
#include "codecs/pdf/page_facts.h"

namespace cbzfs {

// Runs `body`, which may throw as MuPDF does. False when it did. Not inlined, so that no caller's
// local is clobbered by the jump.
template <typename Body>
[[gnu::noinline]] bool Guard(fz_context* ctx, const Body& body) {
  fz_try(ctx) { body(); }
  fz_catch(ctx) { return false; }
  return true;
}

// The decoded bytes of a page's or form's content, at most `limit`. False when there was an error
// or more; what could be read is there.
bool LoadContent(fz_context* ctx, pdf_document* doc, pdf_obj* contents, size_t limit,
                 std::string* out);

// What an image's dictionary says, full or (inline) abbreviated.
void DescribeImage(fz_context* ctx, pdf_obj* dict, ImagePlacement* image);

// Operators of up to three letters as one number, so that a switch finds them.
constexpr uint32_t Op(std::string_view text) {
  uint32_t op = 0;
  for (const char c : text) op = op << 8 | static_cast<uint8_t>(c);
  return op;
}

class PageScan {
 public:
  PageScan(fz_context* ctx, pdf_document* doc, const fz_rect& box, const PageScanLimits& limits,
           PageFacts* facts)
      : ctx_(ctx), doc_(doc), box_(box), limits_(limits), facts_(facts) {}

  void RunPage(pdf_obj* page);

 private:
  struct State {
    fz_matrix ctm = fz_identity;
    fz_rect clip = {};
    bool clip_is_rect = true;
    bool transparent = false;
    bool optional = false;
    bool pattern = false;
    float line_width = 1;
    float font_size = 1;
    float bytes_per_glyph = 1;
    int text_mode = 0;
  };
  struct Path {
    fz_rect bounds = fz_empty_rect;
    fz_point at = {};
    fz_point start = {};
    double length = 0;
    uint32_t segments = 0;
    uint32_t rects = 0;
    bool only_rects = true;
    bool clips = false;
  };
  // One content stream being run.
  struct Stream {
    pdf_obj* resources = nullptr;
    State state;
    std::vector<State> saved;
    Path path;
    fz_matrix text_matrix = fz_identity;
    float numbers[8] = {};  // the last operands, oldest first
    int count = 0;
    std::string_view name;  // the last name
    size_t string_bytes = 0;
    int optional_depth = 0;  // marked content inside an optional one
    int depth = 0;           // of forms
    std::map<std::string, float, std::less<>> fonts;
  };

  void Run(std::string_view content, Stream* stream);
  void Operate(uint32_t op, ContentLexer* lexer, Stream* s);
  bool StateOperator(uint32_t op, Stream* s);
  bool PathOperator(uint32_t op, Stream* s);
  bool TextOperator(uint32_t op, Stream* s);
  void ColourOperator(uint32_t op, Stream* s);
  void SetFont(Stream* s);
  void LookAtPattern(Stream* s);
  void SetGraphicsState(Stream* s);
  void Point(Stream* s, float x, float y, bool draw);
  void Rect(Stream* s);
  void Paint(Stream* s, bool fill, bool stroke);
  void ShowText(Stream* s);
  void Shade(Stream* s);
  void Object(Stream* s);
  void Form(pdf_obj* form, Stream* s);
  void InlineImage(ContentLexer* lexer, Stream* s);
  void Place(ImagePlacement image, Stream* s);
  void BeginMarked(Stream* s);
  pdf_obj* Resource(Stream* s, pdf_obj* kind, std::string_view name);
  fz_rect Visible(const Stream& s, const fz_rect& bounds) const;
  void CountAnnotations(pdf_obj* page);

  fz_context* const ctx_;
  pdf_document* const doc_;
  const fz_rect box_;
  const PageScanLimits limits_;
  PageFacts* const facts_;
  uint64_t bytes_ = 0;  // of content run so far
  uint64_t operators_ = 0;
  uint32_t forms_ = 0;
  bool stopped_ = false;
  bool colour_ = false;
  std::map<int, std::string> form_content_;  // a form used often is inflated once
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PAGE_FACTS_SCAN_H_
