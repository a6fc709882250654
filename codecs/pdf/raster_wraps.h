// Inner functions of MuPDF's painter, done faster with the same result.
//
// The linker sends MuPDF's own calls of them here (--wrap, see CMakeLists.txt). What is ordinary
// (an opaque page, a picture upright or turned by a right angle) is done by pixel_scale.h,
// pixel_paint.h and pixel_span.h; everything else goes on to MuPDF. All but one are in none of
// MuPDF's headers, so this is built for the version only whose signatures and pixels are
// known, 1.21 on x86-64; tests compare the two. Any other version draws by itself.
//
// Internal to codecs/pdf.

#ifndef CBZFS_CODECS_PDF_RASTER_WRAPS_H_
#define CBZFS_CODECS_PDF_RASTER_WRAPS_H_

#include <mupdf/fitz.h>

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {

// Lays a colour over `w` pixels of `n` components (an alpha, where `da`, among them) through a
// mask.
using CbzfsSpanPainter = void(unsigned char* to, const unsigned char* mask, int n, int w,
                              const unsigned char* color, int da, const void* overprint);

// MuPDF's own. The caches are of its weights and opaque. The caller owns the result; null where
// nothing is left of the picture.
fz_pixmap* __real_fz_scale_pixmap_cached(fz_context* ctx, const fz_pixmap* source, float x, float y,
                                         float w, float h, const fz_irect* clip, void* cache_x,
                                         void* cache_y);
void __real_fz_paint_image(fz_context* ctx, fz_pixmap* to, const fz_irect* scissor,
                           fz_pixmap* shape, fz_pixmap* group_alpha, fz_pixmap* image,
                           fz_matrix ctm, int alpha, int lerp_allowed, const void* overprint);
void __real_fz_paint_image_with_color(fz_context* ctx, fz_pixmap* to, const fz_irect* scissor,
                                      fz_pixmap* shape, fz_pixmap* group_alpha, fz_pixmap* image,
                                      fz_matrix ctm, const unsigned char* color, int lerp_allowed,
                                      const void* overprint);
// The painter for a colour, whose opacity follows its components; null where it is transparent.
CbzfsSpanPainter* __real_fz_get_span_color_painter(int n, int da, const unsigned char* color,
                                                   const void* overprint);
// Applies a Decode array, which has two numbers for each component.
void __real_fz_decode_tile(fz_context* ctx, fz_pixmap* tile, const float* decode);

// What MuPDF calls instead.
fz_pixmap* __wrap_fz_scale_pixmap_cached(fz_context* ctx, const fz_pixmap* source, float x, float y,
                                         float w, float h, const fz_irect* clip, void* cache_x,
                                         void* cache_y);
void __wrap_fz_paint_image(fz_context* ctx, fz_pixmap* to, const fz_irect* scissor,
                           fz_pixmap* shape, fz_pixmap* group_alpha, fz_pixmap* image,
                           fz_matrix ctm, int alpha, int lerp_allowed, const void* overprint);
void __wrap_fz_paint_image_with_color(fz_context* ctx, fz_pixmap* to, const fz_irect* scissor,
                                      fz_pixmap* shape, fz_pixmap* group_alpha, fz_pixmap* image,
                                      fz_matrix ctm, const unsigned char* color, int lerp_allowed,
                                      const void* overprint);
CbzfsSpanPainter* __wrap_fz_get_span_color_painter(int n, int da, const unsigned char* color,
                                                   const void* overprint);
void __wrap_fz_decode_tile(fz_context* ctx, fz_pixmap* tile, const float* decode);
}
// NOLINTEND(bugprone-reserved-identifier)

namespace cbzfs {

// Has the linker look at the functions above before it comes to MuPDF, which calls them.
void UseRasterWraps();

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_RASTER_WRAPS_H_
