#include "fs/command/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

// With and without a name of its own from the start.
class AtomicFileTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "atomic_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { stdfs::remove_all(folder_); }

  std::unique_ptr<AtomicFile> Create(const std::string& name) {
    auto file = AtomicFile::Create(folder_, name, GetParam());
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : stdfs::directory_iterator(folder_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  std::string folder_;
};

using Files = std::set<std::string>;

TEST_P(AtomicFileTest, AppearsWhole) {
  auto file = Create("a");
  ASSERT_TRUE(file->Write(3, "def").ok());
  ASSERT_TRUE(file->Write(0, "abc").ok());
  EXPECT_FALSE(stdfs::exists(folder_ + "/a"));
  ASSERT_TRUE(file->Finish({.tv_sec = 1'000, .tv_nsec = 7}).ok());
  EXPECT_EQ(Read("a"), "abcdef");
  EXPECT_EQ(Names(), Files({"a"}));
  struct stat st;
  ASSERT_EQ(stat((folder_ + "/a").c_str(), &st), 0);
  EXPECT_EQ(st.st_mtim.tv_sec, 1'000);
  EXPECT_EQ(st.st_mtim.tv_nsec, 7);
  const mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(st.st_mode & 0777, 0666 & ~mask);
}

TEST_P(AtomicFileTest, TakesThePlaceOfAnOlderOne) {
  std::ofstream(folder_ + "/a") << "old";
  auto file = Create("a");
  ASSERT_TRUE(file->Write(0, "new one").ok());
  EXPECT_EQ(Read("a"), "old");
  ASSERT_TRUE(file->Finish({}).ok());
  EXPECT_EQ(Read("a"), "new one");
  EXPECT_EQ(Names(), Files({"a"}));
}

TEST_P(AtomicFileTest, NothingIsLeftOfOneThatIsGivenUp) {
  {
    auto file = Create("a");
    ASSERT_TRUE(file->Write(0, "half").ok());
    // Somebody who cleans up meanwhile leaves it alone.
    EXPECT_EQ(RemoveLeftovers(folder_), 0);
    EXPECT_EQ(Names().size(), GetParam() ? 0u : 1u);
  }
  EXPECT_EQ(Names(), Files());
}

TEST_P(AtomicFileTest, AFolderInItsPlaceIsAFailureThatLeavesNothing) {
  stdfs::create_directory(folder_ + "/a");
  {
    auto file = Create("a");
    EXPECT_FALSE(file->Finish({}).ok());
  }
  EXPECT_EQ(Names(), Files({"a"}));
  EXPECT_FALSE(AtomicFile::Create(folder_ + "/none", "a").ok());
}

INSTANTIATE_TEST_SUITE_P(Both, AtomicFileTest, ::testing::Bool());

TEST_P(AtomicFileTest, WhatAKilledRunLeftGoes) {
  for (const char* name : {".cbzfs-1-a-0.part", ".cbzfs-2-b-1.part", ".cbzfs-mine", "a.part"}) {
    std::ofstream(folder_ + "/" + name) << "half";
  }
  // One is somebody's who is still at it.
  const int fd = open((folder_ + "/.cbzfs-2-b-1.part").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  EXPECT_EQ(RemoveLeftovers(folder_), 1);
  close(fd);
  EXPECT_EQ(Names(), Files({".cbzfs-2-b-1.part", ".cbzfs-mine", "a.part"}));
}

TEST_P(AtomicFileTest, Links) {
  std::ofstream(folder_ + "/a") << "old";
  ASSERT_TRUE(ReplaceLink(folder_, "a", "b").ok());
  EXPECT_EQ(stdfs::read_symlink(folder_ + "/a"), "b");
  ASSERT_TRUE(ReplaceLink(folder_, "a", "c").ok());
  EXPECT_EQ(stdfs::read_symlink(folder_ + "/a"), "c");
  EXPECT_EQ(Names(), Files({"a"}));
}

}  // namespace
}  // namespace cbzfs
