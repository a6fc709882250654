// The config file's parser on any text: it refuses with a message, or what it gives can be asked.

#include <algorithm>
#include <string_view>

#include "fs/core/reader_config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = ReaderConfig::Parse(text, "file");
  if (!config.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(config.status()) && !config.status().message().empty());
    return 0;
  }
  for (const NamedView& view : (*config)->views()) {
    FUZZ_CHECK(IsNameForView(view.name) && (*config)->Find(view.name) == &view);
    FUZZ_CHECK((*config)->HashFor(view.name) == (*config)->HashFor(view.name));
    for (const char* path : {"a", "Manga/x.pdf", "A/B/C/d.cbz"}) {
      const ReaderProfile profile = (*config)->ProfileFor(view, path);
      (*config)->Hides(view.name, path);
      for (const PictureSize page : {PictureSize{1, 1}, PictureSize{3000, 2000}, PictureSize{20, 60000}}) {
        for (const PagePart part : PartsOf(page, profile)) {
          const PictureSize canvas = CanvasFor(page, part, profile);
          FUZZ_CHECK(canvas.width > 0 && canvas.height > 0);
          FUZZ_CHECK(uint64_t{canvas.width} * canvas.height <= kMaxKeptPixels);
          FUZZ_CHECK(profile.format == PageFormat::kJpeg ||
                     std::max(canvas.width, canvas.height) <= kMaxWebpSide);
        }
      }
    }
  }
  return 0;
}
