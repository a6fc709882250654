// Pages in a folder: what is kept, what goes, and who shares it.

#include "cache/store/dir_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "tests/cache/store/dir_backend_fixture.h"

namespace cbzfs {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

mode_t ModeOf(const std::string& path) {
  struct stat st;
  EXPECT_EQ(lstat(path.c_str(), &st), 0) << path;
  return st.st_mode & 07777;
}

TEST_F(DirBackendTest, WhatIsPutIsFoundAlsoByTheNextMount) {
  const StoreKey key = {0xab, 0xcd, 0xef, 0x01, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xff};
  const std::string large = Value(7, 3'000'000);
  {
    auto backend = Open();
    EXPECT_EQ(Got(*backend, key), "nothing");
    EXPECT_TRUE(backend->Put(key, "a page").ok());
    EXPECT_TRUE(backend->Put(Key(1), "").ok());
    EXPECT_TRUE(backend->Put(Key(2), large).ok());
    EXPECT_EQ(Got(*backend, key), "a page");
  }
  auto backend = Open();
  EXPECT_EQ(Got(*backend, key), "a page");
  EXPECT_EQ(Got(*backend, Key(1)), "");
  EXPECT_TRUE(Got(*backend, Key(2)) == large);
  EXPECT_EQ(Got(*backend, Key(3)), "nothing");

  const std::string path = folder_ + "/ab/cdef010203040506" + "0708090a0b0cff";
  EXPECT_EQ(Read(path), "a page");
  EXPECT_EQ(ModeOf(path), 0600u);
  EXPECT_EQ(ModeOf(folder_ + "/ab"), 0700u);
  EXPECT_THAT(Files(), SizeIs(3));
}

TEST_F(DirBackendTest, WhatIsRemovedIsGoneAndCanBePutAgain) {
  auto backend = Open();
  EXPECT_TRUE(backend->Remove(Key(1)).ok());
  EXPECT_TRUE(backend->Put(Key(1), "damaged").ok());
  EXPECT_EQ(backend->bytes(), 4096u);
  EXPECT_TRUE(backend->Remove(Key(1)).ok());
  EXPECT_EQ(Got(*backend, Key(1)), "nothing");
  EXPECT_EQ(backend->bytes(), 0u);
  EXPECT_TRUE(backend->Put(Key(1), "whole").ok());
  EXPECT_EQ(Got(*backend, Key(1)), "whole");
}

TEST_F(DirBackendTest, APageThatIsThereIsLeftUnlessItsSizeIsAnother) {
  auto backend = Open();
  EXPECT_TRUE(backend->Put(Key(1), "first").ok());
  EXPECT_TRUE(backend->Put(Key(1), "again").ok());
  EXPECT_EQ(Got(*backend, Key(1)), "first");
  EXPECT_TRUE(backend->Put(Key(1), Value(1, 100'000)).ok());
  EXPECT_TRUE(Got(*backend, Key(1)) == Value(1, 100'000));
  EXPECT_EQ(backend->bytes(), OnDisk());
  EXPECT_THAT(Files(), SizeIs(1));
}

TEST_F(DirBackendTest, TheFolderIsMadeForUsAlone) {
  folder_ = base_ + "/a/b/store";
  ASSERT_NE(Open(), nullptr);
  for (const char* made : {"/a", "/a/b", "/a/b/store"}) EXPECT_EQ(ModeOf(base_ + made), 0700u);
}

TEST_F(DirBackendTest, AFolderThatCannotBeMadeIsNamed) {
  Write(base_ + "/file", "");
  const absl::Status status = DirBackend::Open(base_ + "/file/store", 1 << 20).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/file/store: Not a directory"));
}

TEST_F(DirBackendTest, AFolderThatOthersMayWriteToIsRefused) {
  std::filesystem::create_directory(folder_);
  for (const mode_t mode : {0720, 0702}) {
    ASSERT_EQ(chmod(folder_.c_str(), mode), 0);
    const absl::Status status = DirBackend::Open(folder_, 1 << 20).status();
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(folder_ + "; chmod go-w"));
  }
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  EXPECT_TRUE(DirBackend::Open(folder_, 1 << 20).ok());
}

TEST_F(DirBackendTest, AFolderOfSomebodyElseIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  std::filesystem::create_directory(folder_);
  ASSERT_EQ(chown(folder_.c_str(), 12345, 12345), 0);
  const absl::Status status = DirBackend::Open(folder_, 1 << 20).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("belongs to user 12345"));
}

TEST_F(DirBackendTest, NeverHoldsMoreThanItsBound) {
  constexpr uint64_t kMax = 1 << 20;
  auto backend = Open(kMax);
  for (uint64_t n = 0; n < 250; ++n) {
    ASSERT_TRUE(backend->Put(Key(n), Value(n)).ok());
    const uint64_t on_disk = OnDisk();
    ASSERT_EQ(backend->bytes(), on_disk) << n;
    ASSERT_LE(on_disk, kMax) << n;
    ASSERT_TRUE(Got(*backend, Key(n)) == Value(n)) << n;
  }
  EXPECT_GE(OnDisk(), kMax / 10 * 8);
}

TEST_F(DirBackendTest, TheBoundHoldsForWhatAnEarlierMountLeft) {
  {
    auto backend = Open(4 << 20);
    for (uint64_t n = 0; n < 200; ++n) ASSERT_TRUE(backend->Put(Key(n), Value(n)).ok());
  }
  ASSERT_GT(OnDisk(), 2u << 20);
  auto backend = Open(1 << 20);
  ASSERT_TRUE(backend->Put(Key(1000), "new").ok());
  EXPECT_LE(OnDisk(), 1u << 20);
  EXPECT_EQ(Got(*backend, Key(1000)), "new");
}

TEST_F(DirBackendTest, WhatWasReadLatelySurvives) {
  auto backend = Open(1 << 20);  // 85 values
  for (uint64_t n = 0; n < 40; ++n) {
    ASSERT_TRUE(backend->Put(Key(n), Value(n)).ok());
    MakeOld(Path(Key(n)), 3600 + n);
  }
  for (uint64_t n = 30; n < 40; ++n) ASSERT_TRUE(Got(*backend, Key(n)) == Value(n));
  for (uint64_t n = 100; n < 160; ++n) ASSERT_TRUE(backend->Put(Key(n), Value(n)).ok());

  for (uint64_t n = 30; n < 40; ++n) EXPECT_TRUE(Got(*backend, Key(n)) == Value(n)) << n;
  for (uint64_t n = 100; n < 160; ++n) EXPECT_TRUE(Got(*backend, Key(n)) == Value(n)) << n;
  // The longer unread, the sooner gone.
  EXPECT_EQ(Got(*backend, Key(29)), "nothing");
  EXPECT_TRUE(Got(*backend, Key(0)) == Value(0));
}

TEST_F(DirBackendTest, ValuesTooLargeForTheBoundAreNotKept) {
  auto backend = Open(1 << 20);
  EXPECT_TRUE(backend->Put(Key(1), std::string((256 << 10) + 1, 'x')).ok());
  EXPECT_EQ(Got(*backend, Key(1)), "nothing");
  const std::string fits(256 << 10, 'x');
  EXPECT_TRUE(backend->Put(Key(2), fits).ok());
  EXPECT_TRUE(Got(*backend, Key(2)) == fits);

  auto none = OpenAt(base_ + "/none", 0);
  EXPECT_TRUE(none->Put(Key(1), "").ok());
  EXPECT_TRUE(none->Put(Key(2), "x").ok());
  EXPECT_TRUE(std::filesystem::is_empty(base_ + "/none"));
}

TEST_F(DirBackendTest, TwoMountsOnOneFolderStayBounded) {
  constexpr uint64_t kMax = 1 << 20;
  auto one = Open(kMax);
  auto other = Open(kMax);
  for (uint64_t n = 0; n < 250; ++n) {
    ASSERT_TRUE((n % 2 == 0 ? one : other)->Put(Key(n), Value(n)).ok());
    ASSERT_LE(OnDisk(), kMax + kMax / 20 + (12 << 10)) << n;
    ASSERT_TRUE(Got(n % 2 == 0 ? *other : *one, Key(n)) == Value(n)) << n;
  }
  EXPECT_GE(OnDisk(), kMax / 10 * 8);
}

TEST_F(DirBackendTest, AMountThatWritesSeesWhatAnotherRemoved) {
  auto one = Open(1 << 20);
  for (uint64_t n = 0; n < 50; ++n) ASSERT_TRUE(one->Put(Key(n), Value(n)).ok());
  for (uint64_t n = 0; n < 50; ++n) std::filesystem::remove(Path(Key(n)));
  for (uint64_t n = 50; n < 60; ++n) ASSERT_TRUE(one->Put(Key(n), Value(n)).ok());
  EXPECT_LT(one->bytes(), 300u << 10);
}

TEST_F(DirBackendTest, ManyThreadsPutAndGetWholeValuesOnly) {
  constexpr uint64_t kMax = 2 << 20;
  auto backend = Open(kMax);
  std::atomic<int> hits = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 400; ++i) {
        const uint64_t n = random() % 250;  // of which 170 fit
        if (i % 50 == 49 && !backend->Remove(Key(n)).ok()) ++wrong;
        if (!backend->Put(Key(n), Value(n)).ok()) ++wrong;
        auto value = backend->Get(Key(n));
        if (!value.ok() || (*value && **value != Value(n))) ++wrong;
        if (value.ok() && *value) ++hits;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(hits, 8 * 400 * 9 / 10);
  EXPECT_GE(OnDisk(), kMax / 10 * 7);
  EXPECT_GE(backend->bytes(), OnDisk());
  EXPECT_LE(backend->bytes(), kMax);
  EXPECT_THAT(Temporaries(), IsEmpty());
}

}  // namespace
}  // namespace cbzfs
