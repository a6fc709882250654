#include "fs/core/folder_version.h"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fs/core/errno_status.h"
#include "fs/core/folder_files.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FolderVersionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "folder_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    top_ = pattern;
    chmod(pattern.c_str(), 0755);
    stdfs::create_directory(top_ / "Book");
    Write("1.jpg", "one");
    Write("2.jpg", "three");
    auto library = Library::Open(top_.string());
    ASSERT_TRUE(library.ok()) << library.status();
    library_ = *std::move(library);
    reader_ = std::make_unique<FolderReader>(library_.get(), &errors_, options_);
  }
  void TearDown() override { stdfs::remove_all(top_); }

  std::string Path(const std::string& name) const { return (top_ / "Book" / name).string(); }
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  FolderVersion::Pointer Read() {
    auto folder = reader_->Read("Book", [](std::string_view path) { return path == "Book/no.jpg"; });
    EXPECT_TRUE(folder.ok()) << folder.status();
    return folder.ok() ? *folder : nullptr;
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& file : Read()->files) names.push_back(file.entry);
    return names;
  }

  stdfs::path top_;
  Options options_;
  ErrorLog errors_;
  std::unique_ptr<Library> library_;
  std::unique_ptr<FolderReader> reader_;
};

TEST_F(FolderVersionTest, AllThatIsInItIsTheVersion) {
  const auto first = Read();
  EXPECT_EQ(Read()->key, first->key);
  EXPECT_EQ(first->key.size, 8);
  EXPECT_EQ(first->name, "Book");
  std::vector<SourceKey> seen = {first->key};
  const auto changed = [&](const char* what) {
    const SourceKey now = Read()->key;
    for (const SourceKey& before : seen) EXPECT_NE(now, before) << what;
    seen.push_back(now);
  };
  Write("3.jpg", "3");
  changed("an image more");
  Write("3.jpg", "44");
  changed("another image");
  stdfs::rename(Path("3.jpg"), Path("4.jpg"));
  changed("another name");
  Write("ComicInfo.xml", "<ComicInfo/>");
  changed("what it says of itself");
  EXPECT_TRUE(Read()->has_info);
  EXPECT_EQ(Read()->images(), 3u);
}

TEST_F(FolderVersionTest, WhatIsNotInItChangesNothing) {
  const auto first = Read();
  const struct timespec times[2] = {first->st.st_atim, first->st.st_mtim};
  Write("notes.txt", "text");
  Write(".hidden.jpg", "image");
  Write("no.jpg", "of another view");
  // But for the time of the folder.
  ASSERT_EQ(utimensat(AT_FDCWD, Path("").c_str(), times, 0), 0);
  EXPECT_EQ(Read()->key, first->key);
  EXPECT_THAT(Names(), ElementsAre("1.jpg", "2.jpg"));
}

TEST_F(FolderVersionTest, TheFingerprintIsOfNamesAndLengthsAlone) {
  const uint64_t first = Read()->fingerprint;
  Write("1.jpg", "two");
  EXPECT_EQ(Read()->fingerprint, first);
  Write("1.jpg", "four");
  EXPECT_NE(Read()->fingerprint, first);
}

TEST_F(FolderVersionTest, ItsTimeIsTheLatest) {
  struct timespec times[2] = {{.tv_sec = 4'000'000'000, .tv_nsec = 7},
                              {.tv_sec = 4'000'000'000, .tv_nsec = 7}};
  ASSERT_EQ(utimensat(AT_FDCWD, Path("2.jpg").c_str(), times, 0), 0);
  EXPECT_EQ(Read()->st.st_mtim.tv_sec, 4'000'000'000);
  EXPECT_EQ(Read()->st.st_mtim.tv_nsec, 7);
}

TEST_F(FolderVersionTest, NobodyReadsHereWhatTheyMayNotReadThere) {
  const auto mode = [&] { return Read()->st.st_mode; };
  chmod(Path("").c_str(), 0755);
  chmod(Path("1.jpg").c_str(), 0644);
  chmod(Path("2.jpg").c_str(), 0644);
  EXPECT_EQ(mode(), S_IFREG | 0444u);
  chmod(Path("1.jpg").c_str(), 0640);
  EXPECT_EQ(mode(), S_IFREG | 0440u);
  chmod(Path("").c_str(), 0745);  // the group may list it and not enter
  EXPECT_EQ(mode(), S_IFREG | 0400u);
  chmod(Path("").c_str(), 0755);
  if (geteuid() != 0) return;
  // Another one's: only as anybody.
  ASSERT_EQ(chown(Path("2.jpg").c_str(), 1, 1), 0);
  chmod(Path("2.jpg").c_str(), 0660);
  EXPECT_EQ(mode(), S_IFREG | 0u);
  chmod(Path("2.jpg").c_str(), 0664);
  EXPECT_EQ(mode(), S_IFREG | 0440u);
}

TEST_F(FolderVersionTest, WhatWeMayNotReadIsLeftOutAndNamedUntilWeMay) {
  chmod(Path("1.jpg").c_str(), 0);
  if (geteuid() == 0) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  EXPECT_THAT(Names(), ElementsAre("2.jpg"));
  EXPECT_THAT(errors_.Text(), HasSubstr("Book/1.jpg\t-\tcannot be read: permission denied"));
  if (getuid() == 0) {
    ASSERT_EQ(seteuid(0), 0);
  }
  chmod(Path("1.jpg").c_str(), 0644);
  EXPECT_THAT(Names(), ElementsAre("1.jpg", "2.jpg"));
  EXPECT_EQ(errors_.Text(), "");
}

TEST_F(FolderVersionTest, TooLongAFileIsLeftOut) {
  ASSERT_EQ(truncate(Path("1.jpg").c_str(), int64_t{1} << 32), 0);
  EXPECT_THAT(Names(), ElementsAre("2.jpg"));
  EXPECT_THAT(errors_.Text(), HasSubstr("4 GiB"));
}

TEST_F(FolderVersionTest, NoBookIsNone) {
  stdfs::create_directory(top_ / "Empty");
  const auto none = [](std::string_view) { return false; };
  EXPECT_EQ(ErrnoOf(reader_->Read("Empty", none).status()), ENOENT);
  EXPECT_EQ(ErrnoOf(reader_->Read("Nowhere", none).status()), ENOENT);
  options_.analyse.max_pages = 1;
  FolderReader strict(library_.get(), &errors_, options_);
  EXPECT_EQ(ErrnoOf(strict.Read("Book", none).status()), ENOENT);
  EXPECT_THAT(errors_.Text(), HasSubstr("max_pages"));
}

TEST_F(FolderVersionTest, FilesAreOfTheVersionOrNotAtAll) {
  const FolderFiles files(library_.get(), &errors_, Read(), "text");
  char bytes[3];
  ASSERT_TRUE(files.Read(0, 1, 3, bytes).ok());
  EXPECT_EQ(std::string(bytes, 3), "ext");
  ASSERT_TRUE(files.Read(1, 0, 3, bytes).ok());
  EXPECT_EQ(std::string(bytes, 3), "one");
  // A change of the mode is no change of the bytes.
  chmod(Path("2.jpg").c_str(), 0600);
  ASSERT_TRUE(files.Read(2, 2, 3, bytes).ok());
  EXPECT_EQ(std::string(bytes, 3), "ree");
  EXPECT_TRUE(files.IsCurrent(2));
  Write("2.jpg", "THREE!");
  EXPECT_EQ(ErrnoOf(files.Read(2, 2, 3, bytes)), EIO);
  EXPECT_FALSE(files.IsCurrent(2));
  stdfs::remove(Path("1.jpg"));
  EXPECT_FALSE(files.IsCurrent(1));
  EXPECT_EQ(ErrnoOf(FolderFiles(library_.get(), &errors_,
                                std::make_shared<FolderVersion>(files.folder()), "text")
                        .Read(1, 0, 3, bytes)),
            EIO);
  EXPECT_EQ(errors_.Text(), "");
}

TEST_F(FolderVersionTest, FewAreKeptOpen) {
  for (int i = 10; i < 40; ++i) Write(std::to_string(i) + ".jpg", "image");
  const FolderFiles files(library_.get(), &errors_, Read(), "");
  char byte;
  for (uint32_t entry = 0; entry < 32; ++entry) ASSERT_TRUE(files.Read(entry, 0, 1, &byte).ok());
  EXPECT_LE(library_->sources().open(), 2u);
}

}  // namespace
}  // namespace cbzfs
