// The parts of one page's entry: how long each is, and the constant ones among them. See layout.h
// for the picture.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_ZIP_PAGE_SHAPE_H_
#define CBZFS_CODECS_ZIP_PAGE_SHAPE_H_

#include <cstdint>
#include <string>

#include "codecs/document/document.h"
#include "codecs/document/page_format.h"
#include "codecs/zip/padding.h"

namespace cbzfs {

// The end of a body's padding: the four bytes of the patch, in the last segment or the chunk.
inline constexpr uint64_t kPatchBytes = 4;
inline constexpr uint64_t LeastPadding(PageFormat format) {
  return Padding::Least(format) + kPatchBytes;
}
inline constexpr uint64_t kEoiBytes = 2;

// Lengths in bytes, in the order of the file. All but a raw page end on a multiple of the
// alignment.
struct PageShape {
  uint64_t header = 0;  // local header with its name and extra field
  uint64_t head = 0;    // drawn: constant bytes; original: the stream with its insert; raw: all
  uint64_t body = 0;
  uint64_t tail = 0;        // constant: filling, if any, and the end
  uint64_t descriptor = 0;  // raw: a data descriptor, which is no part of the data
  // Of the tail, the last bytes, without filling: EOI. Of WebP, which is of even length, a zero
  // behind it where only that makes the next local header lie on a multiple of the alignment.
  uint64_t end = 0;

  uint64_t data() const { return head + body + tail; }
  uint64_t total() const { return header + data() + descriptor; }
};

// Constant bytes at the start of a drawn or extracted page's data: SOI, APP0 (drawn pages: an
// extracted stream has its own), COM; of WebP RIFF header, VP8X, a chunk of filling. Together with
// the local header they are one guard, or as much longer as it takes to end on a multiple of the
// alignment (behind a raw page; WebP, of which all is even: a byte behind one) and to have room for
// the header (a long name).
struct PageHead {
  std::string begin;
  Padding fill;

  uint64_t bytes() const { return begin.size() + fill.bytes(); }
};
PageHead MakePageHead(const Page& page, PageFormat format, const PageShape& shape);

// Local headers lie on multiples of this, but those behind a raw page.
uint64_t AlignmentFor(uint32_t guard);

// How many bytes at the end of the file must not depend on a drawn page. `commented`: the archive
// has a comment.
uint64_t ConstantEndFor(uint32_t guard, bool commented);

// Where the first page begins at the earliest, behind a ComicInfo.xml.
uint64_t LeastLeadFor(uint32_t guard);

// Of any but a raw page whose local header, of `header_bytes`, is at `start` in the file.
// `insert_bytes` is the length of the insert of an original page, `tail_fill` that of the filling
// in the tail: such as Padding takes.
struct PageShapeRequest {
  PageFormat format = PageFormat::kJpeg;
  uint64_t start = 0;
  uint64_t header_bytes = 0;
  uint64_t insert_bytes = 0;
  uint64_t tail_fill = 0;
  uint32_t guard = 0;
};
PageShape MakePageShape(const Page& page, const PageShapeRequest& request);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_PAGE_SHAPE_H_
