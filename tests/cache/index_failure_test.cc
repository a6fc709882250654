// The index when things go wrong: damaged files, full disks, crashes, other programs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "tests/cache/index_fixture.h"

namespace cbzfs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// No file may grow past `bytes` while this lives: a full disk for whoever has no disk to fill.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_;
  sighandler_t old_handler_;
};

class IndexFailureTest : public IndexTest {
 protected:
  // Expects that the file as it stands is moved aside and replaced by a working one.
  void ExpectBegunAnew() {
    const std::string before = Read(path_);
    {
      auto index = Open();
      EXPECT_THAT(warnings(), ElementsAre(HasSubstr(path_ + ".corrupt")));
      EXPECT_FALSE(index->stats().memory_only);
      EXPECT_EQ(Found(*index, 1), "nothing");
      index->PutDocument(Key(1), Row(1));
    }
    EXPECT_TRUE(Read(path_ + ".corrupt") == before);
    EXPECT_EQ(Found(*Open(), 1), "document 1");
    EXPECT_EQ(warnings().size(), 1u);
  }

  void Fill(uint64_t rows) {
    auto index = Open();
    for (uint64_t n = 0; n < rows; ++n) index->PutDocument(Key(n), Row(n));
  }
};

TEST_F(IndexFailureTest, AFileThatIsNoDatabaseIsReplaced) {
  Write(path_, std::string(10'000, '#'));
  ExpectBegunAnew();
}

TEST_F(IndexFailureTest, ATruncatedFileIsReplaced) {
  Fill(1000);
  const std::string whole = Read(path_);
  Write(path_, whole.substr(0, whole.size() / 2));
  ExpectBegunAnew();
}

TEST_F(IndexFailureTest, TheDatabaseOfAnotherProgramIsReplacedAndKept) {
  ASSERT_TRUE(
      sqlite::Execute(Outside().get(), "CREATE TABLE t (x); INSERT INTO t VALUES (1)").ok());
  ExpectBegunAnew();
}

TEST_F(IndexFailureTest, AnotherSchemaVersionIsReplaced) {
  Fill(2);
  ASSERT_TRUE(sqlite::Execute(Outside().get(), "PRAGMA user_version = 999").ok());
  ExpectBegunAnew();
}

TEST_F(IndexFailureTest, AMissingTableIsReplaced) {
  Fill(2);
  ASSERT_TRUE(sqlite::Execute(Outside().get(), "DROP TABLE document").ok());
  ExpectBegunAnew();
}

TEST_F(IndexFailureTest, AnEmptyFileIsTakenOver) {
  Write(path_, "");
  Fill(2);
  EXPECT_EQ(Found(*Open(), 1), "document 1");
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(IndexFailureTest, AFlippedBitInARowMakesItUnknown) {
  const std::string body(10'000, 'q');
  {
    auto index = Open();
    index->PutDocument(Key(1), {1, body});
    index->PutDocument(Key(2), Row(2));
  }
  std::string bytes = Read(path_);
  const size_t at = bytes.find(std::string(100, 'q'));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 50] ^= 1;
  Write(path_, bytes);
  auto index = Open();
  EXPECT_EQ(Found(*index, 1), "nothing");
  EXPECT_EQ(Found(*index, 2), "document 2");
  index->PutDocument(Key(1), {1, body});
  index->Flush();
  EXPECT_EQ(Found(*index, 1), body);
}

TEST_F(IndexFailureTest, DamageFoundWhileRunningMovesTheFileAside) {
  Fill(2000);
  std::string bytes = Read(path_);
  for (size_t at = 16 * 4096; at < bytes.size(); ++at) bytes[at] = '#';
  Write(path_, bytes);
  {
    auto index = Open();
    for (uint64_t n = 0; n < 2000; ++n) {
      const std::string found = Found(*index, n);
      EXPECT_TRUE(found == "nothing" || found == absl::StrCat("document ", n)) << found;
    }
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("going on in memory")));
    EXPECT_TRUE(index->stats().memory_only);
    index->PutDocument(Key(1), Row(1));
    index->Flush();
    EXPECT_EQ(Found(*index, 1), "document 1");
  }
  EXPECT_TRUE(std::filesystem::exists(path_ + ".corrupt"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  Fill(2);
  EXPECT_EQ(Found(*Open(), 1), "document 1");
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(IndexFailureTest, AFullDiskIsToldOnceAndTheIndexGoesOnInMemory) {
  auto index = Open();
  index->RememberView("/lib", "cbz", 1, 100);
  index->PutDocument(Key(0), Row(0));
  index->Flush();
  {
    FileSizeLimit full(200'000);
    for (uint64_t n = 1; n <= 50; ++n) {
      index->PutDocument(Key(n), {n, absl::StrCat("document ", n, std::string(20'000, ' '))});
      if (n % 10 == 0) index->Flush();
    }
    EXPECT_EQ(index->RememberView("/lib", "cbz", 2, 200), 200);
    EXPECT_EQ(index->RememberView("/lib", "cbz", 2, 300), 200);
  }
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("going on in memory")));
  EXPECT_TRUE(index->stats().memory_only);
  EXPECT_EQ(index->stats().written, 51u);
  EXPECT_EQ(Found(*index, 0), "document 0");
  for (uint64_t n = 1; n <= 50; ++n) {
    EXPECT_THAT(Found(*index, n), HasSubstr(absl::StrCat("document ", n))) << n;
  }
  index.reset();
  index = Open();
  EXPECT_EQ(Found(*index, 0), "document 0");
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(IndexFailureTest, ADiskThatHasRoomAgainIsUsedAfterAWhile) {
  auto index = Open();
  index->PutDocument(Key(0), Row(0));
  index->Flush();
  {
    FileSizeLimit full(200'000);
    for (uint64_t n = 1; n <= 20; ++n) {
      index->PutDocument(Key(n), {n, absl::StrCat("document ", n, std::string(20'000, ' '))});
    }
    index->Flush();
    now_ += absl::Minutes(6);
    for (uint64_t n = 21; n <= 40; ++n) {
      index->PutDocument(Key(n), {n, absl::StrCat("document ", n, std::string(20'000, ' '))});
    }
    index->Flush();
    EXPECT_TRUE(index->stats().memory_only);
    EXPECT_EQ(warnings().size(), 1u) << "still full is no news";
  }
  index->PutDocument(Key(50), Row(50));
  index->Flush();
  EXPECT_TRUE(index->stats().memory_only) << "left alone for a while";
  now_ += absl::Minutes(6);
  index->PutDocument(Key(51), Row(51));
  index->Flush();
  EXPECT_FALSE(index->stats().memory_only);
  EXPECT_THAT(warnings(),
              ElementsAre(HasSubstr("going on in memory"), HasSubstr("can be written to again")));
  for (const uint64_t n : {0, 10, 30, 50, 51}) {
    EXPECT_THAT(Found(*index, n), HasSubstr(absl::StrCat("document ", n)));
  }
  index.reset();
  EXPECT_EQ(Found(*Open(), 51), "document 51");
}

TEST_F(IndexFailureTest, ADiskThatIsFullFromTheStartIsAWarning) {
  FileSizeLimit full(0);
  auto index = Open();
  ASSERT_NE(index, nullptr);
  index->PutDocument(Key(1), Row(1));
  index->Flush();
  EXPECT_EQ(Found(*index, 1), "document 1");
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("going on in memory")));
}

TEST_F(IndexFailureTest, TheFolderIsMadePrivate) {
  path_ = folder_ + "/a/b/index.sqlite";
  Fill(2);
  for (const char* made : {"/a", "/a/b"}) {
    struct stat st;
    ASSERT_EQ(stat((folder_ + made).c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0700u);
  }
  struct stat st;
  ASSERT_EQ(stat(path_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
  EXPECT_EQ(Found(*Open(), 1), "document 1");
}

TEST_F(IndexFailureTest, AFolderOthersMayWriteToIsRefused) {
  for (mode_t mode : {0720, 0702}) {
    ASSERT_EQ(chmod(folder_.c_str(), mode), 0);
    auto index = Index::Open(path_, Options());
    EXPECT_TRUE(absl::IsPermissionDenied(index.status())) << index.status();
    EXPECT_THAT(std::string(index.status().message()), HasSubstr(folder_));
  }
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);  // others may read
  EXPECT_TRUE(Index::Open(path_, Options()).ok());
}

TEST_F(IndexFailureTest, AFolderOfSomebodyElseIsRefused) {
  std::string folder = "/";  // not ours, unless we are root, who can give one away
  if (geteuid() == 0) {
    folder = folder_;
    ASSERT_EQ(chown(folder.c_str(), 12345, 12345), 0);
  }
  auto index = Index::Open(folder + "/index.sqlite", Options());
  EXPECT_TRUE(absl::IsPermissionDenied(index.status())) << index.status();
}

TEST_F(IndexFailureTest, PathsThatCannotBeAnIndexAreRefused) {
  Write(folder_ + "/file", "x");
  std::filesystem::create_directory(folder_ + "/folder");
  for (const std::string& path : {folder_ + "/file/index.sqlite", folder_ + "/folder",
                                  std::string("/proc/none/index.sqlite")}) {
    auto index = Index::Open(path, Options());
    EXPECT_TRUE(absl::IsFailedPrecondition(index.status())) << path << index.status();
  }
  ASSERT_EQ(symlink("/dev/full", path_.c_str()), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(Index::Open(path_, Options()).status()));
}

TEST_F(IndexFailureTest, TwoIndexesShareOneFile) {
  auto a = Open();
  auto b = Open();
  a->PutDocument(Key(1), Row(1));
  b->PutDocument(Key(2), Row(2));
  EXPECT_EQ(Found(*b, 1), "nothing");
  a->Flush();
  b->Flush();
  EXPECT_EQ(Found(*a, 2), "document 2");
  EXPECT_EQ(Found(*b, 1), "document 1");
  EXPECT_EQ(a->RememberView("/lib", "cbz", 1, 100), 0);
  EXPECT_EQ(b->RememberView("/lib", "cbz", 2, 200), 200);
  EXPECT_EQ(a->RememberView("/lib", "cbz", 2, 300), 200);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(IndexFailureTest, TwoIndexesWritingAtOnceLoseNothing) {
  constexpr uint64_t kRows = 300;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 2; ++t) {
    threads.emplace_back([this, t] {
      auto index = Open();
      for (uint64_t i = 0; i < kRows; ++i) {
        index->PutDocument(Key(t * kRows + i), Row(t * kRows + i));
        if (i % 10 == 0) index->Flush();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto index = Open();
  for (uint64_t n = 0; n < 2 * kRows; ++n)
    EXPECT_EQ(Found(*index, n), absl::StrCat("document ", n));
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(IndexFailureTest, TwoIndexesChangingOneViewSeeEachChangeOnce) {
  constexpr int64_t kChanges = 300;
  std::vector<std::vector<int64_t>> since(2);
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      auto index = Open();
      for (int64_t i = 0; i < kChanges; ++i) {
        since[t].push_back(index->RememberView("/lib", "cbz", t * kChanges + i, 0));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<int64_t> all(since[0].begin(), since[0].end());
  all.insert(since[1].begin(), since[1].end());
  EXPECT_EQ(all.size(), static_cast<size_t>(2 * kChanges));
  EXPECT_EQ(*all.rbegin(), 2 * kChanges - 1);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(IndexFailureTest, WhileAnotherProgramHoldsTheFileRowsWaitAndAreFound) {
  auto index = Open();
  index->Flush();
  auto outside = Outside();
  ASSERT_TRUE(sqlite::Execute(outside.get(), "BEGIN IMMEDIATE").ok());
  index->PutDocument(Key(1), Row(1));
  std::atomic<bool> flushed = false;
  std::thread flush([&] {
    index->Flush();  // gives up waiting, not the row
    flushed = true;
  });
  while (!flushed) EXPECT_EQ(Found(*index, 1), "document 1");
  flush.join();
  EXPECT_EQ(index->stats().waiting, 1u);
  EXPECT_EQ(Found(*index, 1), "document 1");
  ASSERT_TRUE(sqlite::Execute(outside.get(), "COMMIT").ok());
  index->Flush();
  EXPECT_EQ(index->stats().waiting, 0u);
  EXPECT_EQ(index->stats().written, 1u);
  EXPECT_FALSE(index->stats().memory_only);
  EXPECT_THAT(warnings(), IsEmpty());
}

// Runs `body` in a process that then ends without any destructor; it gets a pipe's end.
template <typename Body>
void InAProcessThatIsKilled(const Body& body) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST_F(IndexFailureTest, AfterACrashWhatWasFlushedIsThere) {
  InAProcessThatIsKilled([this] {
    auto* index = Open().release();
    for (uint64_t n = 0; n < 100; ++n) index->PutDocument(Key(n), Row(n));
    index->RememberView("/lib", "cbz", 1, 100);
    index->RememberView("/lib", "cbz", 2, 200);
    index->Flush();
    for (uint64_t n = 100; n < 200; ++n) index->PutDocument(Key(n), Row(n));
  });
  auto index = Open();
  for (uint64_t n = 0; n < 100; ++n) EXPECT_EQ(Found(*index, n), absl::StrCat("document ", n));
  EXPECT_EQ(Found(*index, 150), "nothing");
  EXPECT_EQ(index->RememberView("/lib", "cbz", 2, 300), 200);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(IndexFailureTest, ACrashInTheMiddleOfWritingDamagesNothing) {
  for (uint64_t round = 0; round < 5; ++round) {
    InAProcessThatIsKilled([&] {
      IndexOptions options = Options();
      options.write_delay = absl::ZeroDuration();
      auto* index = Open(options).release();
      const uint64_t first = round * 1000;
      for (uint64_t n = first; n < first + 1000; ++n) {
        index->PutDocument(Key(n), {n, absl::StrCat("document ", n, std::string(3000, ' '))});
        if (n == first + 500) index->Flush();
      }
    });
    auto index = Open();
    for (uint64_t n = 0; n < (round + 1) * 1000; ++n) {
      const std::string found = Found(*index, n);
      if (n % 1000 > 500 && found == "nothing") continue;
      EXPECT_THAT(found, HasSubstr(absl::StrCat("document ", n, " ")));
    }
  }
  EXPECT_THAT(warnings(), IsEmpty());
}

}  // namespace
}  // namespace cbzfs
