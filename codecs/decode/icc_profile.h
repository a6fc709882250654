// Colour profiles as a JPEG carries them: APP2 segments that begin with "ICC_PROFILE", a zero, the
// number of the segment from 1 and how many there are (ICC.1:2010, annex B.4).
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_DECODE_ICC_PROFILE_H_
#define CBZFS_CODECS_DECODE_ICC_PROFILE_H_

#include <cstdint>
#include <string>

#include "absl/types/span.h"

namespace cbzfs {

// Every page of a book carries its profile, so a large one is left out. Profiles of screens and
// cameras have 0.5 to 4 KB, those of printers, which no RGB picture should have, up to 2 MB.
inline constexpr uint64_t kMaxProfileBytes = 1 << 20;

// What IccSegmentsOf() makes of a profile so long; 0 when it is empty or too large.
uint32_t IccSegmentBytes(uint64_t profile_bytes);

// The beginning of a profile (128 bytes or more) that pictures of 1 or 3 components can have.
bool ProfileFits(absl::Span<const uint8_t> profile_head, bool gray);

// Empty when the profile is broken, too large, or not for such pictures.
std::string IccSegmentsOf(absl::Span<const uint8_t> profile, bool gray);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DECODE_ICC_PROFILE_H_
