#include "fs/watch/folder_watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace cbzfs {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What was told, one line each: "INO NAME", "INO lost", "everything".
class Heard : public WatchListener {
 public:
  void EntryChanged(const FolderId& folder, std::string_view name) override {
    Add(std::to_string(folder.ino) + " " + std::string(name));
  }
  void FolderLost(const FolderId& folder) override { Add(std::to_string(folder.ino) + " lost"); }
  void EverythingChanged() override { Add("everything"); }

  // Waits until there are `count` lines.
  std::vector<std::string> Lines(size_t count) {
    absl::MutexLock lock(&mu_);
    const auto enough = [this, count]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return lines_.size() >= count; };
    mu_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(30));
    return lines_;
  }
  void WaitFor(const std::string& line) {
    absl::MutexLock lock(&mu_);
    const auto there = [this, &line]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
    };
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(30))) << line;
  }

 private:
  void Add(std::string line) {
    absl::MutexLock lock(&mu_);
    lines_.push_back(std::move(line));
  }
  absl::Mutex mu_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mu_);
};

// The kernel's part, made up: watch N is what Add() was called with descriptor N for, and events
// are what the test writes into the pipe.
class FakeInotify : public Inotify {
 public:
  struct Ends {
    int write = -1;
    int open_error = 0;
    int add_error = 0;
    size_t room = 1000;  // further watches fail with ENOSPC
    int64_t type = 0xEF53;
    std::vector<int> watches;
    std::vector<int> removed;
  };
  explicit FakeInotify(Ends* ends) : ends_(ends) {}
  ~FakeInotify() override {
    if (ends_->write >= 0) close(ends_->write);
  }
  int Open() override {
    if (ends_->open_error != 0) return -ends_->open_error;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK | O_DIRECT) != 0) return -errno;
    ends_->write = ends[1];
    return ends[0];
  }
  int Add(int, int folder) override {
    if (ends_->add_error != 0) return -ends_->add_error;
    if (ends_->watches.size() >= ends_->room) return -ENOSPC;
    ends_->watches.push_back(folder);
    return folder;
  }
  void Remove(int, int watch) override {
    ends_->removed.push_back(watch);
    std::erase(ends_->watches, watch);
  }
  int64_t FileSystemType(int) override { return ends_->type; }

 private:
  Ends* const ends_;
};

std::string Event(int watch, uint32_t mask, const std::string& name = "") {
  inotify_event event = {};
  event.wd = watch;
  event.mask = mask;
  event.len = name.empty() ? 0 : static_cast<uint32_t>(name.size() / 16 * 16 + 16);
  std::string bytes(sizeof(event), '\0');
  memcpy(bytes.data(), &event, sizeof(event));
  std::string padded = name;
  padded.resize(event.len);
  return bytes + padded;
}

class FolderWatcherTest : public ::testing::Test {
 protected:
  std::unique_ptr<FolderWatcher> Make(int64_t limit = 10) {
    FolderWatcherOptions options;
    options.limit = limit;
    options.info = [this](const std::string& message) { said_.push_back(message); };
    options.inotify = std::make_unique<FakeInotify>(&kernel_);
    return std::make_unique<FolderWatcher>(std::move(options), &heard_);
  }
  void Send(const std::string& bytes) {
    ASSERT_EQ(write(kernel_.write, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  static FolderId Id(uint64_t ino) { return {7, ino}; }

  FakeInotify::Ends kernel_;
  Heard heard_;
  std::vector<std::string> said_;
};

TEST_F(FolderWatcherTest, TellsOfEntriesByFolderAndName) {
  auto watcher = Make();
  ASSERT_TRUE(watcher->Add(Id(1), 101));
  ASSERT_TRUE(watcher->Add(Id(2), 102));
  Send(Event(101, IN_CREATE, "a.pdf") + Event(102, IN_MOVED_TO, "b") + Event(101, IN_ATTRIB));
  EXPECT_THAT(heard_.Lines(3), ElementsAre("1 a.pdf", "2 b", "1 "));
  EXPECT_EQ(watcher->stats().events, 3u);
}

TEST_F(FolderWatcherTest, TouchSaysWhetherAFolderIsWatched) {
  auto watcher = Make();
  EXPECT_EQ(watcher->Touch(Id(1)), FolderWatcher::State::kUnwatched);
  ASSERT_TRUE(watcher->Add(Id(1), 101));
  EXPECT_EQ(watcher->Touch(Id(1)), FolderWatcher::State::kWatched);
}

TEST_F(FolderWatcherTest, TheFolderAskedForLeastRecentlyIsGivenUp) {
  auto watcher = Make(2);
  ASSERT_TRUE(watcher->Add(Id(1), 101));
  ASSERT_TRUE(watcher->Add(Id(2), 102));
  watcher->Touch(Id(1));
  ASSERT_TRUE(watcher->Add(Id(3), 103));
  EXPECT_THAT(kernel_.removed, ElementsAre(102));
  EXPECT_THAT(heard_.Lines(1), ElementsAre("2 lost"));
  EXPECT_EQ(watcher->Touch(Id(2)), FolderWatcher::State::kUnwatched);
  EXPECT_EQ(watcher->stats().given_up, 1u);
  EXPECT_EQ(watcher->stats().folders, 2u);
  // What was on its way concerns nobody.
  Send(Event(102, IN_CREATE, "late") + Event(102, IN_IGNORED) + Event(101, IN_CREATE, "now"));
  EXPECT_THAT(heard_.Lines(2), ElementsAre("2 lost", "1 now"));
}

TEST_F(FolderWatcherTest, AFolderThatGoesIsLostOnce) {
  auto watcher = Make();
  for (int n = 1; n <= 3; ++n) ASSERT_TRUE(watcher->Add(Id(n), 100 + n));
  Send(Event(101, IN_DELETE_SELF) + Event(101, IN_IGNORED) + Event(102, IN_UNMOUNT) +
       Event(102, IN_IGNORED) + Event(103, IN_MOVE_SELF) + Event(103, IN_CREATE, "elsewhere"));
  Send(Event(-1, IN_Q_OVERFLOW));
  EXPECT_THAT(heard_.Lines(4), ElementsAre("1 lost", "2 lost", "3 lost", "everything"));
  EXPECT_THAT(kernel_.removed, ElementsAre(103)) << "the kernel keeps only that of a moved one";
  EXPECT_EQ(watcher->stats().folders, 0u);
}

TEST_F(FolderWatcherTest, AnOverflowIsSaidAsEverything) {
  auto watcher = Make();
  Send(Event(-1, IN_Q_OVERFLOW));
  EXPECT_THAT(heard_.Lines(1), ElementsAre("everything"));
  EXPECT_EQ(watcher->stats().overflows, 1u);
}

TEST_F(FolderWatcherTest, HalfAnEventIsLeftAlone) {
  auto watcher = Make();
  ASSERT_TRUE(watcher->Add(Id(1), 101));
  const std::string whole = Event(101, IN_CREATE, "name");
  Send(whole + whole.substr(0, sizeof(inotify_event)));  // says it has a name, and has none
  Send(whole.substr(0, 5));
  Send(Event(101, IN_CREATE, "last"));
  EXPECT_THAT(heard_.Lines(2), ElementsAre("1 name", "1 last"));
}

TEST_F(FolderWatcherTest, AWatchThatComesBackForAnotherFolderIsThatOnes) {
  auto watcher = Make();
  ASSERT_TRUE(watcher->Add(Id(1), 101));
  ASSERT_TRUE(watcher->Add(Id(2), 101));
  EXPECT_EQ(watcher->Touch(Id(1)), FolderWatcher::State::kUnwatched);
  Send(Event(101, IN_CREATE, "x"));
  EXPECT_THAT(heard_.Lines(2), ElementsAre("1 lost", "2 x"));
}

TEST_F(FolderWatcherTest, WithoutInotifyItIsSaidOnceAndNothingIsWatched) {
  kernel_.open_error = EMFILE;
  auto watcher = Make();
  EXPECT_FALSE(watcher->stats().active);
  EXPECT_EQ(watcher->Touch(Id(1)), FolderWatcher::State::kUnwatchable);
  EXPECT_FALSE(watcher->Add(Id(1), 101));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("Too many open files")));
}

TEST_F(FolderWatcherTest, ALimitOfZeroOpensNothing) {
  auto watcher = Make(0);
  EXPECT_EQ(kernel_.write, -1);
  EXPECT_FALSE(watcher->stats().active);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(FolderWatcherTest, WhereTheKernelHasNoMoreTheLimitIsWhatItGave) {
  kernel_.room = 3;
  auto watcher = Make(100);
  for (int n = 1; n <= 5; ++n) EXPECT_TRUE(watcher->Add(Id(n), 100 + n));
  EXPECT_EQ(watcher->stats().limit, 3u);
  EXPECT_EQ(watcher->stats().folders, 3u);
  EXPECT_THAT(heard_.Lines(2), ElementsAre("1 lost", "2 lost"));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("3 folders are watched")));
}

TEST_F(FolderWatcherTest, WhereTheKernelHasNoneItIsNotAskedAgainForEachLookup) {
  kernel_.room = 0;
  auto watcher = Make();
  EXPECT_FALSE(watcher->Add(Id(1), 101));
  EXPECT_EQ(watcher->Touch(Id(1)), FolderWatcher::State::kUnwatchable);
  EXPECT_FALSE(watcher->Add(Id(2), 102));
  EXPECT_EQ(said_.size(), 1u);
  EXPECT_THAT(heard_.Lines(0), IsEmpty());
}

TEST_F(FolderWatcherTest, AFolderThatMayNotBeReadIsNoReasonToComplain) {
  kernel_.add_error = EACCES;
  auto watcher = Make();
  EXPECT_FALSE(watcher->Add(Id(1), 101));
  EXPECT_EQ(watcher->Touch(Id(1)), FolderWatcher::State::kUnwatched);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(FolderWatcherTest, NetworkFileSystemsAreNotWatchedAndSaidOnce) {
  kernel_.type = 0x6969;
  auto watcher = Make();
  EXPECT_FALSE(watcher->Add(Id(1), 101));
  EXPECT_FALSE(watcher->Add(Id(2), 102));
  EXPECT_EQ(watcher->Touch(Id(3)), FolderWatcher::State::kUnwatchable) << "the device is known";
  EXPECT_EQ(watcher->Touch({8, 1}), FolderWatcher::State::kUnwatched) << "another device";
  EXPECT_EQ(said_.size(), 1u);
  EXPECT_THAT(kernel_.watches, IsEmpty());
}

TEST(ChangesUnseen, KnowsTheFileSystemsOfOtherHosts) {
  for (const int64_t type : {0x6969ll, 0xFF534D42ll, 0x65735546ll, 0x01021997ll,
                             -11317950ll /* CIFS where f_type has 32 bits and a sign */}) {
    EXPECT_TRUE(ChangesUnseen(type)) << type;
  }
  for (const int64_t type : {0xEF53ll /* ext4 */, 0x9123683Ell /* btrfs */, 0x58465342ll /* XFS */,
                             0x01021994ll /* tmpfs */, 0x794c7630ll /* overlay */, 0ll}) {
    EXPECT_FALSE(ChangesUnseen(type)) << type;
  }
}

TEST(DefaultWatchLimit, IsAShareOfWhatTheUserMayHave) {
  EXPECT_GE(DefaultWatchLimit(), 1);
  EXPECT_LE(DefaultWatchLimit(), 32'768);
}

// With the kernel's own inotify.
class RealWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "watch_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    top_ = pattern;
    std::filesystem::create_directory(top_ / "sub");
    FolderWatcherOptions options;
    options.limit = 10;
    watcher_ = std::make_unique<FolderWatcher>(std::move(options), &heard_);
  }
  void TearDown() override {
    watcher_.reset();
    std::filesystem::remove_all(top_);
  }
  std::string Watch(const std::filesystem::path& path) {
    const int fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st = {};
    fstat(fd, &st);
    EXPECT_TRUE(watcher_->Add({st.st_dev, st.st_ino}, fd));
    close(fd);
    return std::to_string(st.st_ino);
  }

  Heard heard_;
  std::filesystem::path top_;
  std::unique_ptr<FolderWatcher> watcher_;
};

TEST_F(RealWatchTest, HearsWhatHappensToEntries) {
  const std::string ino = Watch(top_);
  std::ofstream(top_ / "new") << "text";
  heard_.WaitFor(ino + " new");
  std::filesystem::rename(top_ / "new", top_ / "old");
  heard_.WaitFor(ino + " old");
  std::ofstream(top_ / "other");
  heard_.WaitFor(ino + " other");
  std::filesystem::permissions(top_ / "sub", std::filesystem::perms::owner_all);
  heard_.WaitFor(ino + " sub");
}

TEST_F(RealWatchTest, FollowsTheFolderThroughARenameAboveIt) {
  std::filesystem::create_directory(top_ / "sub" / "deep");
  const std::string ino = Watch(top_ / "sub" / "deep");
  std::filesystem::rename(top_ / "sub", top_ / "renamed");
  std::ofstream(top_ / "renamed" / "deep" / "file");
  heard_.WaitFor(ino + " file");
}

TEST_F(RealWatchTest, AMovedOrDeletedFolderIsLost) {
  const std::string ino = Watch(top_ / "sub");
  std::filesystem::rename(top_ / "sub", top_ / "renamed");
  heard_.WaitFor(ino + " lost");
  Watch(top_ / "renamed");
  EXPECT_EQ(watcher_->stats().folders, 1u);
  std::filesystem::remove(top_ / "renamed");
  EXPECT_THAT(heard_.Lines(2), Contains(ino + " lost").Times(2));
  EXPECT_EQ(watcher_->stats().folders, 0u);
}

}  // namespace
}  // namespace cbzfs
