// The adapter and the session through a real mount, over a Filesystem made for the purpose.

#include "fs/fuse/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "fs/core/options.h"
#include "tests/fs/fuse/fake_filesystem.h"

namespace cbzfs {
namespace {

using ::testing::AnyOf;

// One mount, served by a thread of its own until End().
class Mounted {
 public:
  explicit Mounted(std::vector<std::string> kernel = {}) {
    char folder[] = "/tmp/cbzfs-session-XXXXXX";
    path_ = mkdtemp(folder);
    filesystem_ = *Filesystem::Create("", Options(), "");
    fake_ = &Fake();
    auto session = Session::Mount(filesystem_.get(), {.mountpoint = path_,
                                                      .fsname = "a,b\\c",
                                                      .kernel = std::move(kernel),
                                                      .ttl = absl::Seconds(1)});
    EXPECT_TRUE(session.ok()) << session.status();
    if (!session.ok()) return;
    session_ = *std::move(session);
    server_ = std::thread([this] { served_ = session_->Serve(); });
  }

  ~Mounted() {
    EXPECT_TRUE(End().ok());
    session_.reset();
    rmdir(path_.c_str());
  }

  // Stops as a signal does and returns what Serve() returned.
  absl::Status End() {
    if (!server_.joinable()) return served_;
    EXPECT_TRUE(session_->RequestStop(absl::Seconds(30)));
    return Join();
  }

  absl::Status Join() {
    server_.join();
    return served_;
  }

  void Destroy() { session_.reset(); }
  bool ok() const { return session_ != nullptr; }
  Services& fake() { return *fake_; }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  std::unique_ptr<Filesystem> filesystem_;
  Services* fake_ = nullptr;
  std::unique_ptr<Session> session_;
  std::thread server_;
  absl::Status served_;
};

// A thread in a system call, which a signal interrupts.
class Caller {
 public:
  explicit Caller(std::function<int()> call) {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR2, &action, nullptr);
    thread_ = std::thread([this, call = std::move(call)] {
      error_ = call() < 0 ? errno : 0;
      done_.Notify();
    });
  }
  ~Caller() { thread_.join(); }
  void Interrupt() { pthread_kill(thread_.native_handle(), SIGUSR2); }
  // 0 or the errno.
  int Wait() {
    done_.WaitForNotification();
    return error_;
  }

 private:
  int error_ = 0;
  absl::Notification done_;
  std::thread thread_;
};

class Fd {
 public:
  Fd(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

std::string Expected(uint64_t offset, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += ByteAt(offset + i);
  return bytes;
}

std::vector<std::string> ReadNames(DIR* directory) {
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory)) {
    EXPECT_NE(entry->d_ino, 0u) << entry->d_name;
    names.emplace_back(entry->d_name);
  }
  return names;
}

bool MountedOn(const std::string& path) {
  struct stat inside, outside;
  return stat(path.c_str(), &inside) == 0 && stat("/tmp", &outside) == 0 &&
         inside.st_dev != outside.st_dev;
}

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (access("/dev/fuse", R_OK | W_OK) != 0) {
      GTEST_SKIP() << "SKIPPED: no usable /dev/fuse on this machine, so nothing was mounted";
    }
  }
};

TEST_F(SessionTest, BytesAreThoseOfTheFile) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  const Fd file(mount / "now", O_RDONLY);
  ASSERT_GE(file.get(), 0);
  for (const uint64_t offset : {0ul, 1ul, 4095ul, 131072ul, 1'234'567ul, kFileBytes - 10}) {
    std::string bytes(300'000, '\0');
    const ssize_t got = pread(file.get(), bytes.data(), bytes.size(), offset);
    ASSERT_EQ(got, static_cast<ssize_t>(std::min<uint64_t>(300'000, kFileBytes - offset)));
    bytes.resize(got);
    EXPECT_TRUE(bytes == Expected(offset, got)) << offset;
  }
  char byte;
  EXPECT_EQ(pread(file.get(), &byte, 1, kFileBytes), 0);
}

TEST_F(SessionTest, AFileCanBeMapped) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  const Fd file(mount / "now", O_RDONLY);
  void* const map = mmap(nullptr, kFileBytes, PROT_READ, MAP_SHARED, file.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  EXPECT_TRUE(std::string(static_cast<char*>(map), kFileBytes) == Expected(0, kFileBytes));
  munmap(map, kFileBytes);
}

TEST_F(SessionTest, AStatIsAnsweredWhileManyReadsWait) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  constexpr int kReaders = 20;  // twice the threads of the loop
  const Fd file(mount / "later", O_RDONLY | O_DIRECT);
  ASSERT_GE(file.get(), 0);
  std::vector<std::unique_ptr<Caller>> readers;
  std::vector<std::string> buffers(kReaders, std::string(4096, '\0'));
  for (int i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<Caller>(
        [&, i] { return static_cast<int>(pread(file.get(), buffers[i].data(), 4096, i * 4096)); }));
  }
  mount.fake().WaitForReads(kReaders);
  struct stat attr;
  EXPECT_EQ(stat((mount / "now").c_str(), &attr), 0);
  EXPECT_EQ(attr.st_size, static_cast<off_t>(kFileBytes));
  mount.fake().AnswerReads();
  for (int i = 0; i < kReaders; ++i) {
    EXPECT_EQ(readers[i]->Wait(), 0);
    EXPECT_TRUE(buffers[i] == Expected(i * 4096, 4096));
  }
}

TEST_F(SessionTest, AnInterruptedReadIsAnsweredAndLeft) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  const Fd file(mount / "later", O_RDONLY | O_DIRECT);
  std::string buffer(4096, '\0');
  Caller reader([&] { return static_cast<int>(pread(file.get(), buffer.data(), 4096, 0)); });
  mount.fake().WaitForReads(1);
  reader.Interrupt();
  EXPECT_EQ(reader.Wait(), EINTR);
  mount.fake().WaitForLeft(1);
  mount.fake().AnswerReads();  // a result nobody wants any more
  EXPECT_TRUE(mount.End().ok());
}

TEST_F(SessionTest, ALookupThatWasInterruptedGivesItsReferenceBack) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  struct stat attr;
  {
    Caller caller([&] { return stat((mount / "slow").c_str(), &attr); });
    mount.fake().WaitForLookups(1);
    caller.Interrupt();
    EXPECT_EQ(caller.Wait(), EINTR);
  }
  mount.fake().AnswerLookups();
  EXPECT_EQ(mount.fake().References(kSlowIno), 0);
  // And one that is waited for keeps it.
  Caller caller([&] { return stat((mount / "slow").c_str(), &attr); });
  mount.fake().WaitForLookups(1);
  mount.fake().AnswerLookups();
  EXPECT_EQ(caller.Wait(), 0);
  EXPECT_EQ(mount.fake().References(kSlowIno), 1);
}

TEST_F(SessionTest, ADirectoryOfThousandsIsListedWhole) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  DIR* const directory = opendir((mount / "many").c_str());
  ASSERT_NE(directory, nullptr);
  const std::vector<std::string> names = ReadNames(directory);
  EXPECT_EQ(names.size(), kManyFiles + 2);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  // Attributes went along where they were at hand, and were counted; placeholders never.
  EXPECT_EQ(mount.fake().References(kFirstOfManyIno), 1);
  EXPECT_EQ(mount.fake().References(kFirstOfManyIno + 1), 0);
  {
    absl::MutexLock lock(&mount.fake().mu);
    EXPECT_EQ(mount.fake().listings, 1);
  }
  rewinddir(directory);
  EXPECT_EQ(ReadNames(directory).size(), kManyFiles + 2);
  {
    absl::MutexLock lock(&mount.fake().mu);
    EXPECT_EQ(mount.fake().listings, 2);
  }
  closedir(directory);
  struct stat attr;
  EXPECT_EQ(stat((mount / "many/file1").c_str(), &attr), 0);
  EXPECT_EQ(attr.st_ino, kFirstOfManyIno + 1);
}

TEST_F(SessionTest, WritesAreRefused) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  const std::string now = mount / "now";
  const std::string fresh = mount / "fresh";
  const auto error = [](int result) { return result < 0 ? errno : 0; };
  EXPECT_EQ(error(open(now.c_str(), O_WRONLY)), EROFS);
  EXPECT_EQ(error(open(now.c_str(), O_RDWR)), EROFS);
  EXPECT_EQ(error(open(now.c_str(), O_RDONLY | O_TRUNC)), EROFS);
  EXPECT_EQ(error(open(fresh.c_str(), O_WRONLY | O_CREAT, 0600)), EROFS);
  EXPECT_EQ(error(mkdir(fresh.c_str(), 0700)), EROFS);
  EXPECT_EQ(error(mknod(fresh.c_str(), S_IFIFO | 0600, 0)), EROFS);
  EXPECT_EQ(error(unlink(now.c_str())), EROFS);
  EXPECT_EQ(error(rmdir((mount / "many").c_str())), EROFS);
  EXPECT_EQ(error(symlink("x", fresh.c_str())), EROFS);
  EXPECT_EQ(error(link(now.c_str(), fresh.c_str())), EROFS);
  EXPECT_EQ(error(rename(now.c_str(), fresh.c_str())), EROFS);
  EXPECT_EQ(error(truncate(now.c_str(), 0)), EROFS);
  EXPECT_EQ(error(chmod(now.c_str(), 0600)), EROFS);
  EXPECT_EQ(error(utimensat(AT_FDCWD, now.c_str(), nullptr, 0)), EROFS);
  EXPECT_EQ(error(setxattr(now.c_str(), "user.x", "y", 1, 0)), EROFS);
  EXPECT_EQ(error(access(now.c_str(), W_OK)), EROFS);
}

TEST_F(SessionTest, AnswersHaveTheirErrno) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  struct stat attr;
  EXPECT_EQ(stat((mount / "nothing").c_str(), &attr), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(open((mount / "broken").c_str(), O_RDONLY), -1);
  EXPECT_EQ(errno, EIO);
  char value[8];
  EXPECT_EQ(getxattr((mount / "now").c_str(), "user.x", value, sizeof(value)), -1);
  EXPECT_EQ(errno, EOPNOTSUPP);
  EXPECT_EQ(readlink((mount / "link").c_str(), value, sizeof(value)), 3);
  EXPECT_EQ(std::string(value, 3), "now");
  struct statfs space;
  EXPECT_EQ(statfs(mount.path().c_str(), &space), 0);
  EXPECT_EQ(space.f_blocks, 12345u);
}

TEST_F(SessionTest, StoppingAnswersReadsInFlight) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  std::vector<std::unique_ptr<Caller>> readers;
  {
    const Fd buffered(mount / "later", O_RDONLY);
    const Fd direct(mount / "later", O_RDONLY | O_DIRECT);
    static char buffers[8][4096];
    for (int i = 0; i < 8; ++i) {
      const int fd = i % 2 == 0 ? buffered.get() : direct.get();
      readers.push_back(std::make_unique<Caller>(
          [fd, i] { return static_cast<int>(pread(fd, buffers[i], 4096, i * 300'000)); }));
    }
    mount.fake().WaitForReads(8);
    EXPECT_TRUE(mount.End().ok());
    // Which of them depends on who is first, our answer or the kernel's end of the connection.
    for (const auto& reader : readers) {
      EXPECT_THAT(reader->Wait(), AnyOf(ENOTCONN, EIO, ECONNABORTED));
    }
  }
  EXPECT_FALSE(MountedOn(mount.path()));
  {
    absl::MutexLock lock(&mount.fake().mu);
    EXPECT_TRUE(mount.fake().stopped);
  }
  // Results that come when the session is gone are results for nobody; the handles went with it.
  mount.Destroy();
  mount.fake().AnswerReads();
  absl::MutexLock lock(&mount.fake().mu);
  EXPECT_EQ(mount.fake().open_files, 0);
}

TEST_F(SessionTest, StoppingBeforeServingEndsToo) {
  char folder[] = "/tmp/cbzfs-session-XXXXXX";
  const std::string path = mkdtemp(folder);
  const auto filesystem = *Filesystem::Create("", Options(), "");
  auto session = Session::Mount(filesystem.get(), {.mountpoint = path, .fsname = "x"});
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_FALSE((*session)->RequestStop(absl::Milliseconds(1)));
  EXPECT_TRUE((*session)->Serve().ok());
  EXPECT_FALSE(MountedOn(path));
  rmdir(path.c_str());
}

TEST_F(SessionTest, UnmountingEndsServing) {
  Mounted mount;
  ASSERT_TRUE(mount.ok());
  ASSERT_TRUE(MountedOn(mount.path()));
  if (umount2(mount.path().c_str(), 0) != 0) GTEST_SKIP() << "SKIPPED: needs root to unmount";
  EXPECT_TRUE(mount.Join().ok());
}

TEST_F(SessionTest, SeveralMountsLiveInOneProcess) {
  Mounted first;
  Mounted second;
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE(first.End().ok());
  struct stat attr;
  EXPECT_EQ(stat((second / "now").c_str(), &attr), 0);
  EXPECT_FALSE(MountedOn(first.path()));
  EXPECT_TRUE(MountedOn(second.path()));
}

TEST_F(SessionTest, OptionsReachTheKernel) {
  Mounted mount({"noatime", "noexec", "max_read=65536", "max_background=20", "max_readahead=4096",
                 "subtype=mine"});
  ASSERT_TRUE(mount.ok());
  FILE* const file = fopen("/proc/self/mounts", "re");
  char line[4096];
  std::string found;
  while (fgets(line, sizeof(line), file) != nullptr) {
    if (std::string(line).find(mount.path()) != std::string::npos) found = line;
  }
  fclose(file);
  for (const char* word : {"a,b\\134c ", "fuse.mine", "ro,", "nosuid", "nodev", "noexec", "noatime",
                           "max_read=65536"}) {
    EXPECT_THAT(found, ::testing::HasSubstr(word));
  }
}

TEST_F(SessionTest, AFailedMountSaysWhy) {
  const auto filesystem = *Filesystem::Create("", Options(), "");
  const auto session =
      Session::Mount(filesystem.get(), {.mountpoint = "/nonexistent/point", .fsname = "x"});
  ASSERT_FALSE(session.ok());
  EXPECT_THAT(std::string(session.status().message()),
              ::testing::AllOf(::testing::HasSubstr("/nonexistent/point"),
                               ::testing::HasSubstr("No such file")));
}

}  // namespace
}  // namespace cbzfs
