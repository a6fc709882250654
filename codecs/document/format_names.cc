#include "codecs/document/format_names.h"

#include <string>

#include "absl/strings/ascii.h"

namespace cbzfs {
namespace {

constexpr const char* kImageExtensions[] = {
    "jpg",  "jpeg", "jpe", "jfif", "png", "gif", "webp", "bmp",  "dib", "tif",
    "tiff", "jp2",  "j2k", "j2c",  "jpc", "jpf", "jpx",  "avif", "jxl",
};

}  // namespace

std::optional<SourceFormat> FormatOfName(std::string_view name) {
  const size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > 5) return std::nullopt;
  const std::string extension = absl::AsciiStrToLower(std::string(name.substr(dot + 1)));
  if (extension == "pdf") return SourceFormat::kPdf;
  if (extension == "xps" || extension == "oxps") return SourceFormat::kXps;
  if (extension == "epub") return SourceFormat::kEpub;
  if (extension == "cbz" || extension == "zip") return SourceFormat::kArchive;
  for (const char* const packed : {"cbr", "rar", "cb7", "7z", "cbt", "tar"}) {
    if (extension == packed) return SourceFormat::kPacked;
  }
  for (const char* const image : kImageExtensions) {
    if (extension == image) return SourceFormat::kImage;
  }
  return std::nullopt;
}

}  // namespace cbzfs
