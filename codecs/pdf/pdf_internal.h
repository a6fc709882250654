// What the .cc files of this room share. Includes MuPDF's headers: never include it from elsewhere.
//
// MuPDF reports errors by longjmp. Whatever runs inside Try() must therefore hold plain data only:
// no object with a destructor may live in a frame between Try() and the MuPDF call that throws.
// Results leave through plain structs that the caller owns.

#ifndef CBZFS_CODECS_PDF_PDF_INTERNAL_H_
#define CBZFS_CODECS_PDF_PDF_INTERNAL_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "codecs/pdf/image_watch.h"
#include "codecs/pdf/page_tree.h"
#include "codecs/pdf/pdf.h"

namespace cbzfs {

struct PdfEngine::Impl {
  fz_context* ctx = nullptr;
  // MuPDF's last complaint. Hostile files produce millions: only the last is of use.
  char last_message[256] = {};
  // Whose fonts, images and colour spaces the store holds: one document's at a time. MuPDF finds
  // what is in the store by comparing objects, and objects of two documents are equal when they say
  // the same, be it "see object 7": a page would be drawn with the other document's font. Worse,
  // do_objcmp() of 1.21.1 then looks up the one document's object number in the other's table and
  // writes outside of that where it is shorter.
  const void* in_store = nullptr;
  std::unique_ptr<ImageWatch> image_watch;

  Impl();
  ~Impl();

  // `document` is the one that the store is for from now on.
  void GiveStoreTo(const void* document);
  // To be called before a document goes.
  void TakeStoreFrom(const void* document);
};

struct Pdf::Impl {
  PdfEngine::Impl* engine = nullptr;
  fz_context* ctx = nullptr;
  absl::Span<const uint8_t> source;
  pdf_document* doc = nullptr;
  uint32_t page_count = 0;
  bool locked = false;  // a password opened it
  PageTree tree;

  ~Impl();

  // To be called before anything is drawn or looked up that may come from the store.
  void TakeStore();

  absl::StatusOr<FittedImage> Extract(pdf_obj* object, const AnalyseOptions& options,
                                     uint64_t max_payload);
};

// The error that fz_catch has just caught. `code` says what any error but the end of memory means.
absl::Status CaughtStatus(fz_context* ctx, absl::StatusCode code);

// Runs `body`; see the rule above. Not inlined, so that no caller's local is clobbered by longjmp.
template <typename Body>
[[gnu::noinline]] absl::Status Try(fz_context* ctx, absl::StatusCode code, const Body& body) {
  fz_try(ctx) { body(); }
  fz_catch(ctx) { return CaughtStatus(ctx, code); }
  return absl::OkStatus();
}

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PDF_INTERNAL_H_
