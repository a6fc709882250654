#include "codecs/pdf/page_facts.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#include "codecs/pdf/page_facts_scan.h"

namespace cbzfs {
namespace {

ImageFilter FilterFrom(fz_context* ctx, pdf_obj* name) {
  const std::string_view filter = pdf_to_name(ctx, name);
  if (filter == "DCTDecode" || filter == "DCT") return ImageFilter::kDct;
  if (filter == "FlateDecode" || filter == "Fl") return ImageFilter::kFlate;
  if (filter == "JPXDecode") return ImageFilter::kJpx;
  if (filter == "JBIG2Decode") return ImageFilter::kJbig2;
  if (filter == "CCITTFaxDecode" || filter == "CCF") return ImageFilter::kFax;
  if (filter == "RunLengthDecode" || filter == "RL") return ImageFilter::kRunLength;
  return ImageFilter::kOther;
}

void DescribeFilter(fz_context* ctx, pdf_obj* filter, ImagePlacement* image) {
  if (pdf_is_array(ctx, filter)) {
    const int count = pdf_array_len(ctx, filter);
    image->filter_count = static_cast<uint8_t>(std::min(count, 255));
    if (count > 0) image->filter = FilterFrom(ctx, pdf_array_get(ctx, filter, count - 1));
  } else if (pdf_is_name(ctx, filter)) {
    image->filter_count = 1;
    image->filter = FilterFrom(ctx, filter);
  }
}

// Components by name or profile, without loading the colour space.
void DescribeColour(fz_context* ctx, pdf_obj* space, ImagePlacement* image) {
  pdf_obj* name = space;
  if (pdf_is_array(ctx, space)) {
    name = pdf_array_get(ctx, space, 0);
    if (pdf_name_eq(ctx, name, PDF_NAME(Indexed)) || pdf_name_eq(ctx, name, PDF_NAME(I))) {
      image->indexed = true;
      image->components = 1;
      return;
    }
    if (pdf_name_eq(ctx, name, PDF_NAME(ICCBased))) {
      const int n = pdf_dict_get_int(ctx, pdf_array_get(ctx, space, 1), PDF_NAME(N));
      image->components = static_cast<uint8_t>(std::clamp(n, 0, 4));
      return;
    }
  }
  const std::string_view text = pdf_to_name(ctx, name);
  if (text == "DeviceGray" || text == "G" || text == "CalGray") {
    image->components = 1;
  } else if (text == "DeviceRGB" || text == "RGB" || text == "CalRGB" || text == "Lab") {
    image->components = 3;
  } else if (text == "DeviceCMYK" || text == "CMYK") {
    image->components = 4;
  }
}

struct Chunk {
  unsigned char* data;
  size_t size;
  size_t capacity;
  bool full;
};

}  // namespace

bool LoadContent(fz_context* ctx, pdf_document* doc, pdf_obj* contents, size_t limit,
                 std::string* out) {
  Chunk chunk = {};
  bool ok = Guard(ctx, [&] {
    fz_stream* stream = pdf_open_contents_stream(ctx, doc, contents);
    fz_var(stream);
    fz_try(ctx) {
      while (chunk.size < limit) {
        if (chunk.size == chunk.capacity) {
          const size_t wanted = std::min(limit, chunk.capacity == 0 ? 16384 : chunk.capacity * 2);
          void* grown = std::realloc(chunk.data, wanted);
          if (grown == nullptr) fz_throw(ctx, FZ_ERROR_MEMORY, "no memory for content");
          chunk.data = static_cast<unsigned char*>(grown);
          chunk.capacity = wanted;
        }
        const size_t got =
            fz_read(ctx, stream, chunk.data + chunk.size, chunk.capacity - chunk.size);
        if (got == 0) break;
        chunk.size += got;
      }
      chunk.full = chunk.size == limit;
    }
    fz_always(ctx) fz_drop_stream(ctx, stream);
    fz_catch(ctx) fz_rethrow(ctx);
  });
  if (chunk.size > 0) out->assign(reinterpret_cast<const char*>(chunk.data), chunk.size);
  std::free(chunk.data);
  return ok && !chunk.full;
}

void DescribeImage(fz_context* ctx, pdf_obj* dict, ImagePlacement* image) {
  image->width = static_cast<uint32_t>(
      std::max(0, pdf_to_int(ctx, pdf_dict_geta(ctx, dict, PDF_NAME(Width), PDF_NAME(W)))));
  image->height = static_cast<uint32_t>(
      std::max(0, pdf_to_int(ctx, pdf_dict_geta(ctx, dict, PDF_NAME(Height), PDF_NAME(H)))));
  image->mask = pdf_to_bool(ctx, pdf_dict_geta(ctx, dict, PDF_NAME(ImageMask), PDF_NAME(IM))) != 0;
  pdf_obj* bits = pdf_dict_geta(ctx, dict, PDF_NAME(BitsPerComponent), PDF_NAME(BPC));
  image->bits = image->mask ? 1 : static_cast<uint8_t>(bits ? pdf_to_int(ctx, bits) & 31 : 8);
  if (image->mask) image->components = 1;
  image->decode = pdf_dict_geta(ctx, dict, PDF_NAME(Decode), PDF_NAME(D)) != nullptr;
  image->masked = pdf_dict_get(ctx, dict, PDF_NAME(SMask)) != nullptr ||
                  pdf_dict_get(ctx, dict, PDF_NAME(Mask)) != nullptr ||
                  pdf_dict_get_int(ctx, dict, PDF_NAME(SMaskInData)) != 0;
  image->optional = pdf_dict_get(ctx, dict, PDF_NAME(OC)) != nullptr;
  DescribeFilter(ctx, pdf_dict_geta(ctx, dict, PDF_NAME(Filter), PDF_NAME(F)), image);
  DescribeColour(ctx, pdf_dict_geta(ctx, dict, PDF_NAME(ColorSpace), PDF_NAME(CS)), image);
  image->bytes = static_cast<uint64_t>(
      std::max<int64_t>(0, pdf_to_int64(ctx, pdf_dict_get(ctx, dict, PDF_NAME(Length)))));
}

PageScanLimits ScanLimitsFor(uint32_t pages) {
  const uint64_t share = (uint64_t{32} << 20) / std::max(1u, pages);
  return {.max_content_bytes = std::clamp<uint64_t>(share, 16u << 10, 8u << 20)};
}

PageFacts ScanPage(fz_context* ctx, pdf_document* doc, pdf_obj* page, const fz_rect& box,
                   const PageScanLimits& limits) {
  PageFacts facts;
  try {
    PageScan(ctx, doc, box, limits, &facts).RunPage(page);
  } catch (const std::bad_alloc&) {
    facts.complete = false;
  }
  return facts;
}

}  // namespace cbzfs
