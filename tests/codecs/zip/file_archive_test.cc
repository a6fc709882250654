#include "codecs/zip/file_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <string>

#include "tests/codecs/zip/tool.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct File {
  std::string name;
  std::string data;
};

uint32_t CrcOf(const std::string& data) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())));
}

std::shared_ptr<const FileArchive> ArchiveOf(const std::vector<File>& files) {
  std::vector<ArchivedFile> archived;
  for (const File& file : files) archived.push_back({file.name, file.data.size()});
  auto archive = FileArchive::Create(std::move(archived));
  EXPECT_TRUE(archive.ok()) << archive.status();
  return *archive;
}

// Bytes [offset, offset + size), and that no CRC is asked for but those that were told.
std::string ReadOf(const FileArchive& archive, const std::vector<File>& files, uint64_t offset,
                   uint64_t size) {
  std::string out;
  for (const Piece& piece : archive.Map(offset, size)) {
    EXPECT_EQ(piece.offset, offset + out.size());
    std::string bytes(piece.size, '?');
    if (piece.kind == Piece::Kind::kSource) {
      bytes = files[piece.page].data.substr(piece.source_offset, piece.size);
      EXPECT_EQ(bytes.size(), piece.size);
    } else {
      const std::vector<uint32_t> wanted = archive.CrcsIn(piece);
      archive.ReadLiteral(
          piece,
          [&](uint32_t file) {
            EXPECT_THAT(wanted, ::testing::Contains(file));
            return CrcOf(files[file].data);
          },
          bytes.data());
    }
    out += bytes;
  }
  return out;
}

const std::vector<File>& Sample() {
  static const auto* const kFiles = new std::vector<File>{
      {"1.jpg", std::string(5000, 'a')}, {"empty.jpg", ""}, {"Größe.png", std::string(77, 'b')}};
  return *kFiles;
}

TEST(FileArchiveTest, AnyPartIsAPartOfTheWhole) {
  const auto archive = ArchiveOf(Sample());
  const std::string whole = ReadOf(*archive, Sample(), 0, UINT64_MAX);
  ASSERT_EQ(whole.size(), archive->size());
  for (uint64_t offset = 0; offset < whole.size(); offset += offset > 100 && offset < 4900 ? 97 : 1) {
    for (const uint64_t size : {1, 13, 300}) {
      ASSERT_EQ(ReadOf(*archive, Sample(), offset, size), whole.substr(offset, size)) << offset;
    }
  }
  EXPECT_THAT(archive->Map(whole.size(), 10), IsEmpty());
  EXPECT_THAT(archive->Map(0, 0), IsEmpty());
}

TEST(FileArchiveTest, ProgramsUnpackIt) {
  const auto archive = ArchiveOf(Sample());
  const testing::ScratchDir folder;
  const std::string path = folder.Path("a.zip");
  testing::WriteFile(path, ReadOf(*archive, Sample(), 0, UINT64_MAX));
  const auto unzip = testing::RunTool("unzip", "unzip -tqq '" + path + "'");
  EXPECT_EQ(unzip.status, 0) << unzip.output;
  const auto sevenzip = testing::RunTool("p7zip-full", "7z t '" + path + "'");
  EXPECT_EQ(sevenzip.status, 0) << sevenzip.output;
}

TEST(FileArchiveTest, OnlyTheHeadersOfARangeWantTheirCrcs) {
  const auto archive = ArchiveOf(Sample());
  const auto wanted = [&](uint64_t offset, uint64_t size) {
    std::vector<uint32_t> files;
    for (const Piece& piece : archive->Map(offset, size)) {
      if (piece.kind != Piece::Kind::kLiteral) continue;
      const auto in = archive->CrcsIn(piece);
      files.insert(files.end(), in.begin(), in.end());
    }
    return files;
  };
  const uint64_t header = kLocalHeaderBytes + 5;
  EXPECT_THAT(wanted(0, 1), ElementsAre(0));
  EXPECT_THAT(wanted(header, 5000), IsEmpty());
  EXPECT_THAT(wanted(header + 4999, 2), ElementsAre(1));
  EXPECT_THAT(wanted(archive->size() - kEndRecordBytes, kEndRecordBytes), IsEmpty());
  EXPECT_THAT(wanted(archive->size() - kEndRecordBytes - 1, 1), ElementsAre(2));
  const uint64_t directory = header + 5000 + kLocalHeaderBytes + 9 + kLocalHeaderBytes + 11 + 77;
  EXPECT_THAT(wanted(directory, kCentralRecordBytes + 5), ElementsAre(0));
  EXPECT_THAT(wanted(directory, kCentralRecordBytes + 6), ElementsAre(0, 1));
  EXPECT_THAT(wanted(directory, UINT64_MAX), ElementsAre(0, 1, 2));
}

TEST(FileArchiveTest, OffsetsPastFourGibAreZip64) {
  // Of files that are too long to be read here: the directory is enough.
  auto archive = FileArchive::Create({{"a", FileArchive::kMaxBytes}, {"b", 10}, {"c", 0}});
  ASSERT_TRUE(archive.ok());
  const uint64_t data = 3 * (kLocalHeaderBytes + 1) + FileArchive::kMaxBytes + 10;
  const uint64_t directory = 3 * (kCentralRecordBytes + 1) + 2 * kZip64ExtraBytes;
  EXPECT_EQ((*archive)->size(), data + directory + kZip64EndBytes + kEndRecordBytes);
  std::string end((*archive)->size() - data, '\0');
  for (const Piece& piece : (*archive)->Map(data, end.size())) {
    ASSERT_EQ(piece.kind, Piece::Kind::kLiteral);
    (*archive)->ReadLiteral(
        piece, [](uint32_t) { return 0; }, end.data());
  }
  EXPECT_EQ(end.substr(0, 4), "PK\1\2");
  EXPECT_EQ(end.substr(directory, 4), std::string("PK\6\6"));
  EXPECT_EQ(end.substr(end.size() - kEndRecordBytes, 4), std::string("PK\5\6"));
}

TEST(FileArchiveTest, WhatNoEntryCanBeIsRefused) {
  EXPECT_EQ(FileArchive::Create({{"a", FileArchive::kMaxBytes + 1}}).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(FileArchive::Create({{"", 1}}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FileArchive::Create({{std::string(70'000, 'a'), 1}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace cbzfs
