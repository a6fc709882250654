// The row of a page that is drawn, from what is on it: resolution, size in pixels, memory.
//
// Includes MuPDF's headers: for the .cc files of this room alone. Pure functions: any thread.

#ifndef CBZFS_CODECS_PDF_DRAWN_ROW_H_
#define CBZFS_CODECS_PDF_DRAWN_ROW_H_

#include <cstdint>

#include "codecs/document/document.h"
#include "codecs/pdf/page_box.h"
#include "codecs/pdf/page_facts.h"

namespace cbzfs {

// The resolutions that dpi=0 chooses from, in dots per inch of the page's points.
struct AutoDpi {
  float least = 150;
  float most = 300;
  float without_image = 200;
};

// What the images on a page want of it.
struct DrawnImages {
  float dpi = 0;             // of the largest image, as it is placed; 0: there is none
  double largest = 0;        // the area of that, in square points
  uint64_t kept_bytes = 0;   // decoded images, as far as they are held at once
  uint64_t plane_bytes = 0;  // samples of the largest JPEG 2000 image
};

// `to_points`: from the space that the placements are in to points. Images are never drawn at more
// than `most_dpi`.
DrawnImages ImagesOf(const PageFacts& facts, const fz_matrix& to_points, float most_dpi);

// The resolution that is asked for, or chosen by the images.
float ChosenDpi(const AnalyseOptions& options, const DrawnImages& images, const AutoDpi& choice);

// A kDrawn row without its slot.
Page DrawnRow(const PageBox& box, float dpi, bool gray, const DrawnImages& images);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_DRAWN_ROW_H_
