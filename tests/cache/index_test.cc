#include "cache/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "tests/cache/index_fixture.h"

namespace cbzfs {
namespace {

using testing::IsEmpty;

TEST_F(IndexTest, DocumentsAreRememberedAcrossReopening) {
  const std::string bytes = std::string("\0\xff page table", 13) + std::string(300'000, 'x');
  {
    auto index = Open();
    index->PutDocument(Key(1), {77, bytes});
    index->PutDocument(Key(2), {78, std::string()});
  }
  auto index = Open();
  auto row = index->FindDocument(Key(1));
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->fingerprint, 77u);
  EXPECT_EQ(*row->document, bytes);
  EXPECT_EQ(Found(*index, 2), "");
  EXPECT_EQ(Found(*index, 3), "nothing");
  EXPECT_EQ(index->stats().documents, 2u);
  EXPECT_EQ(index->stats().hits, 2u);
  EXPECT_EQ(index->stats().misses, 1u);
  EXPECT_FALSE(index->stats().memory_only);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(IndexTest, FailuresAreRememberedAsTheyWere) {
  Open()->PutDocument(Key(1), {5, absl::InvalidArgumentError("no PDF: \xff\n")});
  auto row = Open()->FindDocument(Key(1));
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->fingerprint, 5u);
  EXPECT_EQ(row->document.status(), absl::InvalidArgumentError("no PDF: \xff\n"));
}

TEST_F(IndexTest, AnyChangeOfTheKeyIsAnotherDocument) {
  const std::vector<std::function<void(DocumentKey&)>> changes = {
      [](DocumentKey& k) { ++k.source.dev; },      [](DocumentKey& k) { ++k.source.ino; },
      [](DocumentKey& k) { ++k.source.size; },     [](DocumentKey& k) { --k.source.mtime_ns; },
      [](DocumentKey& k) { --k.source.ctime_ns; }, [](DocumentKey& k) { ++k.options; },
      [](DocumentKey& k) { ++k.engine; }};
  auto index = Open();
  index->PutDocument(Key(1), Row(1));
  for (bool stored : {false, true}) {
    if (stored) index->Flush();
    for (size_t i = 0; i < changes.size(); ++i) {
      DocumentKey key = Key(1);
      changes[i](key);
      EXPECT_FALSE(index->FindDocument(key).has_value()) << i << stored;
    }
    EXPECT_EQ(Found(*index, 1), "document 1");
  }
}

TEST_F(IndexTest, MovedFilesAreFoundByFingerprint) {
  auto index = Open();
  const DocumentKey key = Key(1);
  const uint64_t fingerprint = Row(1).fingerprint;
  index->PutDocument(key, Row(1));
  index->PutDocument(Key(2), Row(2));
  for (bool stored : {false, true}) {
    if (stored) index->Flush();
    auto find = [&](uint64_t f, int64_t size, int64_t mtime, uint64_t options, uint32_t engine) {
      auto row = index->FindByFingerprint(f, size, mtime, options, engine);
      return row ? row->document.value() : "nothing";
    };
    EXPECT_EQ(find(fingerprint, 1000, 2000, key.options, 1), "document 1") << stored;
    EXPECT_EQ(find(fingerprint + 9, 1000, 2000, key.options, 1), "nothing") << stored;
    EXPECT_EQ(find(fingerprint, 1001, 2000, key.options, 1), "nothing") << stored;
    EXPECT_EQ(find(fingerprint, 1000, 2001, key.options, 1), "nothing") << stored;
    EXPECT_EQ(find(fingerprint, 1000, 2000, key.options + 1, 1), "nothing") << stored;
    EXPECT_EQ(find(fingerprint, 1000, 2000, key.options, 2), "nothing") << stored;
  }
}

TEST_F(IndexTest, ARowThatWaitsToBeWrittenIsFound) {
  auto index = Open();
  index->PutDocument(Key(1), Row(1));
  EXPECT_EQ(index->stats().waiting, 1u);
  EXPECT_EQ(index->stats().written, 0u);
  EXPECT_EQ(index->stats().documents, 1u);
  EXPECT_EQ(Found(*index, 1), "document 1");
  index->Flush();
  EXPECT_EQ(index->stats().waiting, 0u);
  EXPECT_EQ(index->stats().written, 1u);
  EXPECT_EQ(index->stats().documents, 1u);
  EXPECT_EQ(Found(*index, 1), "document 1");
}

TEST_F(IndexTest, WhoFindsManySeesWhatIsWrittenMeanwhile) {
  auto index = Open();
  index->PutDocument(Key(1), Row(1));
  index->Flush();
  {
    const Index::Reading reading(index.get());
    EXPECT_EQ(Found(*index, 1), *Row(1).document);
    const Index::Reading another(index.get());
    index->PutDocument(Key(2), Row(2));
    index->Flush();
    EXPECT_EQ(Found(*index, 2), *Row(2).document);
    EXPECT_EQ(Found(*index, 3), "nothing");
    EXPECT_EQ(Found(*index, 1), *Row(1).document);
  }
  // A transaction that stayed would keep the log from being folded into the file.
  index = nullptr;
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(IndexTest, TheLatestPutCounts) {
  auto index = Open();
  index->PutDocument(Key(1), Row(1));
  index->PutDocument(Key(1), Row(10));
  EXPECT_EQ(Found(*index, 1), "document 10");
  index->Flush();
  index->PutDocument(Key(1), Row(20));
  EXPECT_EQ(Found(*index, 1), "document 20");
  index->Flush();
  EXPECT_EQ(Found(*index, 1), "document 20");
  EXPECT_EQ(index->stats().documents, 1u);
}

TEST_F(IndexTest, RowsAreWrittenWithoutFlushAfterTheDelayOrInBulk) {
  IndexOptions soon = Options();
  soon.write_delay = absl::ZeroDuration();
  auto index = Open(soon);
  index->PutDocument(Key(1), Row(1));
  while (index->stats().written < 1) absl::SleepFor(absl::Milliseconds(1));

  index = Open();  // an hour's delay, but a thousand rows do not wait for it
  for (uint64_t n = 0; n < 1000; ++n) index->PutDocument(Key(n), Row(n));
  while (index->stats().written < 512) absl::SleepFor(absl::Milliseconds(1));
}

TEST_F(IndexTest, RowsPastTheMemoryBoundAreDroppedAndCounted) {
  IndexOptions options = Options();
  options.memory_bytes = 10'000;
  auto index = Open(options);
  index->PutDocument(Key(1), {1, std::string(6'000, 'a')});
  index->PutDocument(Key(2), {2, std::string(6'000, 'b')});
  EXPECT_EQ(index->stats().dropped, 1u);
  EXPECT_EQ(Found(*index, 2), "nothing");
  index->Flush();
  index->PutDocument(Key(2), {2, std::string(6'000, 'b')});
  EXPECT_EQ(Found(*index, 2), std::string(6'000, 'b'));
  EXPECT_EQ(index->stats().dropped, 1u);
}

TEST_F(IndexTest, AViewIsAsOldAsItsOptions) {
  {
    auto index = Open();
    EXPECT_EQ(index->RememberView("/lib", "cbz", 1, 100), 0);
    EXPECT_EQ(index->RememberView("/lib", "cbz", 1, 200), 0);
    EXPECT_EQ(index->RememberView("/lib", "cbz", 2, 300), 300);
    EXPECT_EQ(index->RememberView("/lib", "cbz", 2, 400), 300);
    EXPECT_EQ(index->RememberView("/lib", "pages", 2, 500), 0);
    EXPECT_EQ(index->RememberView("/lib\xff", "cbz", 2, 500), 0);
  }
  auto index = Open();
  EXPECT_EQ(index->RememberView("/lib", "cbz", 2, 600), 300);
  EXPECT_EQ(index->RememberView("/lib", "cbz", 1, 700), 700);
  EXPECT_EQ(index->RememberView("/lib", "pages", 2, 800), 0);
  EXPECT_EQ(index->RememberView("/lib\xff", "cbz", 2, 800), 0);
}

TEST_F(IndexTest, AViewsTimeRisesEvenIfTheClockWasSetBack) {
  auto index = Open();
  index->RememberView("/lib", "cbz", 1, 1000);
  EXPECT_EQ(index->RememberView("/lib", "cbz", 2, 1000), 1000);
  EXPECT_EQ(index->RememberView("/lib", "cbz", 3, 500), 1001);
}

TEST_F(IndexTest, InMemoryItWorksTheSameAndLeavesNothing) {
  auto index = Index::OpenInMemory(Options());
  index->PutDocument(Key(1), Row(1));
  EXPECT_EQ(Found(*index, 1), "document 1");
  index->Flush();
  EXPECT_EQ(Found(*index, 1), "document 1");
  EXPECT_TRUE(index->FindByFingerprint(Row(1).fingerprint, 1000, 2000, Key(1).options, 1));
  EXPECT_EQ(index->RememberView("/lib", "cbz", 1, 100), 0);
  EXPECT_EQ(index->RememberView("/lib", "cbz", 2, 200), 200);
  EXPECT_EQ(index->stats().documents, 1u);
  EXPECT_TRUE(index->stats().memory_only);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(IndexTest, InMemoryItIsBoundedByMemory) {
  IndexOptions options = Options();
  options.memory_bytes = 1 << 20;
  auto index = Index::OpenInMemory(options);
  for (uint64_t n = 0; n < 60; ++n) {
    index->PutDocument(Key(n), {n, std::string(100'000, 'x')});
    index->Flush();
  }
  EXPECT_LE(index->stats().documents, 10u);
  EXPECT_NE(Found(*index, 59), "nothing");
  EXPECT_EQ(Found(*index, 0), "nothing");
}

TEST_F(IndexTest, OpeningPrunesTheLongestUnused) {
  {
    auto index = Open();
    for (uint64_t n = 0; n < 10; ++n) {
      index->PutDocument(Key(n), Row(n));
      index->Flush();  // in this order
    }
  }
  now_ += absl::Hours(48);
  Open()->FindDocument(Key(0));
  IndexOptions few = Options();
  few.max_documents = 3;
  auto index = Open(few);
  index->Flush();
  EXPECT_EQ(index->stats().documents, 3u);
  EXPECT_EQ(Found(*index, 0), "document 0");
  EXPECT_EQ(Found(*index, 1), "nothing");
  EXPECT_EQ(Found(*index, 9), "document 9");
}

TEST_F(IndexTest, PruningByBytesShrinksTheFile) {
  {
    auto index = Open();
    for (uint64_t n = 0; n < 50; ++n) index->PutDocument(Key(n), {n, std::string(100'000, 'x')});
  }
  EXPECT_GT(std::filesystem::file_size(path_), 5'000'000u);
  IndexOptions small = Options();
  small.max_bytes = 1'000'000;
  {
    auto index = Open(small);
    index->Flush();
    EXPECT_GE(index->stats().documents, 5u);
    EXPECT_LE(index->stats().documents, 10u);
  }
  EXPECT_LE(std::filesystem::file_size(path_), 1'000'000u);
}

TEST_F(IndexTest, AHitWritesAtMostOnceADay) {
  Open()->PutDocument(Key(1), Row(1));
  auto index = Open();
  auto outside = Outside();
  index->Flush();
  const int64_t before = DataVersion(outside.get());
  auto use = [&] {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(Found(*index, 1), "document 1");
    index->Flush();
  };
  use();
  EXPECT_EQ(DataVersion(outside.get()), before);
  now_ += absl::Hours(24);
  use();
  const int64_t after = DataVersion(outside.get());
  EXPECT_NE(after, before);
  use();
  EXPECT_EQ(DataVersion(outside.get()), after);
}

TEST_F(IndexTest, ManyThreadsLoseNothing) {
  constexpr uint64_t kThreads = 4, kRows = 500;
  auto index = Open();
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < kRows; ++i) {
        const uint64_t n = t * kRows + i;
        index->PutDocument(Key(n), Row(n));
        EXPECT_EQ(Found(*index, n), absl::StrCat("document ", n));
        const uint64_t other = (n * 7) % (kThreads * kRows);
        const std::string found = Found(*index, other);
        EXPECT_TRUE(found == "nothing" || found == absl::StrCat("document ", other)) << found;
        if (i % 100 == 0) index->Flush();
        if (i % 50 == 0) index->RememberView("/lib", absl::StrCat(t), i, i);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  index.reset();
  index = Open();
  EXPECT_EQ(index->stats().documents, kThreads * kRows);
  EXPECT_THAT(warnings(), IsEmpty());
}

}  // namespace
}  // namespace cbzfs
