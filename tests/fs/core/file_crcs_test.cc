#include "fs/core/file_crcs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "absl/synchronization/notification.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;
using ::testing::HasSubstr;
using Result = absl::StatusOr<std::vector<uint32_t>>;

uint32_t CrcOf(const std::string& data) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())));
}

class FileCrcsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "crcs_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    top_ = pattern;
    stdfs::create_directory(top_ / "library");
    Write("a", std::string(700'000, 'a'));
    Write("b", "b");
    Write("empty", "");
    auto library = Library::Open((top_ / "library").string());
    ASSERT_TRUE(library.ok()) << library.status();
    library_ = *std::move(library);
    Begin();
  }
  void TearDown() override {
    crcs_ = nullptr;
    index_ = nullptr;
    stdfs::remove_all(top_);
  }

  // As after a new mount.
  void Begin() {
    crcs_ = nullptr;
    index_ = nullptr;
    auto index = Index::Open((top_ / "index.sqlite").string(), {});
    ASSERT_TRUE(index.ok()) << index.status();
    index_ = *std::move(index);
    crcs_ = std::make_unique<FileCrcs>(library_.get(), index_.get(), &errors_);
  }

  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(top_ / "library" / name, std::ios::binary) << bytes;
  }
  FileCrcs::File File(const std::string& name) {
    auto st = library_->StatFile(name);
    return {.path = name, .key = st.ok() ? KeyOf(*st) : SourceKey{.size = 1}};
  }
  Result Get(std::vector<FileCrcs::File> files) {
    Result result;
    absl::Notification done;
    crcs_->Get(std::move(files), [&](Result got) {
      result = std::move(got);
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  stdfs::path top_;
  ErrorLog errors_;
  std::unique_ptr<Library> library_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<FileCrcs> crcs_;
};

TEST_F(FileCrcsTest, EachFileIsReadOnceForAllMounts) {
  const std::vector<uint32_t> expected = {CrcOf(std::string(700'000, 'a')), 0, CrcOf("b")};
  const std::vector<FileCrcs::File> files = {File("a"), File("empty"), File("b")};
  EXPECT_EQ(*Get(files), expected);
  EXPECT_EQ(crcs_->stats().files, 2u);
  EXPECT_EQ(crcs_->stats().bytes, 700'001u);
  // At hand by now: from inside.
  bool called = false;
  EXPECT_EQ(crcs_->Get(files, [&](const Result& got) { called = *got == expected; }), nullptr);
  EXPECT_TRUE(called);
  Begin();
  EXPECT_EQ(*Get(files), expected);
  EXPECT_EQ(crcs_->stats().files, 0u);
  Write("b", "cc");
  EXPECT_EQ(*Get({File("a"), File("b")}), (std::vector<uint32_t>{expected[0], CrcOf("cc")}));
  EXPECT_EQ(crcs_->stats().files, 1u);
}

TEST_F(FileCrcsTest, AnotherVersionIsNotTakenForTheOneThatWasAskedFor) {
  const FileCrcs::File before = File("b");
  Write("b", "longer");
  EXPECT_TRUE(absl::IsAborted(Get({before}).status()));
  const FileCrcs::File gone = File("a");
  stdfs::remove(top_ / "library/a");
  EXPECT_TRUE(absl::IsAborted(Get({gone}).status()));
  EXPECT_EQ(errors_.Text(), "");
}

TEST_F(FileCrcsTest, WhatCannotBeReadIsNamed) {
  stdfs::create_directory(top_ / "library/folder");
  // No regular file: the system says why.
  EXPECT_FALSE(Get({{.path = "folder", .key = {.size = 5}}}).ok());
  EXPECT_THAT(errors_.Text(), HasSubstr("folder\t-\tcannot be read"));
}

TEST_F(FileCrcsTest, WhoeverLeftIsNotCalled) {
  // The thread is kept busy until the other has left.
  absl::Notification busy;
  absl::Notification go_on;
  auto wait = crcs_->Get({File("a")}, [&](const Result&) {
    busy.Notify();
    go_on.WaitForNotification();
  });
  ASSERT_NE(wait, nullptr);
  busy.WaitForNotification();
  auto left = crcs_->Get({File("b")}, [](const Result&) { ADD_FAILURE() << "called"; });
  ASSERT_NE(left, nullptr);
  left->Leave();
  go_on.Notify();
  Write("c", "c");
  EXPECT_EQ(*Get({File("c")}), std::vector<uint32_t>{CrcOf("c")});
  EXPECT_EQ(crcs_->stats().files, 2u);  // nor was it read
}

TEST_F(FileCrcsTest, AfterTheEndNobodyWaits) {
  crcs_->Stop();
  EXPECT_TRUE(absl::IsCancelled(Get({File("a")}).status()));
  EXPECT_EQ(*Get({File("empty")}), std::vector<uint32_t>{0});
}

}  // namespace
}  // namespace cbzfs
