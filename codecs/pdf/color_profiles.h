// The colour profiles of original pages, as JPEG segments, each once per document.
//
// ICC.1:2010 annex B.4 says how a profile lies in a JPEG: APP2 segments that begin with
// "ICC_PROFILE", a zero, the number of the segment from 1 and how many there are.
//
// Internal to codecs/pdf. One thread; borrows context and document.

#ifndef CBZFS_CODECS_PDF_COLOR_PROFILES_H_
#define CBZFS_CODECS_PDF_COLOR_PROFILES_H_

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cbzfs {

class ColorProfiles {
 public:
  enum class Verdict : uint8_t {
    kUse,     // insert Lookup::insert
    kIgnore,  // broken: every viewer falls back to the number of components, and so does a JPEG's
    kRefuse,  // it means something a JPEG cannot say (Lab), or is too large: draw the page
  };
  struct Lookup {
    Verdict verdict = Verdict::kRefuse;
    int insert = -1;  // index into inserts()
  };

  ColorProfiles(fz_context* ctx, pdf_document* doc) : ctx_(ctx), doc_(doc) {}

  // The profile in stream object `object` for an image of `components`, 1 or 3.
  Lookup Find(int object, int components);

  const std::string& insert(int index) const { return inserts_[index]; }
  std::vector<std::string> TakeInserts() { return std::move(inserts_); }

 private:
  Lookup Load(int object, int components);

  fz_context* ctx_;
  pdf_document* doc_;
  std::map<int, Lookup> known_;
  std::vector<std::string> inserts_;
  size_t bytes_ = 0;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PDF_COLOR_PROFILES_H_
