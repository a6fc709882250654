// Pages made as a worker makes them, without processes and sandbox around it, so that valgrind can
// count the instructions and the clock of the processor is all that is asked:
//
//   cbzfs-bench-pages page|enhanced|thumbnail FILE.pdf FIRST COUNT [original=no]
//
// Makes the pages FIRST to FIRST + COUNT - 1 (from 0) once each. Prints the processor seconds and
// the bytes of each, one page a line. Single-threaded.

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"
#include "codecs/document/picture_size.h"
#include "codecs/image/jpeg_fit.h"
#include "codecs/pdf/pdf.h"
#include "codecs/picture/picture.h"

// libhwy, which JPEG XL's library wants, times RDTSCP when it is loaded; where the processor has no
// such instruction, valgrind still says it had and then refuses it. Nothing here asks for the
// time that libhwy's own function would find, so this one takes its place.
namespace hwy::platform {
uint64_t TimerResolution();
uint64_t TimerResolution() { return 1; }
}  // namespace hwy::platform

namespace cbzfs {
namespace {

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "cbzfs-bench-pages: %s\n", why.c_str());
  std::exit(1);
}

absl::Span<const uint8_t> Map(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat attributes;
  if (file < 0 || fstat(file, &attributes) != 0) Fail(std::string("cannot open ") + path);
  const auto size = static_cast<size_t>(attributes.st_size);
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (data == MAP_FAILED) Fail(std::string("cannot map ") + path);
  return {static_cast<const uint8_t*>(data), size};
}

double ProcessorSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Room for any page, so that none is encoded twice to fit: what a slot was chosen as is no part of
// this figure.
constexpr uint64_t kRoom = 64 << 20;

size_t SizeOf(absl::StatusOr<FittedImage> jpeg) {
  if (!jpeg.ok()) Fail(std::string(jpeg.status().message()));
  return jpeg->payload.size();
}

size_t SizeOf(absl::StatusOr<MadePicture> picture) {
  if (!picture.ok()) Fail(std::string(picture.status().message()));
  return picture->image.payload.size();
}

PictureRequest RequestOf(const Page& row, bool small, const AnalyseOptions& options) {
  PictureRequest request = {.width = row.width,
                            .height = row.height,
                            .quality = options.quality,
                            .max_payload = kRoom,
                            .enhance = options.enhance};
  if (small) {
    const PictureSize size = FitInside({row.width, row.height}, {100, 100});
    request.width = size.width;
    request.height = size.height;
    request.quality = kThumbnailQuality;
  }
  return request;
}

// As request_loop.cc of the worker decides it.
size_t MakePage(Pdf* pdf, uint32_t index, const Page& row, const AnalyseOptions& options,
                std::string_view view) {
  const bool small = view == "thumbnail";
  const PictureRequest request = RequestOf(row, small, options);
  if (row.kind == PageKind::kOriginal && view != "page") {
    std::string buffer;
    const absl::Span<const uint8_t> jpeg = pdf->Original(row, &buffer);
    return SizeOf(small ? ShrinkPicture(jpeg, request) : EnhancePicture(jpeg, request));
  }
  if (row.kind == PageKind::kOriginal) Fail("an original page is not made; try original=no");
  if (view == "enhanced") Fail("an enhanced page is made of an original one here");
  if (!small) return SizeOf(pdf->Produce(index, row, options, kRoom));
  if (!row.lone_image) Fail("the thumbnail of such a page is made of the drawn page");
  return SizeOf(pdf->ProduceSmall(index, row, options,
                                  {.width = request.width,
                                   .height = request.height,
                                   .quality = request.quality,
                                   .max_payload = kRoom}));
}

int Main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 512 << 20);  // as worker_main.cc
  mallopt(M_TRIM_THRESHOLD, 96 << 20);
  const std::string_view view = argv[1];
  if (view != "page" && view != "enhanced" && view != "thumbnail") Fail("no such view");
  AnalyseOptions options = {.original = argc < 6 || std::strcmp(argv[5], "original=no") != 0};
  PdfEngine engine;
  absl::StatusOr<std::unique_ptr<Pdf>> pdf = Pdf::Open(&engine, Map(argv[2]));
  if (!pdf.ok()) Fail(std::string(pdf.status().message()));
  const absl::StatusOr<Document> document = (*pdf)->Analyse(options);
  if (!document.ok()) Fail(std::string(document.status().message()));
  const auto first = static_cast<uint32_t>(std::atol(argv[3]));
  const auto count = static_cast<uint32_t>(std::atol(argv[4]));
  if (count == 0 || size_t{first} + count > document->pages.size()) Fail("no such page");
  for (uint32_t index = first; index < first + count; ++index) {
    const double start = ProcessorSeconds();
    const size_t bytes = MakePage(pdf->get(), index, document->pages[index], options, view);
    std::printf("%.9f %zu\n", ProcessorSeconds() - start, bytes);
  }
  return 0;
}

}  // namespace
}  // namespace cbzfs

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    std::fprintf(stderr, "usage: %s page|enhanced|thumbnail FILE.pdf FIRST COUNT [original=no]\n",
                 argv[0]);
    return 2;
  }
  return cbzfs::Main(argc, argv);
}
