// The XML in an EPUB that says what the EPUB is: container, package document, the head of a page
// (EPUB 3.3; OPF 2.0.1; Amazon's and Apple's older ways of saying that a layout is fixed).
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_METADATA_EPUB_PACKAGE_H_
#define CBZFS_CODECS_METADATA_EPUB_PACKAGE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/document/metadata.h"

namespace cbzfs {

// META-INF/container.xml: the path of the package document. kInvalidArgument when it names none.
absl::StatusOr<std::string> PackagePathOf(std::string_view container);

struct PackageDocument {
  Metadata info;
  bool fixed_layout = false;
  std::vector<std::string> spine;  // paths in the archive, of at most kMostSpine documents
};
inline constexpr size_t kMostSpine = 10'000;

// `path`: where the package document is in the archive. kInvalidArgument when it is none.
absl::StatusOr<PackageDocument> ReadPackageDocument(std::string_view text, std::string_view path);

// META-INF/com.apple.ibooks.display-options.xml: whether it says that the layout is fixed.
bool DisplayOptionsFixLayout(std::string_view text);

// The viewport of a page, XHTML or SVG, in pixels of CSS.
struct Viewport {
  float width = 0;
  float height = 0;
};
std::optional<Viewport> ViewportOf(std::string_view page);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_METADATA_EPUB_PACKAGE_H_
