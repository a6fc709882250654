// A folder for the tests of fs/move, with what they do to files in it.

#ifndef CBZFS_TESTS_FS_MOVE_MOVE_FIXTURE_H_
#define CBZFS_TESTS_FS_MOVE_MOVE_FIXTURE_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "codecs/worker/unique_fd.h"
#include "fs/move/entry.h"
#include "fs/move/work.h"

namespace cbzfs {

class MoveFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "move_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = std::filesystem::canonical(pattern).string();
    root_fd_ = UniqueFd(open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    work_.on_failure = [this](const std::string& text) { failures_.push_back(text); };
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string Path(const std::string& name) const { return root_ + "/" + name; }
  Entry At(const std::string& name) const {
    return {.folder = root_fd_.get(), .name = name, .path = Path(name)};
  }
  void Put(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::string Get(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  struct stat Stat(const std::string& name) const {
    struct stat st = {};
    EXPECT_EQ(lstat(Path(name).c_str(), &st), 0) << name;
    return st;
  }
  bool Exists(const std::string& name) const {
    struct stat st;
    return lstat(Path(name).c_str(), &st) == 0;
  }
  std::set<std::string> Names(const std::string& folder = "") const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Path(folder))) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  std::string root_;
  UniqueFd root_fd_;
  MoveWork work_;
  std::vector<std::string> failures_;
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_FS_MOVE_MOVE_FIXTURE_H_
