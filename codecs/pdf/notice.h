// A page that stands in for one that cannot be made, and says so: black text on white.
//
// Drawn with the fonts inside MuPDF, so that any worker can, whatever is installed; characters they
// lack are shown by their number. The same text and size give the same bytes on every host.
//
// A page too small for letters that can be read gets an exclamation mark instead, and so does one
// whose slot has no room for them: a mark says more than text gone soft.
//
// Internal rules are those of pdf.h. One thread.

#ifndef CBZFS_CODECS_PDF_NOTICE_H_
#define CBZFS_CODECS_PDF_NOTICE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "codecs/document/page_format.h"
#include "codecs/image/fitted_image.h"
#include "codecs/pdf/pdf.h"

namespace cbzfs {

// What is longer is cut off.
inline constexpr size_t kMaxNoticeBytes = 4096;

struct NoticePage {
  uint32_t width = 0;  // exactly so large
  uint32_t height = 0;
  uint32_t quality = 85;
  uint64_t max_payload = 0;
  PageFormat format = PageFormat::kJpeg;
  bool icc = false;  // of a WebP: with the profile of sRGB
};

// `text` is UTF-8. Its first line is the title, each further line a paragraph, of which what stands
// before a tab is set bold. What does not fit the page is left out from the end.
//
// kInvalidArgument for an impossible size or a slot under MinPayload(), of a WebP MinWebpPayload()
// and the profile (the place of an extracted stream may be that short); kResourceExhausted when
// memory ends.
absl::StatusOr<FittedImage> DrawNotice(PdfEngine* engine, std::string_view text,
                                      const NoticePage& page);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_NOTICE_H_
