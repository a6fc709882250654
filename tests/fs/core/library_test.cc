#include "fs/core/library.h"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

class LibraryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "library_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    top_ = pattern;
    stdfs::create_directory(top_ / "lib");
    Write("lib/a.pdf", "%PDF-1.4 a");
    Write("outside.pdf", "%PDF-1.4 secret");
    auto library = Library::Open((top_ / "lib").string());
    ASSERT_TRUE(library.ok()) << library.status();
    library_ = *std::move(library);
  }
  void TearDown() override { stdfs::remove_all(top_); }

  void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(top_ / path, std::ios::binary) << bytes;
  }

  stdfs::path top_;
  std::unique_ptr<Library> library_;
};

TEST_F(LibraryTest, NoDirectoryIsNoLibrary) {
  EXPECT_EQ(ErrnoOf(Library::Open((top_ / "nowhere").string()).status()), ENOENT);
  EXPECT_EQ(ErrnoOf(Library::Open((top_ / "outside.pdf").string()).status()), ENOTDIR);
}

TEST_F(LibraryTest, NothingOutsideIsReached) {
  stdfs::create_symlink("../outside.pdf", top_ / "lib/link.pdf");
  stdfs::create_directory_symlink("..", top_ / "lib/up");
  SourceKey key;
  EXPECT_EQ(ErrnoOf(library_->OpenFile("link.pdf", &key).status()), EXDEV);
  EXPECT_EQ(ErrnoOf(library_->StatFile("link.pdf").status()), EXDEV);
  EXPECT_EQ(ErrnoOf(library_->Stat("../outside.pdf").status()), EXDEV);
  EXPECT_EQ(ErrnoOf(library_->Stat("up/outside.pdf").status()), ELOOP);
  EXPECT_EQ(ErrnoOf(library_->List("up").status()), ELOOP);
}

TEST_F(LibraryTest, LinksInsideLeadToTheFile) {
  stdfs::create_symlink("a.pdf", top_ / "lib/link.pdf");
  auto link = library_->Stat("link.pdf");
  auto file = library_->StatFile("link.pdf");
  ASSERT_TRUE(link.ok() && file.ok());
  EXPECT_TRUE(S_ISLNK(link->st_mode));
  EXPECT_TRUE(S_ISREG(file->st_mode));
  EXPECT_EQ(*library_->ReadLink("link.pdf"), "a.pdf");
  EXPECT_EQ(ErrnoOf(library_->ReadLink("a.pdf").status()), EINVAL);
}

TEST_F(LibraryTest, FifosAreNeitherListedNorOpened) {
  ASSERT_EQ(mkfifo((top_ / "lib/pipe.pdf").c_str(), 0600), 0);
  SourceKey key;
  EXPECT_EQ(ErrnoOf(library_->OpenFile("pipe.pdf", &key).status()), EINVAL);
  auto folder = library_->List("");
  ASSERT_TRUE(folder.ok());
  ASSERT_EQ(folder->names.size(), 1u);
  EXPECT_EQ(folder->names[0].name, "a.pdf");
}

TEST_F(LibraryTest, FingerprintIsOfTheBytesAlone) {
  std::string bytes(200'000, 'x');
  Write("lib/one.pdf", bytes);
  Write("lib/two.pdf", bytes);
  bytes.back() = 'y';
  Write("lib/other.pdf", bytes);
  auto of = [&](const std::string& name) {
    SourceKey key;
    return *Fingerprint(**library_->OpenFile(name, &key));
  };
  EXPECT_EQ(of("one.pdf"), of("two.pdf"));
  EXPECT_NE(of("one.pdf"), of("other.pdf"));
  Write("lib/empty", "");
  EXPECT_NE(of("empty"), of("one.pdf"));
}

TEST_F(LibraryTest, ChangesAreSeenThroughTheDescriptor) {
  SourceKey key;
  auto file = library_->OpenFile("a.pdf", &key);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(Unchanged(**file, key));
  // Neither a rename nor a deletion changes a byte.
  stdfs::rename(top_ / "lib/a.pdf", top_ / "lib/b.pdf");
  EXPECT_TRUE(Unchanged(**file, key));
  const timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, (top_ / "lib/b.pdf").c_str(), times, 0), 0);
  EXPECT_FALSE(Unchanged(**file, key));
}

TEST_F(LibraryTest, ATruncatedSourceIsAnErrorNotAShortRead) {
  SourceKey key;
  auto file = library_->OpenFile("a.pdf", &key);
  ASSERT_TRUE(file.ok());
  char buffer[16];
  EXPECT_TRUE(ReadExactly(**file, 0, 10, buffer).ok());
  EXPECT_EQ(ErrnoOf(ReadExactly(**file, 5, 10, buffer)), EIO);
}

TEST_F(LibraryTest, PdfIsToldByItsFirstKilobyte) {
  auto is_pdf = [&](const std::string& bytes) {
    Write("lib/x.pdf", bytes);
    SourceKey key;
    return *LooksLikePdf(**library_->OpenFile("x.pdf", &key));
  };
  EXPECT_TRUE(is_pdf("%PDF-1.7"));
  EXPECT_TRUE(is_pdf(std::string(1020, ' ') + "%PDF-1.7"));
  EXPECT_FALSE(is_pdf(std::string(1021, ' ') + "%PDF-1.7"));
  EXPECT_FALSE(is_pdf(""));
}

}  // namespace
}  // namespace cbzfs
