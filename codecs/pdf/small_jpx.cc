#include "codecs/pdf/small_jpx.h"

#include <openjpeg.h>

#include <algorithm>

#include "codecs/decode/jpeg2000_levels.h"

namespace cbzfs {
namespace {

thread_local uint32_t least = 0;  // 0: whole
thread_local bool any_failed = false;
thread_local uint64_t count = 0;

uint32_t ReductionFor(opj_codec_t* codec, const opj_image_t& image, uint32_t least_side) {
  if (image.numcomps == 0 || image.x1 <= image.x0 || image.y1 <= image.y0) return 0;
  for (uint32_t i = 0; i < image.numcomps; ++i) {
    if (image.comps[i].dx != 1 || image.comps[i].dy != 1) return 0;
  }
  const uint32_t side = std::min(image.x1 - image.x0, image.y1 - image.y0);
  uint32_t reduction = 0;
  for (const uint32_t most = std::min(MostReduction(codec), 31u);
       reduction < most && side >> (reduction + 1) >= least_side;) {
    ++reduction;
  }
  return reduction;
}

}  // namespace

SmallJpx::SmallJpx(uint32_t least_side) {
  least = std::max(least_side, 1u);
  any_failed = false;
}
SmallJpx::~SmallJpx() { least = 0; }
bool SmallJpx::failed() const { return any_failed; }
uint64_t SmallJpx::reduced() { return count; }

}  // namespace cbzfs

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {
OPJ_BOOL __real_opj_decode(opj_codec_t* codec, opj_stream_t* stream, opj_image_t* image);
OPJ_BOOL __wrap_opj_decode(opj_codec_t* codec, opj_stream_t* stream, opj_image_t* image);

OPJ_BOOL __wrap_opj_decode(opj_codec_t* codec, opj_stream_t* stream, opj_image_t* image) {
  using namespace cbzfs;  // NOLINT(google-build-using-namespace)
  const uint32_t reduction = least == 0 ? 0 : ReductionFor(codec, *image, least);
  if (reduction == 0 || opj_set_decoded_resolution_factor(codec, reduction) == OPJ_FALSE) {
    return __real_opj_decode(codec, stream, image);
  }
  if (__real_opj_decode(codec, stream, image) == OPJ_FALSE) {
    any_failed = true;
    return OPJ_FALSE;
  }
  // The components have their new sizes; the image still has the old one, which MuPDF goes by.
  image->x1 = image->x0 + image->comps[0].w;
  image->y1 = image->y0 + image->comps[0].h;
  ++count;
  return OPJ_TRUE;
}
}
// NOLINTEND(bugprone-reserved-identifier)
