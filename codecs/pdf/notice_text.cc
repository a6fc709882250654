#include "codecs/pdf/notice_text.h"

#include <mupdf/ucdn.h>

#include <cstdio>
#include <utility>

#include "codecs/document/utf8.h"
#include "codecs/pdf/notice.h"
#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {
namespace {

constexpr float kTitleSize = 1.5F;
constexpr float kLeading = 1.3F;       // from line to line, in sizes of the line
constexpr float kParagraphGap = 0.6F;  // ems
constexpr uint32_t kNotACharacter = 0xFFFD;
constexpr std::string_view kDots = "...";

// Measures text at the end of paragraphs.
class Measurer {
 public:
  explicit Measurer(const NoticeFonts& fonts) : fonts_(fonts) {}

  // One character; one that no font has is written as its number.
  absl::Status Add(uint32_t code, bool bold, float size, NoticeParagraph* to) const {
    absl::StatusOr<NoticeGlyph> glyph = Find(code, bold, size);
    if (!glyph.ok()) return glyph.status();
    if (glyph->glyph != 0) {
      to->push_back(*glyph);
      return absl::OkStatus();
    }
    char number[16];
    snprintf(number, sizeof number, "[U+%04X]", code);
    for (const char* c = number; *c != '\0'; ++c) {
      glyph = Find(static_cast<unsigned char>(*c), bold, size);
      if (!glyph.ok()) return glyph.status();
      to->push_back(*glyph);
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<NoticeGlyph> Find(uint32_t code, bool bold, float size) const {
    fz_context* const ctx = fonts_.ctx();
    fz_font* const font = bold ? fonts_.bold() : fonts_.plain();
    NoticeGlyph found{.font = font, .glyph = 0, .code = code, .size = size, .advance = 0};
    const absl::Status status = Try(ctx, absl::StatusCode::kInternal, [&] {
      const auto character = static_cast<int>(code);
      found.glyph = fz_encode_character_with_fallback(ctx, font, character, ucdn_get_script(code),
                                                      FZ_LANG_UNSET, &found.font);
      if (found.glyph != 0) {
        found.advance = size * fz_advance_glyph(ctx, found.font, found.glyph, 0);
      }
    });
    if (!status.ok()) return status;
    return found;
  }

  const NoticeFonts& fonts_;
};

bool IsSpace(const NoticeGlyph& glyph) { return glyph.code == ' '; }

float HeightOf(const NoticeParagraph& paragraph) { return kLeading * paragraph.front().size; }

// Where the line that begins at `begin` ends, and where the next one begins.
std::pair<size_t, size_t> EndOfLine(const NoticeParagraph& paragraph, size_t begin, float width) {
  float x = 0;
  size_t space = 0;  // the last one of this line, 0: none
  for (size_t i = begin; i < paragraph.size(); ++i) {
    if (IsSpace(paragraph[i]) && i > begin) space = i;
    x += paragraph[i].advance;
    if (x <= width || IsSpace(paragraph[i])) continue;
    if (space != 0) return {space, space + 1};
    const size_t end = i > begin ? i : begin + 1;  // a letter at least
    return {end, end};
  }
  return {paragraph.size(), paragraph.size()};
}

// Dots for what was left out: in place of the end of the last line where there is no room behind.
void AddDots(const NoticeFonts& fonts, float width, NoticeBlock* block) {
  NoticeParagraph dots;
  float dots_width = 0;
  const Measurer measurer(fonts);
  for (const char c : kDots) {
    if (!measurer.Add(static_cast<unsigned char>(c), false, 1, &dots).ok()) return;
    dots_width += dots.back().advance;
  }
  if (block->glyphs.empty()) return;
  const float y = block->glyphs.back().y;
  float x = 0;
  while (!block->glyphs.empty() && block->glyphs.back().y == y) {
    const PlacedGlyph& last = block->glyphs.back();
    x = last.x + last.glyph.advance;
    if (x + dots_width <= width) break;
    x = last.x;
    block->glyphs.pop_back();
  }
  for (const NoticeGlyph& dot : dots) {
    block->glyphs.push_back({dot, x, y});
    x += dot.advance;
  }
}

}  // namespace

NoticeFonts::~NoticeFonts() {
  fz_drop_font(ctx_, plain_);
  fz_drop_font(ctx_, bold_);
}

absl::Status NoticeFonts::Load() {
  return Try(ctx_, absl::StatusCode::kInternal, [&] {
    plain_ = fz_new_base14_font(ctx_, "Helvetica");
    bold_ = fz_new_base14_font(ctx_, "Helvetica-Bold");
  });
}

absl::StatusOr<std::vector<NoticeParagraph>> MeasureNotice(const NoticeFonts& fonts,
                                                           std::string_view text) {
  text = text.substr(0, kMaxNoticeBytes);
  const Measurer measurer(fonts);
  std::vector<NoticeParagraph> paragraphs;
  bool title = true;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const size_t tab = line.find('\t');
    const size_t bold_bytes = title ? line.size() : tab == std::string_view::npos ? 0 : tab;
    const float size = title ? kTitleSize : 1;
    NoticeParagraph paragraph;
    for (size_t at = 0; at < line.size();) {
      const Utf8Char c = DecodeUtf8(line.substr(at));
      const uint32_t code = c.bytes == 0 ? kNotACharacter : c.code < 0x20 ? ' ' : c.code;
      if (auto s = measurer.Add(code, at < bold_bytes, size, &paragraph); !s.ok()) return s;
      at += c.bytes == 0 ? 1 : c.bytes;
    }
    title = false;
    if (!paragraph.empty()) paragraphs.push_back(std::move(paragraph));
  }
  return paragraphs;
}

NoticeBlock BreakNotice(const NoticeFonts& fonts, const std::vector<NoticeParagraph>& paragraphs,
                        float width, float height) {
  NoticeBlock block;
  for (const NoticeParagraph& paragraph : paragraphs) {
    if (block.height > 0) block.height += kParagraphGap;
    for (size_t begin = 0; begin < paragraph.size();) {
      if (block.height + HeightOf(paragraph) > height) {
        AddDots(fonts, width, &block);
        return block;
      }
      const auto [end, next] = EndOfLine(paragraph, begin, width);
      float x = 0;
      const float y = block.height + paragraph.front().size;
      for (size_t i = begin; i < end; ++i) {
        block.glyphs.push_back({paragraph[i], x, y});
        x += paragraph[i].advance;
      }
      block.height += HeightOf(paragraph);
      begin = next;
    }
  }
  return block;
}

}  // namespace cbzfs
