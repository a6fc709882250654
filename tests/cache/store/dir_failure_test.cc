// Pages in a folder when things go wrong: killed writers, full and read-only disks, files that are
// not ours or not what they were.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cache/store/dir_files.h"
#include "tests/cache/store/dir_backend_fixture.h"

namespace cbzfs {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class DirFailureTest : public DirBackendTest {
 protected:
  void MakeValues() {
    for (uint64_t n = 0; n < kValues; ++n) values_.push_back(Value(n, kSize));
  }

  // A process that puts value after value until it is killed; `chrooted`: where there is no /proc,
  // so that files cannot be written without a name. Killed when it has put `values`.
  void RunKilledWriter(bool chrooted, int values) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (chrooted && chroot(base_.c_str()) != 0) _exit(2);
      auto backend = DirBackend::Open(chrooted ? "/store" : folder_, 64 << 20);
      if (!backend.ok()) _exit(3);
      for (uint64_t n = 0;; n = (n + 1) % kValues) {
        if (!(*backend)->Remove(Key(n)).ok()) _exit(4);
        if (!(*backend)->Put(Key(n), values_[n]).ok()) _exit(5);
        if (write(ends[1], "x", 1) != 1) _exit(6);
      }
    }
    close(ends[1]);
    char byte;
    for (int i = 0; i < values; ++i) EXPECT_EQ(read(ends[0], &byte, 1), 1);
    usleep(values * 97 % 1000);  // somewhere amid the next one; nothing is waited for
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    close(ends[0]);
    EXPECT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  }

  void ExpectOnlyWholeValues() {
    std::map<std::string, uint64_t> known;
    for (uint64_t n = 0; n < kValues; ++n) known[Path(Key(n))] = n;
    for (const std::string& file : Files()) {
      ASSERT_TRUE(known.contains(file)) << file;
      EXPECT_TRUE(Read(file) == values_[known[file]]) << file;
    }
  }

  static pid_t DeadProcess() {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
    return child;
  }

  std::vector<std::string> values_;  // made before the writers run: they shall do little but write

  static constexpr uint64_t kValues = 50;
  static constexpr size_t kSize = 500'000;
};

TEST_F(DirFailureTest, KilledWritersLeaveWholeValuesOnly) {
  MakeValues();
  for (int round = 1; round <= 20; ++round) {
    RunKilledWriter(/*chrooted=*/false, round);
    EXPECT_THAT(Temporaries(), IsEmpty());
    ExpectOnlyWholeValues();
  }
  EXPECT_FALSE(Files().empty());
}

TEST_F(DirFailureTest, WhatKilledWritersLeaveWithoutProcGoesAtTheNextOpen) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may chroot";
  MakeValues();
  bool left = false;
  for (int round = 1; round <= 20 || (!left && round < 200); ++round) {
    RunKilledWriter(/*chrooted=*/true, round % 20 + 1);
    left = left || !Temporaries().empty();
    auto backend = Open();
    EXPECT_THAT(Temporaries(), IsEmpty());
    ExpectOnlyWholeValues();
  }
  EXPECT_TRUE(left) << "no writer was killed amid a value: this test showed nothing";
  EXPECT_FALSE(Files().empty());
}

TEST_F(DirFailureTest, OnlyTemporariesThatNobodyFinishesGo) {
  std::filesystem::create_directory(folder_);
  const std::string tmp = folder_ + "/tmp-";
  const uint64_t start = dir_files::StartOf(getpid());
  ASSERT_NE(start, 0u);
  const std::string mine = absl::StrCat(tmp, getpid(), "-", start, "-7");
  const std::string unknown = absl::StrCat(tmp, getpid(), "-0-7");  // its writer saw no /proc
  const std::string notes = tmp + "notes.txt";
  const std::string dead = absl::StrCat(tmp, DeadProcess(), "-0-0");
  const std::string reused = absl::StrCat(tmp, getpid(), "-", start + 1, "-0");
  const std::string old = absl::StrCat(tmp, getpid(), "-", start, "-8");
  for (const std::string& path : {mine, unknown, notes, dead, reused, old}) Write(path, "x");
  MakeOld(notes, 90'000);
  MakeOld(old, 3700);
  ASSERT_NE(Open(), nullptr);
  EXPECT_THAT(Files(), UnorderedElementsAre(mine, unknown, notes));
}

TEST_F(DirFailureTest, DamagedFilesDoNoHarm) {
  auto backend = Open();
  ASSERT_TRUE(backend->Put(Key(1), Value(1)).ok());
  std::filesystem::resize_file(Path(Key(1)), 100);
  EXPECT_EQ(Got(*backend, Key(1)), Value(1).substr(0, 100));  // its hash is not ours to check
  ASSERT_TRUE(backend->Put(Key(1), Value(1)).ok());
  EXPECT_TRUE(Got(*backend, Key(1)) == Value(1));

  // Longer than any value: neither read nor counted, but replaced.
  std::filesystem::resize_file(Path(Key(1)), kMaxStoredValue + 1);
  EXPECT_EQ(Got(*backend, Key(1)), "nothing");
  auto next = Open(1 << 20);
  ASSERT_TRUE(next->Put(Key(2), "x").ok());
  EXPECT_EQ(next->bytes(), 4096u);
  ASSERT_TRUE(next->Put(Key(1), Value(1)).ok());
  EXPECT_TRUE(Got(*next, Key(1)) == Value(1));
  EXPECT_EQ(next->bytes(), OnDisk());
}

TEST_F(DirFailureTest, WhatIsNoRegularFileIsNoValue) {
  auto backend = Open();
  const std::string target = base_ + "/target";
  Write(target, "secret");
  for (const uint64_t n : {1, 2, 3}) {
    std::filesystem::create_directories(std::filesystem::path(Path(Key(n))).parent_path());
  }
  std::filesystem::create_symlink(target, Path(Key(1)));
  ASSERT_EQ(mkfifo(Path(Key(2)).c_str(), 0600), 0);
  std::filesystem::create_directory(Path(Key(3)));
  for (const uint64_t n : {1, 2, 3}) EXPECT_EQ(Got(*backend, Key(n)), "nothing") << n;

  EXPECT_TRUE(backend->Put(Key(1), Value(1)).ok());
  EXPECT_TRUE(Got(*backend, Key(1)) == Value(1));
  EXPECT_EQ(Read(target), "secret");
  EXPECT_TRUE(absl::IsUnavailable(backend->Put(Key(3), Value(3))));
  EXPECT_TRUE(absl::IsUnavailable(backend->Remove(Key(3))));
  EXPECT_THAT(Temporaries(), IsEmpty());

  // A folder that leads elsewhere.
  const auto shelf = std::filesystem::path(Path(Key(4))).parent_path();
  std::filesystem::create_directory(base_ + "/elsewhere");
  std::filesystem::create_directory_symlink(base_ + "/elsewhere", shelf);
  EXPECT_EQ(Got(*backend, Key(4)), "nothing");
  EXPECT_TRUE(absl::IsUnavailable(backend->Put(Key(4), Value(4))));
  EXPECT_TRUE(std::filesystem::is_empty(base_ + "/elsewhere"));
}

TEST_F(DirFailureTest, FilesOfSomebodyElseAreNotReadAndMakeNoRoom) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  auto backend = Open();
  ASSERT_TRUE(backend->Put(Key(1), Value(1)).ok());
  ASSERT_EQ(chown(Path(Key(1)).c_str(), 12345, 12345), 0);
  EXPECT_EQ(Got(*backend, Key(1)), "nothing");
  EXPECT_TRUE(backend->Put(Key(1), Value(1)).ok());
  EXPECT_TRUE(Got(*backend, Key(1)) == Value(1));
}

TEST_F(DirFailureTest, ForeignFilesAreNeitherCountedNorTouched) {
  const std::string large(2 << 20, '#');
  std::set<std::string> foreign;
  for (const char* name :
       {"/README", "/ab/notes.txt", "/ab/CDEF0102030405060708090A0B0CFF", "/abc/file",
        "/AB/cdef0102030405060708090a0b0cff", "/ab/cdef0102030405060708090a0b0cff.bak",
        "/ab/cdef0102030405060708090a0b0cf", "/ab/deeper/cdef0102030405060708090a0b0cff"}) {
    foreign.insert(folder_ + name);
    Write(folder_ + name, large);
    MakeOld(folder_ + name, 1'000'000);
  }
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  {
    auto roomy = Open();
    ASSERT_TRUE(roomy->Put(Key(0), "x").ok());
    EXPECT_EQ(roomy->bytes(), 4096u);
    ASSERT_TRUE(roomy->Remove(Key(0)).ok());
  }
  auto backend = Open(1 << 20);
  for (uint64_t n = 0; n < 200; ++n) ASSERT_TRUE(backend->Put(Key(n), Value(n)).ok());
  EXPECT_EQ(OnDisk(), backend->bytes() + foreign.size() * large.size());
  EXPECT_GT(backend->bytes(), 800u << 10);
  for (const std::string& path : foreign) EXPECT_TRUE(Read(path) == large) << path;
}

TEST_F(DirFailureTest, TheFolderMayBeEmptiedAtAnyTime) {
  auto backend = Open();
  ASSERT_TRUE(backend->Put(Key(1), Value(1)).ok());
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    std::filesystem::remove_all(entry.path());
  }
  EXPECT_EQ(Got(*backend, Key(1)), "nothing");
  EXPECT_TRUE(backend->Put(Key(1), Value(1)).ok());
  EXPECT_TRUE(Got(*backend, Key(1)) == Value(1));

  std::filesystem::remove_all(folder_);
  EXPECT_EQ(Got(*backend, Key(1)), "nothing");
  const absl::Status status = backend->Put(Key(1), Value(1));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("it was removed; mount again"));
}

TEST_F(DirFailureTest, AFileThatMayNotGrowLeavesNothing) {
  auto backend = Open();
  ASSERT_TRUE(backend->Put(Key(1), "small").ok());
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);
  rlimit limit = old;
  limit.rlim_cur = 5000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const absl::Status unnamed = backend->Put(Key(2), Value(2));
  const absl::Status named = backend->Put(Key(1), Value(1));  // replacing needs a name
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, old_handler);

  for (const absl::Status& status : {unnamed, named}) {
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_EQ(std::string(status.message()),
              "cannot keep pages in " + folder_ + ": File too large");
  }
  EXPECT_EQ(Got(*backend, Key(1)), "small");
  EXPECT_EQ(Got(*backend, Key(2)), "nothing");
  EXPECT_THAT(Files(), SizeIs(1));
  EXPECT_EQ(backend->bytes(), 4096u);
}

// A disk of one mebibyte.
class SmallDiskTest : public DirFailureTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::create_directory(folder_));
    mounted_ = mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=1m,mode=0700") == 0;
    if (!mounted_) GTEST_SKIP() << "no tmpfs may be mounted here";
  }
  void TearDown() override {
    if (mounted_) {
      EXPECT_EQ(umount(folder_.c_str()), 0);
    }
  }

 private:
  bool mounted_ = false;
};

TEST_F(SmallDiskTest, AFullDiskIsSaidAndLeavesNoPartOfAValue) {
  auto backend = Open();
  absl::Status status;
  uint64_t kept = 0;
  while (kept < 1000 && (status = backend->Put(Key(kept), Value(kept))).ok()) ++kept;
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(std::string(status.message()),
            "cannot keep pages in " + folder_ + ": No space left on device");
  EXPECT_GT(kept, 50u);
  EXPECT_THAT(Files(), SizeIs(kept));
  for (uint64_t n = 0; n < kept; ++n) EXPECT_TRUE(Got(*backend, Key(n)) == Value(n));
  EXPECT_EQ(backend->bytes(), OnDisk());
  // Replacing a page needs room for both, too.
  std::filesystem::resize_file(Path(Key(0)), 10);
  EXPECT_TRUE(absl::IsResourceExhausted(backend->Put(Key(0), Value(0, 100'000))));
  EXPECT_THAT(Temporaries(), IsEmpty());

  EXPECT_TRUE(backend->Remove(Key(1)).ok());
  EXPECT_TRUE(backend->Remove(Key(2)).ok());
  EXPECT_TRUE(backend->Put(Key(kept), Value(kept)).ok());
  EXPECT_TRUE(Got(*backend, Key(kept)) == Value(kept));
}

TEST_F(SmallDiskTest, FromAReadOnlyDiskPagesAreReadStill) {
  auto backend = Open();
  ASSERT_TRUE(backend->Put(Key(1), Value(1)).ok());
  MakeOld(Path(Key(1)), 3600);
  ASSERT_EQ(mount(nullptr, folder_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  EXPECT_TRUE(Got(*backend, Key(1)) == Value(1));
  for (const uint64_t n : {1, 2}) {
    const absl::Status status = backend->Put(Key(n), Value(n, 20'000));
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(std::string(status.message()),
              "cannot keep pages in " + folder_ + ": Read-only file system");
  }
  EXPECT_TRUE(absl::IsUnavailable(backend->Remove(Key(1))));
}

}  // namespace
}  // namespace cbzfs
