// Drops decoded images before they show in another page.
//
// MuPDF keeps each decoded image in its store, and takes one that was decoded larger than is asked
// for (fz_get_pixmap_from_image(): "Can we find any suitable tiles in the cache?"). Made smaller
// from there it has other pixels than decoded at the right size, so a page that shares an image
// with another, a thumbnail, and the small drawings that decide on slots would depend on what this
// worker drew before. So the store is emptied before a page when images were painted since it was
// last emptied. Always emptying it would load fonts again for each page: 11 to 17 % of the time of
// a book of text.
//
// Internal to codecs/pdf. One thread, that of the engine.

#ifndef CBZFS_CODECS_PDF_IMAGE_WATCH_H_
#define CBZFS_CODECS_PDF_IMAGE_WATCH_H_

#include <mupdf/fitz.h>

namespace cbzfs {

class ImageWatch {
 public:
  // Becomes the context's user data, which nothing else uses. The context must not outlive it.
  explicit ImageWatch(fz_context* ctx);
  ImageWatch(const ImageWatch&) = delete;
  ImageWatch& operator=(const ImageWatch&) = delete;

  // That of a context with a watch.
  static ImageWatch* Of(fz_context* ctx);

  // Before a page is drawn.
  void ForgetImages();

  // Watches what is painted on a draw device of MuPDF's own, till the device is dropped. A font
  // whose letters are content streams (Type 3) counts as an image: it may show one.
  void Watch(fz_device* device);

 private:
  struct Hooks;  // in place of the device's functions

  // The device's own; all draw devices have the same.
  struct Calls {
    decltype(fz_device::fill_image) fill_image;
    decltype(fz_device::fill_image_mask) fill_image_mask;
    decltype(fz_device::clip_image_mask) clip_image_mask;
    decltype(fz_device::fill_text) fill_text;
    decltype(fz_device::stroke_text) stroke_text;
    decltype(fz_device::clip_text) clip_text;
    decltype(fz_device::clip_stroke_text) clip_stroke_text;
  };

  fz_context* const ctx_;
  Calls calls_ = {};
  bool painted_ = false;  // an image, since the store was emptied
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_IMAGE_WATCH_H_
