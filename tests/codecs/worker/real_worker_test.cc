// The pool with the program it is made for, cbzfs-worker.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/codecs/worker/pool_fixture.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using ::testing::SizeIs;

std::string Pdf(int pages, const std::string& content = "0 0 1 rg 20 20 100 50 re f") {
  testing::PdfWriter writer;
  for (int i = 0; i < pages; ++i) writer.AddPage({.content = content});
  return writer.Finish();
}

// A file without a name that holds `bytes`.
std::shared_ptr<const SourceFile> SourceOf(const std::string& bytes, uint64_t key) {
  std::string path = ::testing::TempDir() + "/cbzfs-worker-XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  unlink(path.c_str());
  if (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) abort();
  return std::make_shared<SourceFile>(fd, bytes.size(), key);
}

class RealWorkerTest : public PoolTest {
 protected:
  RealWorkerTest() {
    options_.worker_program = CBZFS_WORKER;
    options_.sandbox = true;
    analyse_.original = false;
  }

  DrawRequest RequestOf(const Document& document, uint32_t page) {
    return {.page = page,
            .row = document.pages.at(page),
            .options = analyse_,
            .max_payload = document.pages.at(page).payload_bytes};
  }
};

TEST_F(RealWorkerTest, ProbesAnalysesAndDraws) {
  StartPool();
  const auto source = SourceOf(Pdf(3), 1);
  const absl::StatusOr<ProbeResult> probe = Probe(source).Wait();
  ASSERT_TRUE(probe.ok()) << probe.status();
  EXPECT_EQ(probe->page_count, 3u);
  const absl::StatusOr<Document> document = Analyse(source).Wait();
  ASSERT_TRUE(document.ok()) << document.status();
  ASSERT_THAT(document->pages, SizeIs(3));
  const absl::StatusOr<Drawn> drawn = Draw(source, RequestOf(*document, 1)).Wait();
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_LE(drawn->payload.size(), document->pages[1].payload_bytes);
  EXPECT_GT(drawn->quality, 0u);
  EXPECT_EQ(drawn->payload.substr(0, 2), "\xFF\xDB");  // DQT
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(RealWorkerTest, SamePageIsTheSameWhoeverDrawsIt) {
  options_.workers = 3;
  StartPool();
  const auto source = SourceOf(Pdf(1), 1);
  const absl::StatusOr<Document> document = Analyse(source).Wait();
  ASSERT_TRUE(document.ok()) << document.status();
  std::vector<Sent<Drawn>> drawings;
  for (int i = 0; i < 12; ++i) drawings.push_back(Draw(source, RequestOf(*document, 0)));
  for (const Sent<Drawn>& drawing : drawings) {
    ASSERT_TRUE(drawing.Wait().ok()) << drawing.Wait().status();
    EXPECT_EQ(drawing.Wait()->payload, drawings[0].Wait()->payload);
  }
}

TEST_F(RealWorkerTest, MoreDocumentsThanAreKeptOpen) {
  StartPool();
  std::vector<std::shared_ptr<const SourceFile>> sources;
  for (int i = 1; i <= 7; ++i) sources.push_back(SourceOf(Pdf(i), static_cast<uint64_t>(i)));
  for (int round = 0; round < 3; ++round) {
    for (uint32_t i = 1; i <= 7; ++i) {
      const absl::StatusOr<ProbeResult> probe = Probe(sources[i - 1]).Wait();
      ASSERT_TRUE(probe.ok()) << probe.status();
      EXPECT_EQ(probe->page_count, i);
    }
  }
}

TEST_F(RealWorkerTest, NewVersionOfAFileIsAnotherDocument) {
  StartPool();
  EXPECT_EQ(Probe(SourceOf(Pdf(2), 1)).Wait()->page_count, 2u);
  EXPECT_EQ(Probe(SourceOf(Pdf(5), 2)).Wait()->page_count, 5u);
}

TEST_F(RealWorkerTest, BrokenDocumentIsAFailureAndCostsNoWorker) {
  StartPool();
  for (const std::string& bytes :
       {std::string("%PDF-1.4\nthis is none"), std::string(), std::string(100'000, '\0')}) {
    const auto source = SourceOf(bytes, 10 + bytes.size());
    EXPECT_FALSE(Probe(source).Wait().ok());
    const absl::Status status = Analyse(source).Wait().status();
    EXPECT_TRUE(absl::IsInvalidArgument(status) || absl::IsNotFound(status)) << status;
  }
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(RealWorkerTest, PageThatIsNotThereIsAFailure) {
  StartPool();
  const auto source = SourceOf(Pdf(1), 1);
  const absl::StatusOr<Document> document = Analyse(source).Wait();
  ASSERT_TRUE(document.ok()) << document.status();
  DrawRequest request = RequestOf(*document, 0);
  request.page = 99;
  EXPECT_FALSE(Draw(source, request).Wait().ok());
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(RealWorkerTest, SourceTruncatedWhileItIsMapped) {
  StartPool();
  const auto source = SourceOf(Pdf(200), 1);
  EXPECT_TRUE(Probe(source).Wait().ok());
  ASSERT_EQ(ftruncate(source->fd(), 0), 0);
  // The worker that has it mapped gets SIGBUS; the next sees that it is shorter than it was. Two
  // failures that differ are an accident: nobody shall keep them for what the file is.
  EXPECT_TRUE(absl::IsUnavailable(Analyse(source).Wait().status()));
  EXPECT_EQ(pool_->stats().restarts, 1u);
  EXPECT_EQ(Probe(SourceOf(Pdf(4), 2)).Wait()->page_count, 4u);
}

TEST_F(RealWorkerTest, EndlessPageIsKilledAtTheDeadline) {
  // A tiling pattern with a step of a thousandth of its cell: 20 s and more of drawing.
  options_.draw_deadline = absl::Milliseconds(200);
  StartPool();
  testing::PdfWriter writer;
  const int pattern = writer.AddStream(
      "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 100 100] "
      "/XStep 0.01 /YStep 0.01 /Resources << >>",
      "1 0 0 rg 0 0 50 50 re f");
  writer.AddPage({.content = "/Pattern cs /P scn 0 0 200 100 re f",
                  .resources = "/Pattern << /P " + std::to_string(pattern) + " 0 R >>"});
  const auto source = SourceOf(writer.Finish(), 1);
  const Document document = {
      .pages = {{.width = 400, .height = 200, .dpi = 144, .payload_bytes = 100'000}}};
  const absl::Status status = Draw(source, RequestOf(document, 0)).Wait().status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(pool_->stats().timeouts, 2u);
  EXPECT_EQ(Probe(SourceOf(Pdf(4), 2)).Wait()->page_count, 4u);
}

TEST_F(RealWorkerTest, StartedByHandItSaysWhatItIs) {
  const std::string command = std::string(CBZFS_WORKER) + " 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  char line[200] = {};
  ASSERT_NE(fgets(line, sizeof line, pipe), nullptr);
  EXPECT_THAT(line, ::testing::HasSubstr("cbzfs"));
  EXPECT_EQ(WEXITSTATUS(pclose(pipe)), 64);
}

}  // namespace
}  // namespace cbzfs
