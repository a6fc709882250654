// A page's image, decoded and made into what a view shows of it: enhanced, or small.
//
// What a broken image becomes: where damage shows, an enhanced page is the image's own JPEG stream
// if that fits its slot, untouched; else what could be decoded of it, the rest white, be it all.
// Both with a note for the user: whoever copies the book gets a whole archive, and can look up
// which page to look for in the source. A thumbnail of which nothing can be decoded is a failure
// (kDataLoss).
//
// Only the worker calls this. Any thread; keeps no state.

#ifndef CBZFS_CODECS_PICTURE_PICTURE_H_
#define CBZFS_CODECS_PICTURE_PICTURE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/document/reader_profile.h"
#include "codecs/image/fitted_image.h"

namespace cbzfs {

struct PictureRequest {
  uint32_t width = 0;  // exactly so large
  uint32_t height = 0;
  uint32_t quality = 85;
  uint64_t max_payload = 0;
  bool exact = false;      // as of FitRequest
  EnhanceOptions enhance;  // EnhancePicture()
  // MakeReaderPage(): what of the page is shown how, the page being as large as `page`.
  ReaderProfile reader;
  bool icc = false;  // as WebP: with a colour profile, of sRGB where the image has none
  PagePart part = PagePart::kWhole;
  PictureSize page;
};

struct MadePicture {
  FittedImage image;
  std::string note;  // what was wrong with the image; usually empty
};

// `file` is a whole image file. The picture's colour profile, if the file has one, stands at the
// front of the payload. Statuses as of DecodeImage() and FitJpeg() (or FitWebp()).
//
// Up to kMaxKeptPixels the pixels are kept; a larger picture is decoded anew for each pass, so that
// only bands of it are ever in memory.
absl::StatusOr<MadePicture> EnhancePicture(absl::Span<const uint8_t> file,
                                           const PictureRequest& request);

// Decoded at the smallest scale that leaves the filter twice the size, then Lanczos.
absl::StatusOr<MadePicture> ShrinkPicture(absl::Span<const uint8_t> file,
                                          const PictureRequest& request);

// A page for a device (reader_profile.h), on a canvas of the request's size. What is damaged shows
// as far as it can be decoded, the rest white. A colour profile stays where the slot has room for
// it and the page keeps its colours. Of few levels as WebP without loss. Defined in reader_page.cc.
absl::StatusOr<MadePicture> MakeReaderPage(absl::Span<const uint8_t> file,
                                           const PictureRequest& request);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PICTURE_PICTURE_H_
