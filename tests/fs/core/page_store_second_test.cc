// Pages that the second level has, or is given.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "cache/store/second_level.h"
#include "fs/core/stored_page.h"
#include "tests/cache/store/fake_backend.h"
#include "tests/fs/core/pages_fixture.h"

namespace cbzfs {
namespace {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class PageStoreSecondTest : public PagesFixture {
 protected:
  void SetUp() override {
    PagesFixture::SetUp();
    Open();
  }
  void TearDown() override {
    second_->Stop();
    PagesFixture::TearDown();
  }

  // The store is asked by threads of its own; with it stopped before, all answers are in.
  void Open() {
    SecondLevelOptions options;
    options.patience = absl::Minutes(10);
    second_ = std::make_unique<SecondLevel>(std::make_unique<FakeBackend>(medium_), options);
    services_->pages->SetSecondLevel(second_.get());
  }
  // Until the page store has asked the pool, or a reader has been answered.
  template <typename Condition>
  static void Await(Condition condition) {
    while (!condition()) std::this_thread::yield();
  }
  void AwaitKept(size_t values) {
    Await([&] { return medium_->Values().size() >= values; });
  }

  // As another mount would begin: nothing in memory. What a reader holds stays.
  void Forget() { services_->pages->Trim(0); }

  const std::shared_ptr<FakeMedium> medium_ = std::make_shared<FakeMedium>();
  std::unique_ptr<SecondLevel> second_;
};

TEST_F(PageStoreSecondTest, APageIsDrawnOnceForAllMounts) {
  pool_->draw = [](const DrawRequest&) { return Drawn{.payload = "drawn", .quality = 85}; };
  const auto book = HoldPdf(Rendition::kPlain);
  {
    const Reader first = Want(book, 0);
    AwaitKept(1);
    Await([&] { return first.answered(); });
    EXPECT_EQ(first.payload(), "drawn");
    EXPECT_EQ(pool_->drawn, 1);
  }
  Forget();
  const Reader second = Want(book, 0);
  Await([&] { return second.answered(); });
  EXPECT_EQ(second.payload(), "drawn");
  EXPECT_EQ(pool_->drawn, 1);
  EXPECT_EQ(services_->pages->stats().stored, 1u);
  // From memory now.
  EXPECT_EQ(Want(book, 0).payload(), "drawn");
  EXPECT_EQ(second_->stats().hits, 1u);
}

TEST_F(PageStoreSecondTest, AnEnhancedPageNeedsNoPlainOne) {
  pool_->draw = [](const DrawRequest& request) {
    return Drawn{.payload = request.finish == Finish::kPage ? "plain" : "enhanced"};
  };
  const auto book = HoldPdf(Rendition::kEnhanced);
  {
    const Reader first = Want(book, 0);
    AwaitKept(2);
    Await([&] { return first.answered(); });
    EXPECT_EQ(pool_->drawn, 2);
  }
  Forget();
  const Reader second = Want(book, 0);
  Await([&] { return second.answered(); });
  EXPECT_EQ(second.payload(), "enhanced");
  EXPECT_EQ(pool_->drawn, 2);
}

TEST_F(PageStoreSecondTest, WhatIsDamagedIsDrawnAgainAndReplaced) {
  pool_->draw = [](const DrawRequest&) { return Drawn{.payload = "drawn", .quality = 85}; };
  const auto book = HoldPdf(Rendition::kPlain);
  Want(book, 0);
  AwaitKept(1);
  const std::string whole = medium_->Values().begin()->second;
  std::string flipped = whole;
  flipped.back() ^= 1;
  for (const std::string& damaged : {flipped, whole.substr(0, whole.size() - 1), std::string()}) {
    {
      absl::MutexLock lock(&medium_->mu);
      medium_->values.begin()->second = damaged;
    }
    Forget();
    const Reader reader = Want(book, 0);
    Await([&] { return reader.answered(); });
    EXPECT_EQ(reader.payload(), "drawn");
    Await([&] {
      const auto values = medium_->Values();
      return !values.empty() && values.begin()->second == whole;
    });
  }
  EXPECT_EQ(pool_->drawn, 4);
  EXPECT_EQ(second_->stats().damaged, 3u);
}

// It has the right hash, but was put there by somebody else: it must not pass its slot.
TEST_F(PageStoreSecondTest, WhatDoesNotFitItsSlotIsNotTaken) {
  pool_->draw = [](const DrawRequest&) { return Drawn{.payload = "drawn"}; };
  const auto book = HoldPdf(Rendition::kPlain);
  const StoreKey key = *StoreKeyOf(*book->book, 0);
  {
    absl::MutexLock lock(&medium_->mu);
    const uint64_t most = book->book->layout()->Body(0).max_payload;
    medium_->values[key] = EncodeStoredPage(key, Drawn{.payload = std::string(most + 1, 'x')});
  }
  const Reader reader = Want(book, 0);
  Await([&] { return reader.answered(); });
  EXPECT_EQ(reader.payload(), "drawn");
}

TEST_F(PageStoreSecondTest, WhoeverLeavesMeanwhileCostsNoPage) {
  medium_->Hang(true);
  const auto book = HoldPdf(Rendition::kPlain);
  const Reader reader = Want(book, 0);
  medium_->AwaitWaiting(1);
  EXPECT_THAT(pool_->queue, IsEmpty());
  reader.wait->Leave();
  medium_->Hang(false);
  second_->Stop();  // all answers are in
  EXPECT_THAT(pool_->queue, IsEmpty());
  EXPECT_FALSE(reader.answered());
}

TEST_F(PageStoreSecondTest, AFailureIsNotKept) {
  pool_->draw = [](const DrawRequest&) { return absl::InternalError("broken"); };
  const Reader reader = Want(HoldPdf(Rendition::kPlain), 0);
  Await([&] { return reader.answered(); });
  second_->Stop();
  EXPECT_THAT(medium_->Values(), IsEmpty());
}

TEST_F(PageStoreSecondTest, TheSourcesOwnBytesAreNotKept) {
  const auto book = HoldPdf(Rendition::kPlain);
  for (uint32_t page = 0; page < book->book->page_count(); ++page) {
    EXPECT_EQ(StoreKeyOf(*book->book, page).has_value(),
              book->book->row(page).kind != PageKind::kOriginal)
        << page;
  }
}

TEST_F(PageStoreSecondTest, KeysTellApartWhateverBytesDependOn) {
  const auto plain = HoldPdf(Rendition::kPlain);
  const auto key = StoreKeyOf(*plain->book, 0);
  EXPECT_EQ(key, StoreKeyOf(*HoldPdf(Rendition::kPlain)->book, 0));
  EXPECT_NE(key, StoreKeyOf(*plain->book, 2));
  EXPECT_NE(key, StoreKeyOf(*HoldPdf(Rendition::kEnhanced)->book, 0));
  EXPECT_NE(StoreKeyOf(*HoldPdf(Rendition::kThumbnails)->book, 0),
            StoreKeyOf(*HoldPdf(Rendition::kCover)->book, 0));
  Touch("Foo.pdf");
  EXPECT_NE(key, StoreKeyOf(*HoldPdf(Rendition::kPlain)->book, 0));
}

TEST(StoredPageTest, ComesBackAsItWas) {
  const StoreKey key = {1, 2, 3};
  Drawn drawn{.payload = std::string("a\0b", 3), .quality = 77, .softened = true, .note = "a note"};
  const std::string value = EncodeStoredPage(key, drawn);
  const auto back = DecodeStoredPage(key, value);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->payload, drawn.payload);
  EXPECT_EQ(back->quality, 77u);
  EXPECT_TRUE(back->softened);
  EXPECT_EQ(back->note, "a note");
  EXPECT_FALSE(DecodeStoredPage({1, 2, 4}, value).has_value());
  for (size_t i = 0; i < value.size(); ++i) {
    std::string damaged = value;
    damaged[i] ^= 0x10;
    EXPECT_FALSE(DecodeStoredPage(key, damaged).has_value()) << i;
    EXPECT_FALSE(DecodeStoredPage(key, value.substr(0, i)).has_value()) << i;
  }
}

}  // namespace
}  // namespace cbzfs
