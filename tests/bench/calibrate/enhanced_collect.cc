#include "tests/bench/calibrate/enhanced_collect.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "codecs/comic/archive_comic.h"
#include "codecs/document/picture_size.h"
#include "codecs/image/enhance.h"
#include "codecs/decode/image_decode.h"
#include "codecs/decode/image_info.h"
#include "codecs/document/format_names.h"
#include "codecs/picture/image_page.h"
#include "codecs/image/jpeg_encode.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/image/resize.h"
#include "codecs/image/size_sample.h"
#include "codecs/pdf/pdf.h"
#include "codecs/pdf/slot_model_survey.h"

namespace cbzfs {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kQualities[] = {75, 85, 85, 85, 85, 92};
// Of a book so many images are estimated beyond its sample.
constexpr size_t kEstimated = 24;
constexpr uint32_t kBoxes[] = {100, 200, 0, 1};

class Mapping {
 public:
  explicit Mapping(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0) return;
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
      bytes_ = static_cast<size_t>(st.st_size);
      data_ = mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    close(fd);
  }
  ~Mapping() {
    if (data_ != MAP_FAILED) munmap(data_, bytes_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  absl::Span<const uint8_t> bytes() const {
    if (data_ == MAP_FAILED) return {};
    return {static_cast<const uint8_t*>(data_), bytes_};
  }

 private:
  void* data_ = MAP_FAILED;
  size_t bytes_ = 0;
};

bool IsGray(PixelRows& rows) {
  if (rows.components() == 1) return true;
  if (!rows.Rewind().ok()) return false;
  for (uint32_t y = 0; y < rows.height(); ++y) {
    const uint8_t* row = rows.Next();
    if (row == nullptr || !RowIsGray(row, rows.width())) return false;
  }
  return true;
}

std::optional<Truth> Weigh(PixelRows& rows, uint32_t quality, size_t page) {
  const bool gray = IsGray(rows);
  const auto size = [&](uint32_t q) {
    const absl::StatusOr<std::string> payload = EncodeJpegPayload(rows, q, gray);
    return payload.ok() ? static_cast<uint32_t>(payload->size()) : 0u;
  };
  const Truth truth{.page = static_cast<uint32_t>(page),
                    .asked = size(quality),
                    .ten_less = size(quality - 10),
                    .forty = size(40),
                    .most = size(95)};
  if (truth.asked == 0 || truth.forty == 0 || truth.most == 0) return std::nullopt;
  return truth;
}

absl::StatusOr<std::unique_ptr<PixelRows>> Decode(absl::Span<const uint8_t> file, PictureSize size,
                                                  uint32_t times) {
  absl::StatusOr<std::unique_ptr<PixelRows>> rows =
      DecodeImage(file, {.least_width = times * size.width, .least_height = times * size.height});
  if (!rows.ok()) return rows.status();
  return ResizeRows(*std::move(rows), size.width, size.height);
}

std::optional<Truth> WeighEnhanced(absl::Span<const uint8_t> file, PictureSize size,
                                   const AnalyseOptions& options, size_t page) {
  absl::StatusOr<std::unique_ptr<PixelRows>> rows = Decode(file, size, 1);
  if (!rows.ok()) return std::nullopt;
  rows = KeepEnhanced(**rows, options.enhance);
  if (!rows.ok() || !(*rows)->damage().empty()) return std::nullopt;
  return Weigh(**rows, options.quality, page);
}

void WeighThumbnails(absl::Span<const uint8_t> file, PictureSize size, size_t page,
                     EnhancedBook* book) {
  for (const uint32_t box : kBoxes) {
    const uint32_t high = box == 0 ? 300 : 600;
    const PictureSize small =
        FitInside(size, box > 1 ? PictureSize{box, box} : PictureSize{kMaxPageSide, high});
    absl::StatusOr<std::unique_ptr<PixelRows>> rows = Decode(file, small, 2);
    if (!rows.ok()) continue;
    rows = KeepEnhanced(**rows, {.on = false});
    if (!rows.ok()) continue;
    const std::optional<Truth> truth = Weigh(**rows, kThumbnailQuality, page);
    if (truth.has_value()) book->thumbnails.push_back({box, small.width, small.height, *truth});
  }
}

// Calls `use` with the i-th image of a book, or does not.
using Lend = std::function<void(size_t, UseImage)>;

void SurveyImages(const Lend& lend, const AnalyseOptions& options, const CollectOptions& collect,
                  EnhancedBook* book) {
  const uint64_t hash = PathHash(book->path);
  book->measured.resize(book->images.size());
  std::set<size_t> wanted;
  for (const size_t i : ChooseEnhancedSample(book->images)) wanted.insert(i);
  for (const uint32_t i : Pick(book->images.size(), kEstimated, hash + 1)) wanted.insert(i);
  const std::vector<uint32_t> chosen = Pick(book->images.size(), collect.truths, hash);
  wanted.insert(chosen.begin(), chosen.end());
  for (const size_t i : wanted) {
    const PictureSize size = {book->images[i].width, book->images[i].height};
    const bool whole = std::binary_search(chosen.begin(), chosen.end(), i);
    lend(i, [&](absl::Span<const uint8_t> file) {
      const double begun = CpuMilliseconds();
      absl::StatusOr<std::unique_ptr<PixelRows>> rows = Decode(file, size, 1);
      if (!rows.ok()) return;
      const absl::StatusOr<double> bytes =
          EstimateEnhancedPayload(**rows, options.enhance, options.quality);
      if (!bytes.ok()) return;
      book->measured[i] = {.bytes = *bytes, .milliseconds = CpuMilliseconds() - begun};
      if (!whole) return;
      const std::optional<Truth> truth = WeighEnhanced(file, size, options, i);
      if (!truth.has_value()) return;
      book->image_truths.push_back(*truth);
      WeighThumbnails(file, size, i, book);
    });
  }
}

// The first stat: what `analyse` takes, with enhanced slots and without.
absl::StatusOr<Document> Analyse(
    const AnalyseOptions& options, EnhancedBook* book,
    const std::function<absl::StatusOr<Document>(const AnalyseOptions&)>& analyse) {
  AnalyseOptions plain = options;
  plain.enhanced = false;
  double begun = CpuMilliseconds();
  if (const absl::Status status = analyse(plain).status(); !status.ok()) return status;
  book->plain_stat_ms = CpuMilliseconds() - begun;
  begun = CpuMilliseconds();
  absl::StatusOr<Document> document = analyse(options);
  book->stat_ms = CpuMilliseconds() - begun;
  return document;
}

void SurveyFolder(const AnalyseOptions& options, const CollectOptions& collect,
                  EnhancedBook* book) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(book->path, error)) {
    if (HasImageExtension(entry.path().string())) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::unique_ptr<Mapping>> files;
  std::vector<Page> table;
  for (const std::string& path : paths) {
    auto file = std::make_unique<Mapping>(path);
    const absl::StatusOr<ImagePage> page = DescribeImage(file->bytes(), file->bytes().size());
    if (!page.ok()) continue;
    files.push_back(std::move(file));
    book->images.push_back(page->slot);
    table.push_back(page->row);
  }
  const Lend lend = [&](size_t i, UseImage use) { use(files[i]->bytes()); };
  std::vector<Page*> rows;
  for (Page& row : table) rows.push_back(&row);
  const double begun = CpuMilliseconds();
  FillEnhancedSlots(book->images, options, false, lend, absl::MakeSpan(rows));
  book->stat_ms = CpuMilliseconds() - begun;
  SurveyImages(lend, options, collect, book);
}

void SurveyArchive(const AnalyseOptions& options, const CollectOptions& collect,
                   EnhancedBook* book) {
  const Mapping file(book->path);
  const auto charsets = LegacyCharsets::Load();
  if (!charsets.ok()) return;
  std::unique_ptr<ArchiveComic> comic;
  const absl::StatusOr<Document> document =
      Analyse(options, book, [&](const AnalyseOptions& wanted) -> absl::StatusOr<Document> {
        auto opened = ArchiveComic::Open(file.bytes(), charsets->get());
        if (!opened.ok()) return opened.status();
        comic = *std::move(opened);
        return comic->Analyse(wanted, false);
      });
  if (!document.ok()) return;
  std::vector<uint32_t> entries;
  for (size_t i = 0; i < document->pages.size(); ++i) {
    if (document->pages[i].kind != PageKind::kImage) continue;
    const absl::StatusOr<std::string> data =
        comic->Read(document->entries[i].index, kMaxImageFileBytes);
    if (!data.ok()) continue;
    const auto* begin = reinterpret_cast<const uint8_t*>(data->data());
    const absl::StatusOr<ImagePage> page = DescribeImage({begin, data->size()}, data->size());
    if (!page.ok()) continue;
    book->images.push_back(page->slot);
    entries.push_back(document->entries[i].index);
  }
  const Lend lend = [&](size_t i, UseImage use) {
    const absl::StatusOr<std::string> data = comic->Read(entries[i], kMaxImageFileBytes);
    if (data.ok()) use({reinterpret_cast<const uint8_t*>(data->data()), data->size()});
  };
  SurveyImages(lend, options, collect, book);
}

void SurveyDrawn(Pdf* pdf, const Document& document, const AnalyseOptions& options,
                 const CollectOptions& collect, EnhancedBook* book) {
  SlotSurvey survey(pdf, options);
  std::vector<uint32_t> rows;
  const std::vector<SlotPage> pages = survey.Describe(document.pages, &rows);
  for (size_t i = 0; i < pages.size(); ++i) {
    book->drawn.push_back(
        {pages[i].width, pages[i].height, document.pages[rows[i]].payload_bytes, std::nullopt});
  }
  for (const uint32_t i : ChooseSample(pages)) {
    std::optional<float> growth;
    const std::optional<SmallDrawing> small =
        survey.MeasureSmall(rows[i], document.pages[rows[i]], &growth);
    if (!small.has_value() || !growth.has_value()) continue;
    book->drawn[i].small = {.bytes = small->bytes, .growth = *growth};
  }
  for (const uint32_t i : Pick(pages.size(), collect.truths, PathHash(book->path))) {
    const Page& row = document.pages[rows[i]];
    const absl::StatusOr<FittedImage> plain = pdf->Produce(rows[i], row, options, row.payload_bytes);
    if (!plain.ok()) continue;
    const std::string jpeg = "\xFF\xD8" + plain->payload + "\xFF\xD9";
    const absl::Span<const uint8_t> file(reinterpret_cast<const uint8_t*>(jpeg.data()),
                                         jpeg.size());
    const std::optional<Truth> truth = WeighEnhanced(file, {row.width, row.height}, options, i);
    if (!truth.has_value()) continue;
    book->drawn_truths.push_back(*truth);
    WeighThumbnails(file, {row.width, row.height}, i, book);
  }
}

void SurveyPdf(const AnalyseOptions& options, const CollectOptions& collect, EnhancedBook* book) {
  const Mapping file(book->path);
  std::unique_ptr<PdfEngine> engine;
  std::unique_ptr<Pdf> pdf;
  const absl::StatusOr<Document> document =
      Analyse(options, book, [&](const AnalyseOptions& wanted) -> absl::StatusOr<Document> {
        pdf.reset();
        engine = std::make_unique<PdfEngine>();
        auto opened = Pdf::Open(engine.get(), file.bytes());
        if (!opened.ok()) return opened.status();
        pdf = *std::move(opened);
        return pdf->Analyse(wanted);
      });
  if (!document.ok()) return;
  SurveyDrawn(pdf.get(), *document, options, collect, book);
  std::vector<const Page*> originals;
  std::string buffer;
  for (const Page& row : document->pages) {
    if (row.kind != PageKind::kOriginal) continue;
    const absl::Span<const uint8_t> jpeg = pdf->Original(row, &buffer);
    const absl::StatusOr<ImagePage> page = DescribeImage(jpeg, jpeg.size());
    if (!page.ok()) continue;
    book->images.push_back(page->slot);
    originals.push_back(&row);
  }
  const Lend lend = [&](size_t i, UseImage use) { use(pdf->Original(*originals[i], &buffer)); };
  SurveyImages(lend, options, collect, book);
}

std::string LowerExtension(const std::string& path) {
  std::string extension = fs::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), ::tolower);
  return extension;
}

EnhancedBook Survey(const std::string& path, const CollectOptions& collect) {
  EnhancedBook book;
  book.path = path;
  AnalyseOptions options;
  options.enhanced = true;
  options.quality = book.quality = kQualities[PathHash(path) / 64 % std::size(kQualities)];
  const std::string extension = LowerExtension(path);
  if (extension == ".pdf") {
    SurveyPdf(options, collect, &book);
  } else if (extension == ".cbz") {
    SurveyArchive(options, collect, &book);
  } else {
    SurveyFolder(options, collect, &book);
  }
  return book;
}

}  // namespace

std::vector<std::string> FindBooks(const std::vector<std::string>& folders) {
  std::set<std::string> paths;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
         it.increment(error)) {
      if (!it->is_regular_file(error)) continue;
      const std::string path = it->path().string();
      const std::string extension = LowerExtension(path);
      if (extension == ".pdf" || extension == ".cbz") paths.insert(path);
      if (HasImageExtension(path)) paths.insert(it->path().parent_path().string());
    }
  }
  return {paths.begin(), paths.end()};
}

void CollectEnhanced(const std::vector<std::string>& paths, const CollectOptions& options,
                     const std::function<void(EnhancedBook)>& done) {
  const auto work = [&](size_t i) { return Serialise(Survey(paths[i], options)); };
  RunChildren(paths.size(), options.limits, work, [&](size_t i, const std::string& bytes) {
    std::optional<EnhancedBook> book = ParseEnhanced(bytes);
    if (book.has_value() && !(book->image_truths.empty() && book->drawn_truths.empty())) {
      done(*std::move(book));
    } else {
      std::fprintf(stderr, "skipped %s\n", paths[i].c_str());
    }
  });
}

}  // namespace cbzfs
