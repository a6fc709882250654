#include "fs/core/open_beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "codecs/worker/unique_fd.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

using Opener = int (*)(int, const std::string&, int, Links);

// Both ways have to give the same; each test runs with each.
class OpenBeneathTest : public ::testing::TestWithParam<Opener> {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "beneath_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    top_ = pattern;
    stdfs::create_directories(top_ / "lib/a/b");
    Write("lib/file");
    Write("lib/a/b/deep");
    Write("secret");
    Link("file", "lib/to file");
    Link("../../file", "lib/a/b/up");
    Link("a", "lib/to folder");
    Link("../secret", "lib/out");
    Link("a/../../secret", "lib/out by a way");
    Link((top_ / "lib/file").string(), "lib/absolute");
    Link("round", "lib/round");
    Link("nowhere", "lib/dangling");
    root_.reset(open((top_ / "lib").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(root_.valid());
  }
  void TearDown() override { stdfs::remove_all(top_); }

  void Write(const std::string& path) { std::ofstream(top_ / path) << path; }
  void Link(const std::string& target, const std::string& path) {
    stdfs::create_symlink(target, top_ / path);
  }
  // What the opened file says, or the error.
  std::string Text(const std::string& path, Links links) {
    const UniqueFd fd(GetParam()(root_.get(), path, O_RDONLY, links));
    if (!fd.valid()) return strerror(errno);
    char text[100];
    const ssize_t got = read(fd.get(), text, sizeof text);
    return got < 0 ? strerror(errno) : std::string(text, static_cast<size_t>(got));
  }
  ino_t Ino(const std::string& path, int flags, Links links) {
    const UniqueFd fd(GetParam()(root_.get(), path, flags, links));
    struct stat st = {};
    if (!fd.valid() || fstat(fd.get(), &st) != 0) return 0;
    return st.st_ino;
  }
  ino_t InoOnDisk(const std::string& path) {
    struct stat st = {};
    return lstat((top_ / path).c_str(), &st) == 0 ? st.st_ino : 0;
  }

  stdfs::path top_;
  UniqueFd root_;
};

TEST_P(OpenBeneathTest, FilesAndFoldersOnTheStraightWay) {
  EXPECT_EQ(Text("file", Links::kRefuse), "lib/file");
  EXPECT_EQ(Text("a/b/deep", Links::kRefuse), "lib/a/b/deep");
  EXPECT_EQ(Ino("", O_RDONLY | O_DIRECTORY, Links::kRefuse), InoOnDisk("lib"));
  EXPECT_EQ(Ino("a/b", O_PATH | O_NOFOLLOW, Links::kRefuse), InoOnDisk("lib/a/b"));
  EXPECT_EQ(Text("a/none", Links::kRefuse), strerror(ENOENT));
  EXPECT_EQ(Text("file/b", Links::kRefuse), strerror(ENOTDIR));
}

TEST_P(OpenBeneathTest, LinksThatStayInsideAreFollowedWhereAsked) {
  EXPECT_EQ(Text("to file", Links::kFollow), "lib/file");
  EXPECT_EQ(Text("a/b/up", Links::kFollow), "lib/file");
  EXPECT_EQ(Text("to folder/b/deep", Links::kFollow), "lib/a/b/deep");
  EXPECT_EQ(Text("to folder/b/up", Links::kFollow), "lib/file");
  EXPECT_EQ(Text("dangling", Links::kFollow), strerror(ENOENT));
  EXPECT_EQ(Text("round", Links::kFollow), strerror(ELOOP));
}

TEST_P(OpenBeneathTest, LinksAreRefusedWhereAsked) {
  EXPECT_EQ(Text("to file", Links::kRefuse), strerror(ELOOP));
  EXPECT_EQ(Text("to folder/b/deep", Links::kRefuse), strerror(ELOOP));
  EXPECT_EQ(Ino("to file", O_PATH | O_NOFOLLOW, Links::kRefuse), InoOnDisk("lib/to file"))
      << "the link itself may be looked at";
}

TEST_P(OpenBeneathTest, NothingLeadsOut) {
  EXPECT_EQ(Text("out", Links::kFollow), strerror(EXDEV));
  EXPECT_EQ(Text("out by a way", Links::kFollow), strerror(EXDEV));
  EXPECT_EQ(Text("absolute", Links::kFollow), strerror(EXDEV));
  EXPECT_EQ(Text("../secret", Links::kFollow), strerror(EXDEV));
  EXPECT_EQ(Text((top_ / "secret").string(), Links::kFollow), strerror(EXDEV));
}

TEST_P(OpenBeneathTest, DescriptorsCloseWhenAProgramIsStarted) {
  const UniqueFd fd(GetParam()(root_.get(), "a/b/deep", O_RDONLY, Links::kRefuse));
  EXPECT_EQ(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

INSTANTIATE_TEST_SUITE_P(TwoWays, OpenBeneathTest, ::testing::Values(&OpenBeneath, &WalkBeneath),
                         [](const auto& way) {
                           return way.param == &WalkBeneath ? "Walked" : "ByTheKernel";
                         });

}  // namespace
}  // namespace cbzfs
