// Lists of mount options: what is taken is within its limits, and what was cut up can be put
// together again.

#include "fs/core/options.h"

#include <string>

#include "fs/core/option_value.h"
#include "tests/fuzz/fuzz.h"

namespace cbzfs {
namespace {

bool Within(double value, double least, double most) { return value >= least && value <= most; }

void CheckValues(const Options& options) {
  const AnalyseOptions& analyse = options.analyse;
  FUZZ_CHECK(Within(analyse.quality, 40, 100));
  FUZZ_CHECK(analyse.dpi == 0 || Within(analyse.dpi, 36, 1200));
  FUZZ_CHECK(Within(analyse.max_pages, 1, 1'000'000));
  FUZZ_CHECK(Within(analyse.enhance.curve, 0, 1));
  FUZZ_CHECK(Within(analyse.enhance.gamma, 0.1, 10));
  FUZZ_CHECK(Within(analyse.enhance.brightness, 0, 10));
  FUZZ_CHECK(Within(analyse.enhance.contrast, 0, 10));
  FUZZ_CHECK(Within(analyse.enhance.cutoff, 0, 49));
  const uint32_t guard = options.layout.guard;
  FUZZ_CHECK(guard == 0 || guard == 4096 || guard == 65'536);
  FUZZ_CHECK(Within(options.thumb_size, 16, 1000) && Within(options.cover_height, 16, 4000));
  FUZZ_CHECK(Within(options.workers, 0, 256) && Within(options.read_ahead, -1, 1000));
  FUZZ_CHECK(options.ttl >= absl::ZeroDuration() && options.ttl <= absl::Seconds(1e9));
  FUZZ_CHECK(options.draw_timeout > absl::ZeroDuration());
  FUZZ_CHECK(options.analyse_timeout > absl::ZeroDuration());
  FUZZ_CHECK(!options.views.empty());
  // Of those of a config file only the names are looked at before it is read.
  if (!options.config.empty()) {
    for (const std::string& view : options.views) {
      FUZZ_CHECK(FindViewName(view) != nullptr || IsNameForView(view));
    }
    return;
  }
  FUZZ_CHECK(options.views.size() <= kViewNames.size());
  size_t last = 0;
  for (const std::string& view : options.views) {
    const ViewName* const name = FindViewName(view);
    FUZZ_CHECK(name != nullptr && name->id > last);  // in order, each once
    last = name->id;
  }
  FUZZ_CHECK(options.view.empty() || FindViewName(options.view) != nullptr);
}

void CheckSplitting(std::string_view list) {
  const std::vector<std::string> items = SplitOptionList(list);
  std::string joined;
  for (const std::string& item : items) {
    FUZZ_CHECK(!item.empty());
    if (!joined.empty()) joined += ',';
    joined += EscapeOption(item);
  }
  FUZZ_CHECK(SplitOptionList(joined) == items);
}

void CheckNumbers(std::string_view text) {
  if (const auto bytes = ParseSize(text)) {
    FUZZ_CHECK(*bytes <= INT64_MAX && ParseSize(FormatSize(*bytes)) == bytes);
  }
  if (const auto count = ParseCount(text, 5, 500)) FUZZ_CHECK(*count >= 5 && *count <= 500);
  if (const auto decimal = ParseDecimal(text, 0.5, 7)) FUZZ_CHECK(Within(*decimal, 0.5, 7));
}

}  // namespace
}  // namespace cbzfs

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbzfs;
  const std::string_view list(reinterpret_cast<const char*>(data), size);
  CheckSplitting(list);
  CheckNumbers(list);
  Options options;
  const absl::Status status = ParseMountOptions(list, &options);
  // Options before the one that was wrong have been applied.
  CheckValues(options);
  if (!status.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(status) && !status.message().empty());
    return 0;
  }
  if (CheckOptions(options).ok()) FUZZ_CHECK(options.cache_bytes <= options.memory_bytes);
  return 0;
}
