// A file beside a comic that says what the comic is: a ComicInfo.xml or a package document (.opf).
// Which it is its root element tells, whatever its name.
//
// Pure function: any thread.

#ifndef CBZFS_CODECS_METADATA_SIDECAR_H_
#define CBZFS_CODECS_METADATA_SIDECAR_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/document/document.h"

namespace cbzfs {

inline constexpr size_t kMaxSidecarBytes = 1 << 20;

struct Sidecar {
  Metadata info;
  std::vector<PageMark> marks;  // by rising page; of pages that the comic may not have
};

// With messages for the user: kInvalidArgument when it is no XML, kNotFound when it is neither of
// the two and perhaps never was meant to be.
absl::StatusOr<Sidecar> ReadSidecar(std::string_view text);

// What the sidecar says counts before what the document says. Marks of pages that are not there
// are left out.
void AddSidecar(const Sidecar& sidecar, Document* document);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_METADATA_SIDECAR_H_
