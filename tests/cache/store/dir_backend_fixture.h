// What the tests of the folder backend share: a folder, keys and values, a look from outside.

#ifndef CBZFS_TESTS_CACHE_STORE_DIR_BACKEND_FIXTURE_H_
#define CBZFS_TESTS_CACHE_STORE_DIR_BACKEND_FIXTURE_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cache/store/dir_backend.h"

namespace cbzfs {

class DirBackendTest : public testing::Test {
 protected:
  DirBackendTest() {
    std::string name = testing::TempDir() + "/cbzfs_store_XXXXXX";
    base_ = mkdtemp(name.data());
    folder_ = base_ + "/store";
  }
  ~DirBackendTest() override { std::filesystem::remove_all(base_); }

  std::unique_ptr<DirBackend> Open(uint64_t max_bytes = 64 << 20) const {
    return OpenAt(folder_, max_bytes);
  }
  static std::unique_ptr<DirBackend> OpenAt(const std::string& folder, uint64_t max_bytes) {
    auto backend = DirBackend::Open(folder, max_bytes);
    EXPECT_TRUE(backend.ok()) << backend.status();
    return backend.ok() ? *std::move(backend) : nullptr;
  }

  static StoreKey Key(uint64_t n) {
    std::mt19937_64 random(n);
    StoreKey key;
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random());
    return key;
  }
  // Every length and every place tells which value it is of.
  static std::string Value(uint64_t n, size_t size = 10'000) {
    std::mt19937_64 random(n);
    std::string value(size + n % 1000, '\0');
    for (char& c : value) c = static_cast<char>(random());
    return value;
  }
  std::string Path(const StoreKey& key) const {
    const std::string hex =
        absl::BytesToHexString({reinterpret_cast<const char*>(key.data()), key.size()});
    return absl::StrCat(folder_, "/", hex.substr(0, 2), "/", hex.substr(2));
  }

  // "nothing" for a miss, else the value; a failed look-up fails the test.
  static std::string Got(DirBackend& backend, const StoreKey& key) {
    auto value = backend.Get(key);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() && *value ? **value : "nothing";
  }

  // All regular files below the folder.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    return files;
  }
  std::vector<std::string> Temporaries() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().filename().string().starts_with("tmp-")) files.push_back(entry.path());
    }
    return files;
  }
  // What the files take in pages of 4 KiB.
  uint64_t OnDisk() const {
    uint64_t bytes = 0;
    for (const std::string& file : Files()) {
      bytes += (std::filesystem::file_size(file) + 4095) / 4096 * 4096;
    }
    return bytes;
  }

  static std::string Read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void Write(const std::string& path, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static void MakeOld(const std::string& path, time_t seconds) {
    const timespec then = {time(nullptr) - seconds, 0};
    const timespec times[] = {then, then};
    EXPECT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  std::string base_;
  std::string folder_;  // not there before Open
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_CACHE_STORE_DIR_BACKEND_FIXTURE_H_
