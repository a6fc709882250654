// The pages of a PDF in reading order, found by walking the page tree once, as far as is asked.
//
// MuPDF's own lookup starts from the root for every page (quadratic in a flat tree) and trusts the
// /Count of inner nodes, so a lying one makes pages unreachable; its page map leaves entries
// uninitialised when the root's /Count is too high. This walk trusts the tree alone.
//
// Internal to codecs/pdf. One thread; borrows the document, which must outlive it.

#ifndef CBZFS_CODECS_PDF_PAGE_TREE_H_
#define CBZFS_CODECS_PDF_PAGE_TREE_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace cbzfs {

class PageTree {
 public:
  PageTree() = default;
  ~PageTree() { Clear(); }
  PageTree(const PageTree&) = delete;
  PageTree& operator=(const PageTree&) = delete;

  // Begins anew; at most `limit` pages will be found.
  void Reset(fz_context* ctx, pdf_document* doc, uint32_t limit);

  // Forgets everything; to be called before the document is dropped.
  void Clear();

  // The page's object, borrowed: an indirect reference, or a dictionary where the tree holds one.
  // kNotFound past the last page. Where MuPDF finds the file damaged and repairs it on the way, the
  // walk begins anew: objects from before the repair are not the document's any more.
  absl::StatusOr<pdf_obj*> Find(uint32_t index);

 private:
  struct Level {
    pdf_obj* kids;  // kept: a repair half-way may drop what the document holds
    int node;       // object number, to notice cycles
    int next;
  };

  // The page's object if the walk, as the document stands, comes so far; else null.
  absl::StatusOr<pdf_obj*> WalkTo(uint32_t index);
  bool Repaired() const { return doc_->repair_attempted != 0; }

  bool Step();
  void Enter(pdf_obj* node);

  fz_context* ctx_ = nullptr;
  pdf_document* doc_ = nullptr;
  uint32_t limit_ = 0;
  uint64_t visits_left_ = 0;
  bool repaired_ = false;  // at Reset()
  std::vector<Level> levels_;
  std::vector<pdf_obj*> pages_;  // kept
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_PAGE_TREE_H_
