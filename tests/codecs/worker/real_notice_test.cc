// cbzfs-worker on texts that are to be pages.

#include <string>

#include "gmock/gmock.h"
#include "tests/codecs/worker/pool_fixture.h"
#include "tests/support/jpeg_maker.h"

namespace cbzfs {
namespace {

using testing::ReadJpeg;

class RealNoticeTest : public PoolTest {
 protected:
  RealNoticeTest() { options_.worker_program = CBZFS_WORKER; }

  static DrawRequest Request(uint32_t width, uint32_t height, uint64_t max_payload) {
    return {.page = 7,
            .row = {.kind = PageKind::kDrawn, .width = width, .height = height, .gray = true},
            .max_payload = max_payload};
  }
};

TEST_F(RealNoticeTest, ANoticeIsDrawnAndIsNoDrawnPage) {
  StartPool();
  const auto text = *SourceFile::OfNotice("Title\nFile\tFoo.pdf", 1);
  EXPECT_EQ(text->format(), SourceFormat::kNotice);
  const absl::StatusOr<Drawn> drawn = Draw(text, Request(300, 400, 30'000)).Wait();
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  const testing::Picture picture = ReadJpeg("\xFF\xD8" + drawn->payload + "\xFF\xD9");
  EXPECT_EQ(picture.width, 300);
  EXPECT_EQ(picture.height, 400);
  // Another text under another key is another page, also at the same worker.
  const auto other = *SourceFile::OfNotice("Title\nFile\tBar.pdf", 2);
  EXPECT_NE(Draw(other, Request(300, 400, 30'000)).Wait()->payload, drawn->payload);
  EXPECT_EQ(Draw(text, Request(300, 400, 30'000)).Wait()->payload, drawn->payload);
  EXPECT_EQ(pool_->stats().notices, 3u);
  EXPECT_EQ(pool_->stats().drawn, 0u);
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

TEST_F(RealNoticeTest, AnythingButAPageOfItIsRefused) {
  StartPool();
  const auto text = *SourceFile::OfNotice(std::string(1 << 20, '\xFF'), 3);
  EXPECT_FALSE(Probe(text).Wait().ok());
  EXPECT_FALSE(Analyse(text).Wait().ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Draw(text, Request(300, 400, 400)).Wait().status()));
  EXPECT_TRUE(Draw(text, Request(300, 400, 200'000)).Wait().status().code() ==
              absl::StatusCode::kInvalidArgument)
      << "the refusal is remembered by key, so the daemon puts the place into the key";
  EXPECT_EQ(pool_->stats().restarts, 0u);
}

}  // namespace
}  // namespace cbzfs
