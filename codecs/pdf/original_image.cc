#include "codecs/pdf/original_image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "codecs/decode/jpeg_header.h"

namespace cbzfs {
namespace {

using Bytes = absl::Span<const uint8_t>;

// Edges of image and page may differ by this part of the page's side, or by half a pixel.
constexpr float kEdgePart = 0.002f;
constexpr float kEdgePixels = 0.5f;
constexpr float kSquarePart = 0.005f;

// The index holds lengths up to 1 GiB for what a worker hands over; no scan comes near.
constexpr int64_t kMaxStream = 1'000'000'000;

// EXIF, XMP and ICC segments of an encrypted stream are decrypted up to this to find the frame.
constexpr size_t kMaxHeader = 256 << 10;

struct Dictionary {
  int width = 0;
  int height = 0;
  int components = 0;  // 1 or 3
  int profile_object = 0;
  bool ycc = true;  // what /ColorTransform says where the stream has no Adobe marker
};

// 1 or 3 for the colour spaces a JPEG can carry by itself, else 0.
int ComponentsOf(fz_context* ctx, pdf_obj* space, int* profile_object) {
  pdf_obj* family = pdf_is_array(ctx, space) ? pdf_array_get(ctx, space, 0) : space;
  const char* name = pdf_to_name(ctx, family);
  const auto is = [name](const char* other) { return std::strcmp(name, other) == 0; };
  if (is("DeviceGray") || is("G") || is("CalGray")) return 1;
  if (is("DeviceRGB") || is("RGB") || is("CalRGB")) return 3;
  if (!is("ICCBased")) return 0;
  pdf_obj* profile = pdf_array_get(ctx, space, 1);
  const int n = pdf_dict_get_int(ctx, profile, PDF_NAME(N));
  *profile_object = pdf_to_num(ctx, profile);
  return (n == 1 || n == 3) && *profile_object != 0 ? n : 0;
}

bool IsIdentityDecode(fz_context* ctx, pdf_obj* decode, int components) {
  if (decode == nullptr) return true;
  if (pdf_array_len(ctx, decode) != components * 2) return false;
  for (int i = 0; i < components * 2; ++i) {
    if (pdf_array_get_real(ctx, decode, i) != static_cast<float>(i & 1)) return false;
  }
  return true;
}

// The one element of a name or array of one, else null.
pdf_obj* Single(fz_context* ctx, pdf_obj* value) {
  if (!pdf_is_array(ctx, value)) return value;
  return pdf_array_len(ctx, value) == 1 ? pdf_array_get(ctx, value, 0) : nullptr;
}

// kUnknown: nothing in it speaks against the image.
WhyDrawn ReadDictionary(fz_context* ctx, pdf_obj* image, Dictionary* out) {
  if (pdf_dict_get(ctx, image, PDF_NAME(F)) != nullptr ||  // data in another file
      pdf_dict_get_bool(ctx, image, PDF_NAME(ImageMask)) ||
      pdf_dict_get(ctx, image, PDF_NAME(SMask)) != nullptr ||
      pdf_dict_get(ctx, image, PDF_NAME(Mask)) != nullptr) {
    return WhyDrawn::kMasked;
  }
  pdf_obj* bits = pdf_dict_get(ctx, image, PDF_NAME(BitsPerComponent));
  if (bits != nullptr && pdf_to_int(ctx, bits) != 8) return WhyDrawn::kColours;
  out->width = pdf_dict_get_int(ctx, image, PDF_NAME(Width));
  out->height = pdf_dict_get_int(ctx, image, PDF_NAME(Height));
  out->components =
      ComponentsOf(ctx, pdf_dict_get(ctx, image, PDF_NAME(ColorSpace)), &out->profile_object);
  pdf_obj* parms = Single(ctx, pdf_dict_get(ctx, image, PDF_NAME(DecodeParms)));
  pdf_obj* transform = pdf_dict_get(ctx, parms, PDF_NAME(ColorTransform));
  out->ycc = transform == nullptr || pdf_to_int(ctx, transform) != 0;
  if (out->components == 0) return WhyDrawn::kColours;
  return IsIdentityDecode(ctx, pdf_dict_get(ctx, image, PDF_NAME(Decode)), out->components)
             ? WhyDrawn::kUnknown
             : WhyDrawn::kMasked;
}

// kUnknown: it fills the page, upright.
WhyDrawn FillsPage(fz_matrix ctm, const PageBox& page, int width, int height) {
  if (page.rotate != 0 || ctm.b != 0 || ctm.c != 0 || ctm.a <= 0 || ctm.d <= 0) {
    return WhyDrawn::kTurned;
  }
  if (width < 1 || height < 1) return WhyDrawn::kPlace;
  const float step_x = ctm.a / static_cast<float>(width);
  const float step_y = ctm.d / static_cast<float>(height);
  if (std::fabs(step_x / step_y - 1) > kSquarePart) return WhyDrawn::kTurned;
  const fz_rect box = page.box;
  const float slack_x = std::max(kEdgePixels * step_x, kEdgePart * (box.x1 - box.x0));
  const float slack_y = std::max(kEdgePixels * step_y, kEdgePart * (box.y1 - box.y0));
  const bool fills =
      std::fabs(ctm.e - box.x0) <= slack_x && std::fabs(ctm.e + ctm.a - box.x1) <= slack_x &&
      std::fabs(ctm.f - box.y0) <= slack_y && std::fabs(ctm.f + ctm.d - box.y1) <= slack_y;
  return fills ? WhyDrawn::kUnknown : WhyDrawn::kSize;
}

// The stream shows the same picture by itself as the PDF makes of it.
bool Agrees(const JpegHeader& jpeg, const Dictionary& dict) {
  if (!jpeg.IsPlain() || jpeg.components != dict.components || jpeg.exif_orientation != 1 ||
      jpeg.width != static_cast<uint32_t>(dict.width) ||
      jpeg.height != static_cast<uint32_t>(dict.height)) {
    return false;
  }
  if (jpeg.width > kMaxPageSide || jpeg.height > kMaxPageSide) return false;
  if (jpeg.components == 1) return true;
  // In a PDF the Adobe marker decides, then /ColorTransform; in a file JFIF, the Adobe marker, then
  // the components' names. Some programs let Adobe go before JFIF: let the two agree, too.
  const bool pdf_ycc = jpeg.adobe_transform >= 0 ? jpeg.adobe_transform != 0 : dict.ycc;
  return jpeg.adobe_transform <= 1 && pdf_ycc == jpeg.LooksYcc();
}

// /Length is right: the keyword that must follow the data does.
bool EndsWhereItSays(Bytes source, uint64_t end) {
  static constexpr char kKeyword[] = "endstream";
  uint64_t at = end;
  while (at < source.size() && at < end + 4 && std::strchr(" \r\n\t", source[at]) != nullptr) ++at;
  return at + 9 <= source.size() && std::memcmp(source.data() + at, kKeyword, 9) == 0;
}

// The beginning of an encrypted stream in the clear; the number of bytes read.
size_t ReadDecrypted(fz_context* ctx, pdf_document* doc, int object, uint8_t* out, size_t bytes) {
  fz_stream* in = pdf_open_raw_stream_number(ctx, doc, object);
  size_t got = 0;
  fz_var(got);
  fz_try(ctx) { got = fz_read(ctx, in, out, bytes); }
  fz_always(ctx) { fz_drop_stream(ctx, in); }
  fz_catch(ctx) { fz_rethrow(ctx); }
  return got;
}

// JpegHeader is plain data, but StatusOr is not: it must not outlive a call into MuPDF.
bool ParseHeader(Bytes bytes, JpegHeader* header, bool* cut_short) {
  const absl::StatusOr<JpegHeader> read = ReadJpegHeader(bytes);
  *cut_short = absl::IsOutOfRange(read.status());
  if (read.ok()) *header = *read;
  return read.ok();
}

bool DecryptHeader(fz_context* ctx, pdf_document* doc, int object, uint64_t length,
                   JpegHeader* header) {
  bool found = false;
  bool cut_short = true;
  uint8_t* buffer = nullptr;
  fz_var(buffer);
  fz_var(found);
  fz_try(ctx) {
    buffer = static_cast<uint8_t*>(fz_malloc(ctx, kMaxHeader));
    for (size_t bytes = 4 << 10; cut_short && bytes <= kMaxHeader; bytes *= 8) {
      const size_t got = ReadDecrypted(ctx, doc, object, buffer, bytes);
      found = ParseHeader(Bytes(buffer, got), header, &cut_short);
      if (got < bytes || bytes >= length) break;
    }
  }
  fz_always(ctx) { fz_free(ctx, buffer); }
  fz_catch(ctx) { fz_rethrow(ctx); }
  return found;
}

}  // namespace

OriginalImage FindOriginal(fz_context* ctx, pdf_document* doc, Bytes source, const LoneJpeg& lone,
                           const PageBox& page) {
  OriginalImage result;
  Dictionary dict;
  result.why = lone.why;
  if (lone.image == nullptr) return result;
  result.why = ReadDictionary(ctx, lone.image, &dict);
  if (result.why != WhyDrawn::kUnknown) return result;
  result.why = FillsPage(lone.ctm, page, dict.width, dict.height);
  if (result.why != WhyDrawn::kUnknown) return result;
  result.why = WhyDrawn::kPlace;  // unless all of what follows goes well
  const int object = pdf_to_num(ctx, lone.image);
  const int64_t length = pdf_to_int64(ctx, pdf_dict_get(ctx, lone.image, PDF_NAME(Length)));
  const pdf_xref_entry* entry = pdf_cache_object(ctx, doc, object);
  // Data that MuPDF made or that lies in an object stream has no place in the file.
  if (entry->type != 'n' || entry->stm_buf != nullptr || entry->stm_ofs <= 0 || length < 4 ||
      length > kMaxStream) {
    return result;
  }
  const auto offset = static_cast<uint64_t>(entry->stm_ofs);
  const auto bytes = static_cast<uint64_t>(length);
  if (offset > source.size() || bytes > source.size() - offset ||
      !EndsWhereItSays(source, offset + bytes)) {
    return result;
  }
  const Bytes stream = source.subspan(offset, bytes);
  const bool encrypted = doc->crypt != nullptr;
  JpegHeader jpeg;
  bool cut_short = false;
  if (!(encrypted ? DecryptHeader(ctx, doc, object, bytes, &jpeg)
                  : ParseHeader(stream, &jpeg, &cut_short)) ||
      !Agrees(jpeg, dict)) {
    result.why = WhyDrawn::kCoding;
    return result;
  }
  result.why = WhyDrawn::kUnknown;
  result.kind = encrypted ? PageKind::kExtracted : PageKind::kOriginal;
  result.width = jpeg.width;
  result.height = jpeg.height;
  result.gray = jpeg.components == 1;
  result.offset = offset;
  result.bytes = encrypted ? bytes : FindLastEoi(stream, jpeg);
  result.profile_object = jpeg.has_icc ? 0 : dict.profile_object;
  result.insert_at = jpeg.after_app0;
  return result;
}

bool HasVisibleAnnotations(fz_context* ctx, pdf_obj* page) {
  pdf_obj* annotations = pdf_dict_get(ctx, page, PDF_NAME(Annots));
  const int n = pdf_array_len(ctx, annotations);
  constexpr int kUnseen = PDF_ANNOT_IS_HIDDEN | PDF_ANNOT_IS_NO_VIEW | PDF_ANNOT_IS_INVISIBLE;
  for (int i = 0; i < n; ++i) {
    pdf_obj* annotation = pdf_array_get(ctx, annotations, i);
    if (!pdf_is_dict(ctx, annotation)) continue;
    pdf_obj* subtype = pdf_dict_get(ctx, annotation, PDF_NAME(Subtype));
    if (pdf_name_eq(ctx, subtype, PDF_NAME(Link)) || pdf_name_eq(ctx, subtype, PDF_NAME(Popup))) {
      continue;
    }
    if ((pdf_dict_get_int(ctx, annotation, PDF_NAME(F)) & kUnseen) == 0) return true;
  }
  return false;
}

bool IsGrayImage(fz_context* ctx, pdf_obj* image) {
  int profile_object = 0;
  return ComponentsOf(ctx, pdf_dict_get(ctx, image, PDF_NAME(ColorSpace)), &profile_object) == 1;
}

}  // namespace cbzfs
