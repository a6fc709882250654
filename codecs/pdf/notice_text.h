// The text of a notice page, measured and broken into lines.
//
// Lengths are in ems of the body text until a size is chosen. Internal to codecs/pdf; includes
// MuPDF's headers. One thread.

#ifndef CBZFS_CODECS_PDF_NOTICE_TEXT_H_
#define CBZFS_CODECS_PDF_NOTICE_TEXT_H_

#include <mupdf/fitz.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cbzfs {

// The two fonts, and the fallbacks that MuPDF keeps itself.
class NoticeFonts {
 public:
  explicit NoticeFonts(fz_context* ctx) : ctx_(ctx) {}
  ~NoticeFonts();
  NoticeFonts(const NoticeFonts&) = delete;
  NoticeFonts& operator=(const NoticeFonts&) = delete;

  absl::Status Load();
  fz_context* ctx() const { return ctx_; }
  fz_font* plain() const { return plain_; }
  fz_font* bold() const { return bold_; }

 private:
  fz_context* const ctx_;
  fz_font* plain_ = nullptr;
  fz_font* bold_ = nullptr;
};

struct NoticeGlyph {
  fz_font* font = nullptr;  // borrowed from NoticeFonts or the context
  int glyph = 0;
  uint32_t code = 0;
  float size = 1;     // ems
  float advance = 0;  // ems
};
using NoticeParagraph = std::vector<NoticeGlyph>;

// The paragraphs of a text as of DrawNotice(), each with at least one glyph.
absl::StatusOr<std::vector<NoticeParagraph>> MeasureNotice(const NoticeFonts& fonts,
                                                           std::string_view text);

struct PlacedGlyph {
  NoticeGlyph glyph;
  float x = 0;  // ems, from the left edge of the block
  float y = 0;  // ems, of the baseline from its top
};
struct NoticeBlock {
  std::vector<PlacedGlyph> glyphs;
  float height = 0;  // ems
};

// Broken at spaces, and inside words that are wider than the block. Lines that would end below
// `height` are left out, and dots say so.
NoticeBlock BreakNotice(const NoticeFonts& fonts, const std::vector<NoticeParagraph>& paragraphs,
                        float width, float height);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_NOTICE_TEXT_H_
