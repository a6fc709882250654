// What a request takes, by what is made of the page.

#include "codecs/worker/job.h"

#include <memory>

#include "gtest/gtest.h"

namespace cbzfs {
namespace {

constexpr uint64_t kMiB = 1 << 20;

Job DrawOf(Finish finish, uint32_t width = 2000, uint32_t height = 3000, bool gray = false) {
  Job job;
  job.kind = Job::Kind::kDraw;
  job.draw.finish = finish;
  job.draw.row = {.width = width, .height = height, .gray = gray};
  job.draw.max_payload = 100'000;
  return job;
}

TEST(JobTest, OpeningAndAnalysingTakeAFixedAmount) {
  Job job = DrawOf(Finish::kPage);
  job.kind = Job::Kind::kProbe;
  const uint64_t probe = job.MemoryNeed();
  EXPECT_GT(probe, 0u);
  EXPECT_EQ(job.ResultCapacity(), 0u);
  job.kind = Job::Kind::kAnalyse;
  EXPECT_GT(job.MemoryNeed(), probe);
  EXPECT_GT(job.ResultCapacity(), kMiB);
}

TEST(JobTest, ADrawnPageTakesItsRasterTwice) {
  const uint64_t gray = 2000ull * 3000;
  const uint64_t need = DrawOf(Finish::kPage).MemoryNeed();
  EXPECT_GE(need, 2 * 3 * gray + 3 * 100'000);
  EXPECT_LT(need, 3 * 3 * gray + 20 * kMiB);
  EXPECT_LT(DrawOf(Finish::kPage, 2000, 3000, true).MemoryNeed(), need - 3 * gray);
  Job extracted = DrawOf(Finish::kPage);
  extracted.draw.row.kind = PageKind::kExtracted;
  EXPECT_LT(extracted.MemoryNeed(), 20 * kMiB);
  extracted.draw.max_payload = 50 * kMiB;
  EXPECT_GE(extracted.MemoryNeed(), 4 * 50 * kMiB);
}

TEST(JobTest, RoomThatIsNotExpectedToBeUsedDoesNotCount) {
  for (const Finish finish : {Finish::kPage, Finish::kEnhanced}) {
    Job job = DrawOf(finish);
    const uint64_t need = job.MemoryNeed();
    job.draw.max_payload = 40 * kMiB;
    EXPECT_GE(job.MemoryNeed(), need + 3 * 39 * kMiB);
    job.draw.likely_payload = 100'000;
    EXPECT_EQ(job.MemoryNeed(), need);
    EXPECT_EQ(job.ResultCapacity(), 40 * kMiB);  // the room is there all the same
  }
}

TEST(JobTest, ADrawnPageTakesWhatItsImagesDo) {
  Job job = DrawOf(Finish::kPage);
  const uint64_t need = job.MemoryNeed();
  job.draw.row.decode_bytes = 60 * kMiB;
  EXPECT_EQ(job.MemoryNeed(), need + 60 * kMiB);
  // Enhanced it is made of its JPEG, not of the images.
  job.draw.finish = Finish::kEnhanced;
  const uint64_t enhanced = job.MemoryNeed();
  job.draw.row.decode_bytes = 0;
  EXPECT_EQ(job.MemoryNeed(), enhanced);
}

TEST(JobTest, AnEnhancedPageTakesItsRowsAndACoder) {
  const uint64_t raster = 3ull * 2000 * 3000;
  const uint64_t need = DrawOf(Finish::kEnhanced).MemoryNeed();
  EXPECT_GE(need, 2 * raster) << "rows, and what the encoder holds";
  EXPECT_LT(need, 2 * raster + 20 * kMiB);
  EXPECT_LT(DrawOf(Finish::kEnhanced, 2000, 3000, true).MemoryNeed(), need);
  // A decoder that holds more than the encoder counts instead of it; less is there anyway.
  Job hungry = DrawOf(Finish::kEnhanced);
  hungry.draw.row.kind = PageKind::kImage;
  hungry.draw.row.decode_bytes = raster / 2;
  EXPECT_EQ(hungry.MemoryNeed(), need);
  hungry.draw.row.decode_bytes = raster + 5;
  EXPECT_EQ(hungry.MemoryNeed(), need + 5);
  // The entry that was unpacked is held beside it.
  hungry.draw.entry_bytes = 1000;
  EXPECT_EQ(hungry.MemoryNeed(), need + 1005);
}

TEST(JobTest, RowsOfALargePageAreNotKept) {
  const uint64_t pixels = 5000ull * 8000;
  ASSERT_GT(pixels, kMaxKeptPixels);
  Job large = DrawOf(Finish::kEnhanced, 5000, 8000);
  large.draw.row.kind = PageKind::kImage;
  const uint64_t need = large.MemoryNeed();
  EXPECT_LT(need, 3 * pixels + 20 * kMiB) << "the encoder alone";
  // Decoder and encoder work at once.
  large.draw.row.decode_bytes = 123;
  EXPECT_EQ(large.MemoryNeed(), need + 123);
}

TEST(JobTest, AThumbnailTakesWhatItsDecoderDoes) {
  const uint64_t need = DrawOf(Finish::kThumbnail).MemoryNeed();
  EXPECT_LT(need, 20 * kMiB);
  EXPECT_EQ(DrawOf(Finish::kThumbnail, 7000, 7000).MemoryNeed(), need);
  Job packed = DrawOf(Finish::kThumbnail);
  packed.draw.row.decode_bytes = 40 * kMiB;
  packed.draw.entry_bytes = 7;
  EXPECT_EQ(packed.MemoryNeed(), need + 40 * kMiB + 7);
}

TEST(JobTest, AnEntryIsHeldThreeTimesAndHasExactlyItsRoom) {
  Job job = DrawOf(Finish::kEntry);
  job.draw.entry_bytes = 12'345;
  EXPECT_EQ(job.MemoryNeed(), 37'035u);
  EXPECT_EQ(job.ResultCapacity(), 12'345u);
  for (const Finish finish : {Finish::kPage, Finish::kEnhanced, Finish::kThumbnail}) {
    job.draw.finish = finish;
    EXPECT_EQ(job.ResultCapacity(), 100'000u);
  }
}

TEST(JobTest, AnArchiveThatMustBeUnpackedHasTimeAndMemoryForIt) {
  const WorkerPoolOptions pool;
  const auto from = [](SourceFormat format, Job job) {
    job.source = std::make_shared<SourceFile>(-1, 80 * kMiB, 77, format);
    return job;
  };
  const auto analysis = [&](SourceFormat format, bool enhanced = false) {
    Job job = DrawOf(Finish::kPage);
    job.kind = Job::Kind::kAnalyse;
    job.analysis.options.enhanced = enhanced;
    return from(format, std::move(job)).Deadline(pool) - pool.analyse_deadline;
  };
  EXPECT_EQ(analysis(SourceFormat::kArchive), absl::ZeroDuration());
  EXPECT_EQ(analysis(SourceFormat::kPacked), absl::Seconds(10));
  EXPECT_EQ(analysis(SourceFormat::kPacked, /*enhanced=*/true), absl::Seconds(20));
  const Job packed = from(SourceFormat::kPacked, DrawOf(Finish::kEntry));
  EXPECT_EQ(packed.Deadline(pool), pool.draw_deadline + absl::Seconds(10));
  EXPECT_GE(packed.MemoryNeed(),
            from(SourceFormat::kArchive, DrawOf(Finish::kEntry)).MemoryNeed() + 64 * kMiB)
      << "a dictionary of 7z";
}

TEST(JobTest, EntriesOfOnePassAreForOneWorkerAtATime) {
  Job job = DrawOf(Finish::kEntry);
  job.source = std::make_shared<SourceFile>(-1, 1, 77, SourceFormat::kPacked);
  EXPECT_TRUE(job.IsPass());
  job.draw.finish = Finish::kEnhanced;
  EXPECT_FALSE(job.IsPass()) << "what is made of an entry takes longer than unpacking it";
  job.draw.finish = Finish::kEntry;
  job.source = std::make_shared<SourceFile>(-1, 1, 77, SourceFormat::kArchive);
  EXPECT_FALSE(job.IsPass());
}

TEST(JobTest, WorkersDoNotKeepImagesOpen) {
  Job job;
  job.source = std::make_shared<SourceFile>(-1, 1, 77, SourceFormat::kImage);
  EXPECT_EQ(job.DocumentKey(), 0u);
  for (const SourceFormat format : {SourceFormat::kPdf, SourceFormat::kArchive}) {
    job.source = std::make_shared<SourceFile>(-1, 1, 77, format);
    EXPECT_EQ(job.DocumentKey(), 77u);
  }
}

}  // namespace
}  // namespace cbzfs
