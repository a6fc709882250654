// Archives by the distribution's programs: Python's zipfile, Info-ZIP, 7-Zip.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <string>
#include <vector>

#include "codecs/archive/archive.h"
#include "tests/codecs/archive/zip_builder.h"
#include "tests/codecs/zip/tool.h"

namespace cbzfs {
namespace {

using ::testing::AnyOf;
using testing::AsBytes;
using ::testing::Eq;
using testing::ReadFile;
using testing::RunTool;
using testing::ScratchDir;

class ArchiveToolsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // The shell's locale decides what Info-ZIP takes for a name's character set.
    const testing::ToolResult made =
        RunTool("python3, zip and p7zip-full", "env LC_ALL=C.UTF-8 " CBZFS_PYTHON
                                               " -B " CBZFS_ARCHIVE_TEST_DATA "/make_archives.py " +
                                                   scratch_.Path(""));
    ASSERT_EQ(made.status, 0) << made.output;
    text_ = ReadFile(scratch_.Path("text.txt"));
    ASSERT_GT(text_.size(), 20'000u);
  }

  void Open(const std::string& name) {
    file_ = ReadFile(scratch_.Path(name));
    absl::StatusOr<std::unique_ptr<Archive>> archive = Archive::Open(AsBytes(file_));
    ASSERT_TRUE(archive.ok()) << archive.status();
    archive_ = *std::move(archive);
    EXPECT_TRUE(archive_->notes().empty()) << archive_->notes()[0];
    const auto charsets = LegacyCharsets::Load();
    ASSERT_TRUE(charsets.ok());
    members_ = archive_->Members(**charsets, [](std::string_view) { return true; });
  }

  void ExpectReadable(const std::string& name, const std::vector<std::string>& names) {
    SCOPED_TRACE(name);
    ASSERT_NO_FATAL_FAILURE(Open(name));
    std::vector<std::string> found;
    for (const Archive::Member& member : members_) {
      found.push_back(member.name);
      EXPECT_TRUE(archive_->Read(member.index, 1 << 20).value_or("?") == text_) << member.name;
      EXPECT_EQ(archive_->ReadHead(member.index, 100).value_or("?"), text_.substr(0, 100));
    }
    EXPECT_EQ(found, names);
  }

  void ExpectVerdict(const std::string& name, absl::StatusCode code) {
    SCOPED_TRACE(name);
    ASSERT_NO_FATAL_FAILURE(Open(name));
    EXPECT_EQ(members_.size(), 2u);
    for (const Archive::Member& member : members_) {
      EXPECT_EQ(archive_->Verdict(member.index).code(), code) << archive_->Verdict(member.index);
      EXPECT_EQ(archive_->Read(member.index, 1 << 20).status().code(), code);
      // It can be handed on as it is.
      EXPECT_NE(archive_->entries()[member.index].data_offset, 0u);
    }
  }

  ScratchDir scratch_;
  std::string text_;
  std::string file_;
  std::unique_ptr<Archive> archive_;
  std::vector<Archive::Member> members_;
};

TEST_F(ArchiveToolsTest, WhatProgramsWriteIsRead) {
  const std::vector<std::string> pages = {"1.jpg", "2.jpg"};
  for (const char* name :
       {"stored.zip", "deflated.zip", "zip64.zip", "sfx.zip", "sfx_adjusted.zip"}) {
    ExpectReadable(name, pages);
  }
  ExpectReadable("streamed.zip", {"1.jpg"});
  ExpectReadable("unicode.zip", {"Größe 漫画.jpg"});
  ExpectReadable("infozip.zip", {"1.jpg", "2.jpg", "Größe 漫画.jpg"});
}

TEST_F(ArchiveToolsTest, SevenZipIsRead) {
  ASSERT_NO_FATAL_FAILURE(Open("7z.zip"));
  ASSERT_EQ(members_.size(), 3u);
  EXPECT_EQ(members_[0].name, "1.jpg");
  for (const Archive::Member& member : members_) {
    EXPECT_TRUE(archive_->Read(member.index, 1 << 20).value_or("?") == text_) << member.name;
  }
}

TEST_F(ArchiveToolsTest, OtherMethodsAreReadWhereLibzipKnowsThem) {
  if (zip_compression_method_supported(ZIP_CM_BZIP2, 0)) {
    ExpectReadable("bzip2.zip", {"1.jpg", "2.jpg"});
  } else {
    ExpectVerdict("bzip2.zip", absl::StatusCode::kUnimplemented);
  }
  if (zip_compression_method_supported(ZIP_CM_LZMA, 0)) {
    ExpectReadable("lzma.zip", {"1.jpg", "2.jpg"});
  } else {
    ExpectVerdict("lzma.zip", absl::StatusCode::kUnimplemented);
  }
  ExpectVerdict("deflate64.zip", absl::StatusCode::kUnimplemented);
}

TEST_F(ArchiveToolsTest, EncryptionIsTold) {
  ExpectVerdict("encrypted.zip", absl::StatusCode::kPermissionDenied);
  ExpectVerdict("aes.zip", absl::StatusCode::kPermissionDenied);
  // Header, version 2 (no CRC), vendor, 256 bits, method.
  const std::string& aes = archive_->entries()[members_[0].index].aes_extra;
  EXPECT_EQ(aes.size(), 11u);
  EXPECT_EQ(aes.substr(6, 3), "AE\3");
}

TEST_F(ArchiveToolsTest, A7zIsNoZip) {
  file_ = ReadFile(scratch_.Path("seven.7z"));
  EXPECT_EQ(Archive::Open(AsBytes(file_)).status(),
            absl::InvalidArgumentError("a 7z archive, not a ZIP archive"));
}

// The reader of directories finds what libzip finds, in the same order.
TEST_F(ArchiveToolsTest, TheDirectoryIsThatOfLibzip) {
  for (const char* name :
       {"stored.zip", "deflated.zip", "bzip2.zip", "zip64.zip", "streamed.zip", "unicode.zip",
        "infozip.zip", "7z.zip", "sfx_adjusted.zip", "aes.zip", "encrypted.zip"}) {
    SCOPED_TRACE(name);
    ASSERT_NO_FATAL_FAILURE(Open(name));
    zip_t* zip = zip_open(scratch_.Path(name).c_str(), ZIP_RDONLY | ZIP_CHECKCONS, nullptr);
    ASSERT_NE(zip, nullptr);
    const auto& entries = archive_->entries();
    ASSERT_EQ(zip_get_num_entries(zip, 0), static_cast<zip_int64_t>(entries.size()));
    for (size_t i = 0; i < entries.size(); ++i) {
      zip_stat_t stat;
      ASSERT_EQ(zip_stat_index(zip, i, ZIP_FL_ENC_RAW, &stat), 0);
      EXPECT_EQ(entries[i].name, stat.name);
      EXPECT_EQ(entries[i].bytes, stat.size);
      EXPECT_EQ(entries[i].compressed_bytes, stat.comp_size);
      EXPECT_EQ(entries[i].crc, stat.crc);
      // libzip tells the method beneath the encryption.
      EXPECT_THAT(entries[i].method, AnyOf(Eq(stat.comp_method), Eq(99)));
      EXPECT_EQ(entries[i].encrypted(), stat.encryption_method != ZIP_EM_NONE);
    }
    zip_discard(zip);
  }
}

}  // namespace
}  // namespace cbzfs
