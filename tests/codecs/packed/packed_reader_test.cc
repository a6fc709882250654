#include "codecs/packed/packed_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/codecs/packed/packed_builder.h"

namespace cbzfs {
namespace {

using testing::BytesOf;
using ::testing::ElementsAre;
using testing::Files;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::Rar4Of;
using testing::Rar5Of;
using testing::Sample;
using testing::TarFile;
using testing::TarHeader;
using testing::TarOf;

// What a reader says of a whole archive.
struct Contents {
  Files files;
  std::vector<uint32_t> times;
  absl::Status status;
};

Contents ContentsOf(const std::string& file) {
  PackedReader::UseUtf8Names();
  Contents contents;
  auto reader = PackedReader::Open(BytesOf(file));
  contents.status = reader.status();
  while (contents.status.ok()) {
    const auto entry = (*reader)->Next();
    contents.status = entry.status();
    if (!entry.ok() || *entry == nullptr) break;
    EXPECT_EQ((*entry)->index, contents.files.size());
    contents.files.emplace_back((*entry)->name, "");
    contents.times.push_back((*entry)->dos_time);
    char chunk[1000];
    while (true) {
      const auto got = (*reader)->Read(chunk, sizeof chunk);
      contents.status = got.status();
      if (!got.ok() || *got == 0) break;
      contents.files.back().second.append(chunk, *got);
    }
  }
  return contents;
}

absl::Status StatusOf(const std::string& file) { return ContentsOf(file).status; }

const Files kFiles = {{"a.jpg", std::string(70'000, 'a')}, {"b/c.txt", "text"}, {"empty", ""}};

TEST(PackedReaderTest, EveryKindOfArchiveIsRead) {
  for (const std::string& archive : {TarOf(kFiles), Rar4Of(kFiles), Rar5Of(kFiles)}) {
    const Contents contents = ContentsOf(archive);
    EXPECT_TRUE(contents.status.ok()) << contents.status;
    EXPECT_EQ(contents.files, kFiles);
    // 2023-11-14 22:13
    for (const uint32_t time : contents.times) EXPECT_EQ(time >> 5, 0x576EB1A0u >> 5);
  }
}

TEST(PackedReaderTest, ArchivesThatWinrarMade) {
  const Contents normal = ContentsOf(Sample("rar4_compress_normal.rar"));
  EXPECT_TRUE(normal.status.ok()) << normal.status;
  ASSERT_EQ(normal.files.size(), 3u) << "without folders and symbolic links";
  EXPECT_EQ(normal.files[0].first, "LibarchiveAddingTest.html");
  EXPECT_EQ(normal.files[0].second.size(), 20'111u);
  EXPECT_EQ(normal.files[0].second, normal.files[2].second);
  EXPECT_THAT(normal.files[0].second, HasSubstr("</HTML>"));

  const Contents solid = ContentsOf(Sample("rar5_multiple_files_solid.rar"));
  EXPECT_TRUE(solid.status.ok()) << solid.status;
  ASSERT_EQ(solid.files.size(), 4u);
  for (const auto& [name, data] : solid.files) EXPECT_EQ(data.size(), 4096u) << name;

  const Contents windows = ContentsOf(Sample("rar4_windows.rar"));
  EXPECT_EQ(windows.files.at(0),
            (std::pair<std::string, std::string>("testdir/test.txt", "test text file\r\n")));
}

TEST(PackedReaderTest, NamesInUtf16AreUtf8) {
  const Contents contents = ContentsOf(Sample("rar4_unicode.rar"));
  EXPECT_TRUE(contents.status.ok()) << contents.status;
  ASSERT_EQ(contents.files.size(), 3u);
  EXPECT_EQ(contents.files[1].first, "表だよ/漢字長いファイル名long-filename-in-漢字.txt");
  EXPECT_EQ(contents.files[2].first, "abcdefghijklmnopqrsテスト.txt");
}

TEST(PackedReaderTest, NamesInOtherCharacterSetsAreTheirBytes) {
  const Contents contents = ContentsOf(TarOf({{"\x83\x65\x83\x58\x83\x67.jpg", "x"}}));
  EXPECT_TRUE(contents.status.ok()) << contents.status;
  EXPECT_THAT(contents.files, ElementsAre(Pair("\x83\x65\x83\x58\x83\x67.jpg", "x")));
}

TEST(PackedReaderTest, WhatIsEncryptedIsSaidToBe) {
  for (const char* const name : {"rar4_encrypted.rar", "rar4_encrypted_filenames.rar",
                                 "rar5_encrypted_filenames.rar"}) {
    const absl::Status status = StatusOf(Sample(name));
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << name << ": " << status;
    EXPECT_EQ(status.message(), "encrypted");
  }
  // Not every libarchive knows why it cannot read this one.
  EXPECT_FALSE(StatusOf(Sample("rar5_encrypted.rar")).ok());
}

TEST(PackedReaderTest, APartOfASplitArchiveIsSaidToBe) {
  for (const std::string& part : {Rar4Of(kFiles, 1), Rar5Of(kFiles, 1)}) {
    EXPECT_TRUE(absl::IsInvalidArgument(StatusOf(part)));
    EXPECT_THAT(std::string(StatusOf(part).message()), HasSubstr("several parts"));
  }
}

TEST(PackedReaderTest, ASolidRar4IsNotTakenForAnother) {
  const absl::Status status = StatusOf(Rar4Of(kFiles, 8));
  // libarchive knows none; should it learn to, all of it must be right.
  EXPECT_TRUE(status.ok() || absl::IsUnimplemented(status)) << status;
}

TEST(PackedReaderTest, DamageIsFound) {
  // libarchive does not look at the check sums of stored RAR entries.
  std::string wrong = TarOf(kFiles).substr(0, 30'000);
  EXPECT_TRUE(absl::IsInvalidArgument(StatusOf(wrong))) << StatusOf(wrong);
  EXPECT_THAT(std::string(StatusOf(wrong).message()), HasSubstr("a tar archive that is damaged"));
}

TEST(PackedReaderTest, AnArchiveCutAnywhereIsRefusedOrWhole) {
  for (const std::string& archive : {TarOf(kFiles), Rar4Of(kFiles), Rar5Of(kFiles)}) {
    for (size_t size = 0; size < archive.size(); size += 611) {
      const Contents contents = ContentsOf(archive.substr(0, size));
      if (!contents.status.ok()) continue;
      // An end that is missing is no loss.
      EXPECT_EQ(contents.files.size() + (size < 71'000 ? 10 : 0), kFiles.size())
          << size << " of " << archive.size();
    }
  }
}

TEST(PackedReaderTest, AHardLinkIsNoEmptyFile) {
  const std::string tar =
      TarFile("a.jpg", "data") + TarHeader("b.jpg", 0, '1', "a.jpg") + std::string(1024, '\0');
  EXPECT_TRUE(absl::IsUnimplemented(StatusOf(tar)));
  EXPECT_THAT(std::string(StatusOf(tar).message()), HasSubstr("b.jpg: only a link"));
}

TEST(PackedReaderTest, WhatIsNoneOfTheseIsRefused) {
  for (const std::string& file : {std::string(), std::string("PK\3\4"), std::string(3000, 'x')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(StatusOf(file)));
  }
  // Compressed, but no archive in it.
  const std::string gzip("\x1F\x8B\x08\0\0\0\0\0\0\x03\x4B\x4C\x4A\x06\0\xC2\x41\x24\x35\3\0\0\0",
                         23);
  EXPECT_FALSE(StatusOf(gzip).ok());
}

TEST(PackedReaderTest, OnlySomeHaveToBeUnpackedInOrder) {
  const auto in_one_stream = [](const std::string& file) {
    return (*PackedReader::Open(BytesOf(file)))->in_one_stream();
  };
  EXPECT_FALSE(in_one_stream(TarOf(kFiles)));
  EXPECT_FALSE(in_one_stream(Rar4Of(kFiles)));
  EXPECT_FALSE(in_one_stream(Rar5Of(kFiles)));
  EXPECT_TRUE(in_one_stream(Rar5Of(kFiles, 4)));
}

}  // namespace
}  // namespace cbzfs
