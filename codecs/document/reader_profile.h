// How a view made for a device shows pages: the settings of one `[views.NAME]` of a config file,
// and the arithmetic that says, before any page is decoded, how many pages a comic has under them,
// how large each is in pixels and how many bytes it may take.
//
// A page is made in this order: decoded, cut into halves where it is a spread, its margins cropped,
// scaled, enhanced, laid on its canvas, reduced to gray levels, encoded. The canvas follows from
// the declared size of the page alone; cropping changes what is shown on it, never its size, since
// where margins end is not known before a page is decoded.
//
// Plain values and pure functions: any thread.

#ifndef CBZFS_CODECS_DOCUMENT_READER_PROFILE_H_
#define CBZFS_CODECS_DOCUMENT_READER_PROFILE_H_

#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"
#include "codecs/document/document.h"
#include "codecs/document/page_format.h"
#include "codecs/document/picture_size.h"

namespace cbzfs {

struct ReaderProfile {
  // The numbers of these go over the wire to the workers.
  enum class Fit : uint8_t {
    kInside = 0,  // the largest size within width and height
    kWidth = 1,   // as wide as width, however high
    kHeight = 2,  // as high as height, however wide
    kExact = 3,   // exactly width x height, the page in the middle
  };
  enum class Split : uint8_t { kNo = 0, kLeftFirst = 1, kRightFirst = 2 };

  uint32_t width = 0;  // pixels of the screen; 0: no limit
  uint32_t height = 0;
  Fit fit = Fit::kInside;
  bool enlarge = false;      // small pages are scaled up, too
  bool gray = false;         // implied by levels
  uint32_t levels = 0;       // gray levels, reached by dithering; 0: all 256
  bool crop = false;         // uniform margins go
  Split split = Split::kNo;  // a page wider than it is high becomes two
  PageFormat format = PageFormat::kJpeg;
  uint32_t quality = 85;
  EnhanceOptions enhance = {.on = false};

  bool is_gray() const { return gray || levels > 0; }

  friend bool operator==(const ReaderProfile&, const ReaderProfile&) = default;
};

inline constexpr uint32_t kMostReaderSide = 10'000;
inline constexpr uint32_t kMostReaderLevels = 64;
// Pages of few levels are WebP without loss; with more of them that takes more room than JPEG.
inline constexpr uint32_t kMostWebpLevels = 16;

// All that is in the profile, the same bytes on every host: for hashing.
std::string FactsOf(const ReaderProfile& profile);

// What of a page of the comic a page of the view shows. The numbers go over the wire.
enum class PagePart : uint8_t { kWhole = 0, kLeft = 1, kRight = 2 };

// What becomes of a page, in reading order: itself, or its halves.
absl::InlinedVector<PagePart, 2> PartsOf(PictureSize page, const ReaderProfile& profile);

// Where the part begins and how wide it is, in a picture of the page that is `width` wide.
struct PartColumns {
  uint32_t left = 0;
  uint32_t width = 0;
};
PartColumns ColumnsOf(PagePart part, uint32_t width);

// How large the made page is. At most kMaxKeptPixels, and as WebP at most kMaxWebpSide a side.
PictureSize CanvasFor(PictureSize page, PagePart part, const ReaderProfile& profile);

// How large what is shown of the page is, on that canvas. `content` is the part's size without its
// margins, in pixels of the page.
PictureSize ContentOn(PictureSize canvas, PictureSize content, const ReaderProfile& profile);

// The bytes that the made page may take: Page::payload_bytes of it. `row` is the page's row in a
// table with the slots of enhanced pages, which says how much is on it, `quality` the one that
// table was made for.
uint32_t ReaderPayload(const Page& row, PagePart part, PictureSize canvas,
                       const ReaderProfile& profile, uint32_t quality);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_READER_PROFILE_H_
