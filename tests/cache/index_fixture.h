// What the tests of the index share: a folder of their own, keys and rows, SQLite from outside.

#ifndef CBZFS_TESTS_CACHE_INDEX_FIXTURE_H_
#define CBZFS_TESTS_CACHE_INDEX_FIXTURE_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cache/index.h"
#include "cache/sqlite.h"

namespace cbzfs {

class IndexTest : public testing::Test {
 protected:
  IndexTest() {
    std::string name = testing::TempDir() + "/cbzfs_index_XXXXXX";
    folder_ = mkdtemp(name.data());
    path_ = folder_ + "/index.sqlite";
  }
  ~IndexTest() override { std::filesystem::remove_all(folder_); }

  // Writes only when told to: what a test sees does not depend on time.
  IndexOptions Options() {
    IndexOptions options;
    options.write_delay = absl::Hours(1);
    options.now = [this] { return now_; };
    options.warn = [this](const std::string& message) {
      absl::MutexLock lock(&mutex_);
      warnings_.push_back(message);
    };
    return options;
  }

  std::unique_ptr<Index> Open() { return Open(Options()); }
  std::unique_ptr<Index> Open(IndexOptions options) {
    auto index = Index::Open(path_, std::move(options));
    EXPECT_TRUE(index.ok()) << index.status();
    return index.ok() ? *std::move(index) : nullptr;
  }

  std::vector<std::string> warnings() {
    absl::MutexLock lock(&mutex_);
    return warnings_;
  }

  static DocumentKey Key(uint64_t n) {
    DocumentKey key;
    key.source = {1, n, 1000, 2000, 3000};
    key.options = 0xffff'ffff'0000'0001;
    key.engine = 1;
    return key;
  }
  static IndexedDocument Row(uint64_t n) {
    return {n + 0x8000'0000'0000'0000, absl::StrCat("document ", n)};
  }

  // What is found under Key(n), or why nothing is.
  static std::string Found(Index& index, uint64_t n) {
    auto row = index.FindDocument(Key(n));
    if (!row) return "nothing";
    return row->document.ok() ? *row->document : row->document.status().ToString();
  }

  static std::string Read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  // A connection of another program.
  sqlite::Database Outside() {
    auto db = sqlite::Open(path_, absl::Seconds(1));
    EXPECT_TRUE(db.ok()) << db.status();
    return *std::move(db);
  }
  // Changes whenever another connection commits.
  static int64_t DataVersion(sqlite3* db) {
    auto statement = sqlite::Prepare(db, "PRAGMA data_version");
    sqlite::Query query(*statement);
    EXPECT_TRUE(query.Step().ok());
    return query.Int(0);
  }

  std::string folder_;
  std::string path_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);

 private:
  absl::Mutex mutex_;
  std::vector<std::string> warnings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cbzfs

#endif  // CBZFS_TESTS_CACHE_INDEX_FIXTURE_H_
