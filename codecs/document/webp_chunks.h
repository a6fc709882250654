// The chunks that a WebP file is made of (RFC 9649), as far as they are no coded picture.
//
// A page is in the extended form: RIFF header, VP8X, filling, ICCP where it has colours, the
// picture, filling. VP8X stands first and says whether there is an ICCP, before anybody knows what
// the picture is like: so every page that may have colours has one, be it that of sRGB.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DOCUMENT_WEBP_CHUNKS_H_
#define CBZFS_CODECS_DOCUMENT_WEBP_CHUNKS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace cbzfs {

inline constexpr uint64_t kWebpChunkHeader = 8;
// RIFF header and VP8X.
inline constexpr uint64_t kWebpStartBytes = 30;
// No program knows it as a chunk of WebP, many as the filling of other RIFF files.
inline constexpr std::string_view kWebpFilling = "JUNK";

// The first kWebpStartBytes of a file of `file_bytes`, an even number. Sides are 1 to kMaxWebpSide.
std::string WebpStart(uint64_t file_bytes, uint32_t width, uint32_t height, bool icc);

// Name of four letters, length, `data`, and a zero where that is odd.
std::string WebpChunk(std::string_view name, std::string_view data);
inline uint64_t WebpChunkBytes(uint64_t data_bytes) {
  return kWebpChunkHeader + data_bytes + (data_bytes & 1);
}

// The length of the first of `chunks`; 0 where they do not begin with a whole one of this name.
uint64_t LeadingChunkBytes(std::string_view chunks, std::string_view name);

// The colour profile in APP2 segments of a JPEG (ICC.1:2010, annex B.4), put together; "" where
// they are none.
std::string ProfileOfSegments(std::string_view segments);

// IEC 61966-2-1, as an ICC profile of version 4.2. The same bytes always.
const std::string& SrgbProfile();

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_WEBP_CHUNKS_H_
