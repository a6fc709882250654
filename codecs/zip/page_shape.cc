#include "codecs/zip/page_shape.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "codecs/document/webp_chunks.h"

namespace cbzfs {
namespace {

using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls): it is used

constexpr uint64_t kPageAlignment = 4096;
constexpr std::string_view kSoi = "\xFF\xD8"sv;
constexpr uint64_t kApp0Bytes = 18;

// JFIF 1.01 (ITU-T T.871): density in dots per inch, no thumbnail.
std::string App0(float dpi) {
  const bool known = std::isfinite(dpi) && dpi > 0;
  const auto density =
      known ? static_cast<uint16_t>(std::clamp(std::round(dpi), 1.0f, 65535.0f)) : uint16_t{1};
  std::string segment(
      "\xFF\xE0\x00\x10"
      "JFIF\0\x01\x01"sv);
  segment.push_back(known ? 1 : 0);  // dots per inch, or only an aspect ratio
  for (int axis = 0; axis < 2; ++axis) {
    segment.push_back(static_cast<char>(density >> 8));
    segment.push_back(static_cast<char>(density));
  }
  return segment.append(2, '\0');
}

uint64_t BeginBytes(const Page& page, PageFormat format) {
  if (format == PageFormat::kWebp) return kWebpStartBytes;
  return kSoi.size() + (page.kind == PageKind::kDrawn ? kApp0Bytes : 0);
}

// `unit` is a power of two.
uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) & ~(unit - 1); }

uint64_t FillBytes(const Page& page, const PageShapeRequest& request) {
  if (request.guard == 0) return 0;
  const uint64_t before = request.header_bytes + BeginBytes(page, request.format);
  const uint64_t least =
      std::max<uint64_t>(request.guard, before + Padding::Least(request.format));
  const uint64_t fill = RoundUp(request.start + least, kPageAlignment) - request.start - before;
  return RoundUp(fill, Padding::Unit(request.format));
}

uint64_t EndBytes(const PageShapeRequest& request) {
  if (request.format == PageFormat::kJpeg) return kEoiBytes;
  return request.guard == 0 ? 0 : (request.start + request.header_bytes) % 2;
}

}  // namespace

uint64_t AlignmentFor(uint32_t guard) { return guard == 0 ? 1 : kPageAlignment; }

// libarchive and most others search the last 16 KiB for the end record, some the last 64 KiB and a
// bit (clients.md, section 4). Python looks at the last 22 bytes first, and where these are no end
// record, because a comment follows it, at the last 64 KiB (tests/clients/RESULTS.md).
uint64_t ConstantEndFor(uint32_t guard, bool commented) {
  if (guard == 0) return 0;
  return guard <= 4096 && !commented ? 16 << 10 : 72 << 10;
}

// Of whoever reads the first bytes of a file the kernel makes 16 KiB; the page's guard is part of
// these.
uint64_t LeastLeadFor(uint32_t guard) {
  constexpr uint64_t kFirstRead = 16 << 10;
  return guard == 0 || guard >= kFirstRead ? 0 : kFirstRead - guard;
}

PageHead MakePageHead(const Page& page, PageFormat format, const PageShape& shape) {
  std::string begin;
  if (format == PageFormat::kWebp) {
    begin = WebpStart(shape.data() - shape.end, page.width, page.height, !page.gray);
  } else {
    begin = kSoi;
    if (page.kind == PageKind::kDrawn) begin += App0(page.dpi);
  }
  const uint64_t fill = shape.head - begin.size();
  return {std::move(begin), Padding(format, fill)};
}

PageShape MakePageShape(const Page& page, const PageShapeRequest& request) {
  const bool original = page.kind == PageKind::kOriginal;
  PageShape shape{.header = request.header_bytes, .end = EndBytes(request)};
  shape.tail = request.tail_fill + shape.end;
  shape.head = original ? page.source_bytes + request.insert_bytes
                        : BeginBytes(page, request.format) + FillBytes(page, request);
  const uint64_t payload = original ? 0 : page.payload_bytes;
  shape.body = LeastPadding(request.format) + RoundUp(payload, Padding::Unit(request.format));
  const uint64_t least = request.start + shape.total();
  shape.body += RoundUp(least, AlignmentFor(request.guard)) - least;
  return shape;
}

}  // namespace cbzfs
