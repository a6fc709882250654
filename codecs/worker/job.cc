#include "codecs/worker/job.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "codecs/document/picture_size.h"
#include "codecs/worker/protocol.h"

namespace cbzfs {
namespace {

// Rows on their way through decoder and scaler, and the encoder's sample.
constexpr uint64_t kBandBytes = 16 << 20;

// A payload is a JPEG of at most 50 megapixels; this is far beyond any.
constexpr uint64_t kMaxPayload = 1ull << 30;

// An image too large to be kept is decoded three times: for its statistics, for the quality that
// fills its slot, and for the JPEG.
constexpr int kPasses = 3;
// An answer is held by the worker, lies in its file, which is in no process' own memory, and is
// copied out by the daemon.
constexpr uint64_t kAnswers = 3;

// What is kept of a page to crop it: four megapixels at most (codecs/picture/reader_page.cc).
constexpr uint64_t kCroppedBytes = 12 << 20;

uint64_t Pixels(const Page& row) { return uint64_t{row.width} * row.height; }
uint64_t RasterBytes(const Page& row) { return Pixels(row) * (row.gray ? 1 : 3); }

// An encoder that optimises its Huffman tables holds all coefficients, two bytes each: of gray one
// a pixel, of 4:2:0 one and a half.
uint64_t EncoderBytes(const Page& row) { return Pixels(row) * (row.gray ? 2 : 3); }

// libwebp without loss holds each pixel in four bytes, and what it has found out of pairs of them.
constexpr uint64_t kLosslessBytesPerPixel = 14;

uint64_t EncoderBytes(const Page& row, const ReaderProfile& profile) {
  const bool lossless = profile.format == PageFormat::kWebp && profile.levels > 0;
  return lossless ? Pixels(row) * kLosslessBytesPerPixel : EncoderBytes(row);
}

// MuPDF without rasters: of 4 697 wild pages 9 in 10 took less in all, base and raster included.
constexpr uint64_t kPdfBytes = 16 << 20;

// An analysis draws pages at a third of their size and decodes images at an eighth. What takes more
// (a progressive JPEG of many megapixels) is tried again with more.
constexpr uint64_t kAnalysisBytes = 32 << 20;

// The dictionary of what unpacks it (7z and RAR 5 have 16 to 64 MiB by default), and the entries
// that are kept.
constexpr uint64_t kUnpackerBytes = 80 << 20;
// An analysis has one image at a time in memory, with it the buffer that it grew out of.
constexpr uint64_t kPackedImageBytes = 32 << 20;

// All of the archive may have to be unpacked, be it for its last entry alone. libarchive makes 15
// to 100 MiB a second, of which packed images are nearly as many bytes as unpacked; by a slow core.
constexpr uint64_t kUnpackedEachSecond = 8 << 20;
absl::Duration TimeToUnpack(const Job& job) {
  if (!job.OfPacked()) return absl::ZeroDuration();
  return absl::Seconds(static_cast<double>(job.source->bytes()) /
                       static_cast<double>(kUnpackedEachSecond));
}

// What the answer is reckoned with.
uint64_t PayloadOf(const DrawRequest& draw) {
  return draw.likely_payload > 0 ? std::min(draw.likely_payload, draw.max_payload)
                                 : draw.max_payload;
}

uint64_t NeedForPage(const DrawRequest& draw) {
  if (draw.row.kind != PageKind::kDrawn) return (1 + kAnswers) * PayloadOf(draw) + kPdfBytes;
  const uint64_t raster = RasterBytes(draw.row);
  return 2 * raster + raster / 8 + draw.row.decode_bytes + kAnswers * PayloadOf(draw) + kPdfBytes;
}

}  // namespace

uint64_t Job::ResultCapacity() const {
  switch (kind) {
    case Kind::kProbe:
      return 0;
    case Kind::kAnalyse:
      return kMaxDocumentBytes;
    case Kind::kDraw:
      return draw.finish == Finish::kEntry ? draw.entry_bytes : draw.max_payload;
  }
  return 0;
}

uint64_t Job::MemoryNeed() const { return OwnNeed() + (OfPacked() ? kUnpackerBytes : 0); }

uint64_t Job::OwnNeed() const {
  if (kind == Kind::kProbe) return kPdfBytes;
  if (kind == Kind::kAnalyse) {
    return kAnalysisBytes + (OfPacked() ? kPackedImageBytes : 0);
  }
  switch (draw.finish) {
    case Finish::kPage:
      return NeedForPage(draw);
    case Finish::kEnhanced: {
      const uint64_t rows = Pixels(draw.row) <= kMaxKeptPixels ? RasterBytes(draw.row) : 0;
      // A drawn page is enhanced from its JPEG, which is baseline: that takes no more than bands.
      const uint64_t decoder = draw.row.kind == PageKind::kDrawn ? 0 : draw.row.decode_bytes;
      // The decoder, or the encoder after it where the rows are kept: they are not needed at once.
      const uint64_t coders =
          rows > 0 ? std::max(decoder, EncoderBytes(draw.row)) : decoder + EncoderBytes(draw.row);
      return rows + coders + kBandBytes + kAnswers * PayloadOf(draw) + draw.entry_bytes;
    }
    case Finish::kThumbnail:
      return draw.row.decode_bytes + kBandBytes + draw.entry_bytes;
    case Finish::kEntry:
      return kAnswers * draw.entry_bytes;
    case Finish::kReader: {
      // The canvas, the encoder after it, and the page between the look for margins and scaling.
      const bool gray = draw.row.gray || draw.reader.is_gray();
      const Page made = {.width = draw.width, .height = draw.height, .gray = gray};
      const uint64_t looked_at = draw.reader.crop ? kCroppedBytes : 0;
      const uint64_t coders = std::max(draw.row.decode_bytes, EncoderBytes(made, draw.reader));
      return RasterBytes(made) + coders + looked_at + kBandBytes + kAnswers * PayloadOf(draw) +
             draw.entry_bytes;
    }
  }
  return 0;
}

absl::Status Job::Check(uint64_t memory_bytes) const {
  if (source == nullptr) return absl::InvalidArgumentError("no source");
  if (kind != Kind::kDraw) return absl::OkStatus();
  if (draw.finish == Finish::kEntry) {
    if (draw.entry_bytes == 0) return absl::InvalidArgumentError("an empty entry");
    // All of it is held at once, here and at the worker: unlike a page it may be of any size, and
    // so it is not let in alone when it is over the limit.
    if (draw.entry_bytes > kMaxPayload || OwnNeed() > memory_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("an entry of ", draw.entry_bytes >> 20,
                       " MiB takes more memory to unpack than -o memory= leaves beside the cache"));
    }
    return absl::OkStatus();
  }
  if (draw.finish == Finish::kReader &&
      (draw.width == 0 || draw.height == 0 ||
       uint64_t{draw.width} * draw.height > kMaxKeptPixels)) {
    return absl::InvalidArgumentError("an impossible page for a reader");
  }
  if (draw.max_payload == 0 || draw.max_payload > kMaxPayload || draw.row.width > kMaxPageSide ||
      draw.row.height > kMaxPageSide) {
    return absl::InvalidArgumentError("an impossible page");
  }
  return absl::OkStatus();
}

absl::Duration Job::Deadline(const WorkerPoolOptions& pool) const {
  switch (kind) {
    case Kind::kProbe:
      return pool.probe_deadline;
    case Kind::kAnalyse:
      // The slots of enhanced pages take a second pass.
      return pool.analyse_deadline + TimeToUnpack(*this) * (analysis.options.enhanced ? 2 : 1);
    case Kind::kDraw: {
      const bool many = draw.finish == Finish::kEnhanced && Pixels(draw.row) > kMaxKeptPixels;
      return pool.draw_deadline * (many ? kPasses : 1) + TimeToUnpack(*this);
    }
  }
  return pool.draw_deadline;
}

std::string Job::Describe() const {
  switch (kind) {
    case Kind::kProbe:
      return "the probe";
    case Kind::kAnalyse:
      return "the analysis";
    case Kind::kDraw:
      return draw.finish == Finish::kEntry ? absl::StrCat("entry ", draw.entry)
                                           : absl::StrCat("page ", draw.page + 1);
  }
  return "";
}

}  // namespace cbzfs
