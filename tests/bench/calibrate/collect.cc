#include "tests/bench/calibrate/collect.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>

#include "codecs/image/jpeg_encode.h"
#include "codecs/pdf/pdf.h"
#include "codecs/pdf/slot_model_survey.h"
#include "tests/bench/calibrate/children.h"

namespace cbzfs {
namespace {

constexpr uint32_t kQualities[] = {75, 80, 85, 85, 90, 92};
constexpr uint32_t kResolutions[] = {0, 0, 0, 150, 150, 300};
// Documents up to this are measured on every page, so that the model sees all kinds of company.
constexpr size_t kMeasuredWhole = 12;

const uint8_t* RasterRow(void* state, uint32_t y) {
  return static_cast<const RasterView*>(state)->Row(y);
}

bool IsGray(const RasterView& raster) {
  if (raster.components == 1) return true;
  for (uint32_t y = 0; y < raster.height; ++y) {
    const uint8_t* p = raster.Row(y);
    for (uint32_t x = 0; x < raster.width; ++x, p += 3) {
      if (p[0] != p[1] || p[1] != p[2]) return false;
    }
  }
  return true;
}

void Weigh(const RasterView& raster, uint32_t quality, Truth* truth) {
  const bool gray = IsGray(raster);
  const RowSource source{raster.width, raster.height, raster.components, RasterRow,
                         const_cast<RasterView*>(&raster)};
  const auto size = [&](uint32_t q) {
    const absl::StatusOr<std::string> payload = EncodeJpegPayload(source, q, gray);
    return payload.ok() ? static_cast<uint32_t>(payload->size()) : 0u;
  };
  truth->asked = size(quality);
  truth->ten_less = size(quality - 10);
  truth->forty = size(40);
  truth->most = size(95);
}

std::optional<DocumentRecord> Survey(const std::string& path, const CollectOptions& options) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) return std::nullopt;
  const size_t bytes = static_cast<size_t>(st.st_size);
  void* map = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED) return std::nullopt;

  const uint64_t hash = PathHash(path);
  DocumentRecord record;
  record.path = path;
  AnalyseOptions analyse;
  analyse.quality = record.quality = kQualities[hash / 64 % std::size(kQualities)];
  analyse.dpi = record.dpi = kResolutions[hash / 7 % std::size(kResolutions)];
  PdfEngine engine;
  const double begun = CpuMilliseconds();
  auto pdf = Pdf::Open(&engine, {static_cast<const uint8_t*>(map), bytes});
  if (!pdf.ok()) return std::nullopt;
  auto document = (*pdf)->Analyse(analyse);
  if (!document.ok()) return std::nullopt;
  record.stat_ms = CpuMilliseconds() - begun;
  record.page_count = static_cast<uint32_t>(document->pages.size());

  SlotSurvey survey(pdf->get(), analyse);
  std::vector<uint32_t> drawn;
  record.pages = survey.Describe(document->pages, &drawn);
  record.sample = ChooseSample(record.pages);
  record.small.resize(record.pages.size());
  const std::vector<uint32_t> chosen = Pick(record.pages.size(), options.truths, hash);
  const auto measure = [&](uint32_t i) {
    if (record.pages[i].cost > kNeverDrawn || record.small[i].has_value()) return;
    record.small[i] = survey.MeasureSmall(drawn[i], document->pages[drawn[i]]);
  };
  for (const uint32_t i : record.sample) measure(i);
  for (const uint32_t i : chosen) measure(i);
  if (record.pages.size() <= kMeasuredWhole) {
    for (uint32_t i = 0; i < record.pages.size(); ++i) measure(i);
  }
  for (const uint32_t i : chosen) {
    Truth truth{.page = i};
    const absl::Status status =
        survey.Draw(drawn[i], document->pages[drawn[i]],
                    [&](const RasterView& raster) { Weigh(raster, record.quality, &truth); });
    if (status.ok() && truth.asked > 0 && truth.forty > 0) record.truths.push_back(truth);
  }
  return record;
}

}  // namespace

uint64_t PathHash(const std::string& path) {  // FNV-1a
  uint64_t hash = 1469598103934665603u;
  for (const char c : path) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash;
}

std::vector<uint32_t> Pick(size_t from, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> all(from);
  for (size_t i = 0; i < from; ++i) all[i] = static_cast<uint32_t>(i);
  count = std::min(count, from);
  for (size_t i = 0; i < count; ++i) std::swap(all[i], all[i + random() % (from - i)]);
  all.resize(count);
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> FindPdfs(const std::vector<std::string>& folders) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
         it.increment(error)) {
      std::string extension = it->path().extension().string();
      std::transform(extension.begin(), extension.end(), extension.begin(), ::tolower);
      if (extension == ".pdf" && it->is_regular_file(error)) paths.push_back(it->path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void Collect(const std::vector<std::string>& paths, const CollectOptions& options,
             const std::function<void(DocumentRecord)>& done) {
  const auto work = [&](size_t i) {
    const std::optional<DocumentRecord> record = Survey(paths[i], options);
    return record.has_value() ? Serialise(*record) : "";
  };
  RunChildren(paths.size(), options.limits, work, [&](size_t i, const std::string& bytes) {
    std::optional<DocumentRecord> record = Parse(bytes);
    if (record.has_value()) {
      done(*std::move(record));
    } else {
      std::fprintf(stderr, "skipped %s\n", paths[i].c_str());
    }
  });
}

}  // namespace cbzfs
