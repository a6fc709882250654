// What the pages that a worker makes are coded as.

#ifndef CBZFS_CODECS_DOCUMENT_PAGE_FORMAT_H_
#define CBZFS_CODECS_DOCUMENT_PAGE_FORMAT_H_

#include <cstdint>
#include <string_view>

namespace cbzfs {

// The numbers go over the wire to the workers.
enum class PageFormat : uint8_t { kJpeg = 0, kWebp = 1 };

// Of the names of such pages, with its dot.
inline constexpr std::string_view ExtensionOf(PageFormat format) {
  return format == PageFormat::kWebp ? ".webp" : ".jpg";
}

// WebP counts a side in 14 bits.
inline constexpr uint32_t kMaxWebpSide = 16'383;

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_PAGE_FORMAT_H_
