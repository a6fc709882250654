#include "codecs/archive/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/document/archive_kind.h"
#include "tests/codecs/archive/zip_builder.h"

namespace cbzfs {
namespace {

using testing::AsBytes;
using testing::BuildZip;
using testing::Deflate;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ZipItem;
using testing::ZipOf;
using testing::ZipParts;
using std::string_literals::operator""s;

constexpr uint64_t kPlenty = 100 << 20;

// The archive and the bytes it looks at.
struct Opened {
  std::string zip;
  std::unique_ptr<Archive> archive;
};

Opened OpenZip(std::string zip) {
  Opened opened{.zip = std::move(zip)};
  absl::StatusOr<std::unique_ptr<Archive>> archive = Archive::Open(AsBytes(opened.zip));
  EXPECT_TRUE(archive.ok()) << archive.status();
  if (archive.ok()) opened.archive = *std::move(archive);
  return opened;
}

Opened Open(std::vector<ZipItem> items) { return OpenZip(ZipOf(std::move(items))); }

absl::Status OpenStatus(const std::string& zip) { return Archive::Open(AsBytes(zip)).status(); }

bool IsJpeg(std::string_view name) { return name.ends_with(".jpg"); }

std::vector<std::string> Names(const Archive& archive) {
  static const auto& charsets = *LegacyCharsets::Load()->release();
  std::vector<std::string> names;
  for (const Archive::Member& member : archive.Members(charsets, IsJpeg)) {
    names.push_back(member.name + (member.image ? "" : "!"));
  }
  return names;
}

// Half a megabyte that compresses to a third.
std::string Prose() {
  std::string text;
  for (int i = 0; text.size() < 500'000; ++i) text += std::to_string(i * 7919) + ", ";
  return text;
}

// Read() and ReadHead() of the only entry both say so.
void ExpectVerdict(const Archive& archive, absl::StatusCode code) {
  EXPECT_EQ(archive.Verdict(0).code(), code);
  EXPECT_EQ(archive.Read(0, kPlenty).status().code(), code);
  EXPECT_EQ(archive.ReadHead(0, 10).status().code(), code);
  EXPECT_EQ(archive.StoredData(0).status().code(), code);
}

TEST(ArchiveKindTest, KnowsArchivesByTheirBeginning) {
  const auto sniff = [](const std::string& head) { return SniffArchive(AsBytes(head)); };
  EXPECT_EQ(sniff(ZipOf({{.name = "a"}})), ArchiveKind::kZip);
  EXPECT_EQ(sniff(BuildZip(ZipParts{})), ArchiveKind::kZip);
  EXPECT_EQ(sniff("PK\7\10PK\3\4"), ArchiveKind::kZip);
  EXPECT_EQ(sniff("Rar!\x1A\7\0\xCF"s), ArchiveKind::kRar);
  EXPECT_EQ(sniff("Rar!\x1A\7\1\0"s), ArchiveKind::kRar5);
  EXPECT_EQ(sniff("7z\xBC\xAF\x27\x1C"), ArchiveKind::k7z);
  EXPECT_EQ(sniff(std::string(257, 'x') + "ustar\0"s), ArchiveKind::kTar);
  for (const std::string& other : {""s, "P"s, "PK"s, "Rar!"s, "%PDF-1.4"s, std::string(257, 'x'),
                                   std::string(257, 'x') + "usta"}) {
    EXPECT_EQ(sniff(other), ArchiveKind::kOther) << other;
  }
}

TEST(ArchiveTest, WhatIsNoZipSaysWhatItIs) {
  // An archive that holds a ZIP as it is must not be read as that ZIP.
  const std::string zip = ZipOf({{.name = "a.jpg", .data = "x"}});
  EXPECT_EQ(OpenStatus("Rar!\x1A\7\0"s + zip),
            absl::InvalidArgumentError("a RAR archive, not a ZIP archive"));
  EXPECT_EQ(OpenStatus("Rar!\x1A\7\1\0"s + zip),
            absl::InvalidArgumentError("a RAR archive, not a ZIP archive"));
  EXPECT_EQ(OpenStatus("7z\xBC\xAF\x27\x1C" + zip),
            absl::InvalidArgumentError("a 7z archive, not a ZIP archive"));
  EXPECT_EQ(OpenStatus(""), absl::InvalidArgumentError("no ZIP, RAR, 7z or tar archive"));
  EXPECT_EQ(OpenStatus(std::string(100'000, 'x')),
            absl::InvalidArgumentError("no ZIP, RAR, 7z or tar archive"));
  EXPECT_EQ(OpenStatus(zip.substr(0, zip.size() - 1)),
            absl::InvalidArgumentError("a ZIP archive without its end"));
}

TEST(ArchiveTest, ReadsStoredAndDeflatedEntries) {
  const std::string prose = Prose();
  const Opened opened = Open({{.name = "a", .data = prose},
                              {.name = "b", .data = prose, .method = 8},
                              {.name = "c", .data = prose, .method = 8, .zip64 = true},
                              {.name = "d", .method = 8},
                              {.name = "e"}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(opened.archive->Verdict(i).ok());
    EXPECT_EQ(opened.archive->Read(i, prose.size()).value_or("?"), prose);
    EXPECT_EQ(opened.archive->ReadHead(i, 10'000).value_or("?"), prose.substr(0, 10'000));
    EXPECT_EQ(opened.archive->ReadHead(i, SIZE_MAX).value_or("?"), prose);
    EXPECT_EQ(opened.archive->ReadHead(i, 0).value_or("?"), "");
    EXPECT_TRUE(absl::IsResourceExhausted(opened.archive->Read(i, prose.size() - 1).status()));
  }
  for (int i = 3; i < 5; ++i) {
    EXPECT_EQ(opened.archive->Read(i, 0).value_or("?"), "");
    EXPECT_EQ(opened.archive->ReadHead(i, 10).value_or("?"), "");
  }
  EXPECT_TRUE(absl::IsInvalidArgument(opened.archive->Read(5, 1).status()));
}

TEST(ArchiveTest, StoredDataAreNotCopied) {
  const Opened opened = Open({{.name = "a", .data = "hello"}, {.name = "b", .method = 8}});
  const absl::StatusOr<absl::Span<const uint8_t>> data = opened.archive->StoredData(0);
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(reinterpret_cast<const char*>(data->data()), opened.zip.data() + 31);
  EXPECT_EQ(data->size(), 5u);
  EXPECT_EQ(opened.archive->StoredData(1).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ArchiveTest, EncryptedEntriesAreTold) {
  ExpectVerdict(*Open({{.name = "a", .data = "x", .flags = 1}}).archive,
                absl::StatusCode::kPermissionDenied);
  ExpectVerdict(*Open({{.name = "a", .flags = 0x40}}).archive, absl::StatusCode::kPermissionDenied);
  ExpectVerdict(*Open({{.name = "a", .method = 99, .coded = "x"}}).archive,
                absl::StatusCode::kPermissionDenied);
}

TEST(ArchiveTest, UnknownMethodsAreTold) {
  ExpectVerdict(*Open({{.name = "a", .method = 77, .coded = "x"}}).archive,
                absl::StatusCode::kUnimplemented);
  const Opened opened = Open({{.name = "a", .method = 9, .coded = "x"}});
  EXPECT_EQ(opened.archive->Verdict(0),
            absl::UnimplementedError("compressed with Deflate64, which cannot be read"));
}

TEST(ArchiveTest, FaultsAreVerdicts) {
  ExpectVerdict(*Open({{.name = "a", .data = "x", .local_name = "b"}}).archive,
                absl::StatusCode::kDataLoss);
  ExpectVerdict(*OpenZip(testing::QuotedOverlapBomb(3, std::string(1000, 'a'))).archive,
                absl::StatusCode::kDataLoss);
  // A stored entry of two lengths.
  ExpectVerdict(*Open({{.name = "a", .data = "x", .bytes = 2}}).archive,
                absl::StatusCode::kDataLoss);
}

TEST(ArchiveTest, DataThatAreNotAsDeclaredAreLost) {
  const std::string prose = Prose();
  const auto read = [](ZipItem item) {
    return Open({std::move(item)}).archive->Read(0, kPlenty).status();
  };
  for (const uint16_t method : {0, 8}) {
    SCOPED_TRACE(method);
    EXPECT_EQ(read({.name = "a", .data = prose, .method = method, .crc = 1}),
              absl::DataLossError("its data do not have the declared check sum"));
  }
  // Shorter and longer than declared, by little and by much.
  for (const int64_t more : {1, 100'000, -1, -100'000}) {
    SCOPED_TRACE(more);
    const absl::Status status =
        read({.name = "a", .data = prose, .method = 8, .bytes = prose.size() + more});
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  }
  EXPECT_TRUE(absl::IsDataLoss(read({.name = "a", .data = prose, .method = 8, .bytes = 0})));
  std::string cut = Deflate(prose);
  cut.resize(cut.size() / 2);
  EXPECT_TRUE(absl::IsDataLoss(read({.name = "a", .data = prose, .method = 8, .coded = cut})));
  EXPECT_TRUE(absl::IsDataLoss(read({.name = "a", .data = prose, .method = 8, .coded = ""})));
  EXPECT_TRUE(
      absl::IsDataLoss(read({.name = "a", .data = prose, .method = 8, .coded = "\xFF\xFF"})));
  // Nothing in no bytes, of which libzip compares no check sum.
  EXPECT_EQ(read({.name = "a", .method = 8, .coded = "", .crc = 1}),
            absl::DataLossError("its data do not have the declared check sum"));
  EXPECT_TRUE(read({.name = "a", .method = 8, .coded = "", .crc = 0}).ok());
}

TEST(ArchiveTest, AHeadIsHadOfDataThatBreakLater) {
  const std::string prose = Prose();
  std::string cut = Deflate(prose);
  cut.resize(cut.size() / 2);
  const Opened opened = Open({{.name = "a", .data = prose, .method = 8, .coded = cut, .crc = 1}});
  EXPECT_EQ(opened.archive->ReadHead(0, 65'536).value_or("?"), prose.substr(0, 65'536));
  const std::string all = opened.archive->ReadHead(0, SIZE_MAX).value_or("?");
  EXPECT_GT(all.size(), prose.size() / 4);
  EXPECT_EQ(all, prose.substr(0, all.size()));
  EXPECT_FALSE(Open({{.name = "a", .data = prose, .method = 8, .coded = "\xFF\xFF"}})
                   .archive->ReadHead(0, 10)
                   .ok());
}

// A gigabyte of zeros in a few megabytes.
TEST(ArchiveTest, BombsAreStoppedByTheDeclaredAndTheRealSize) {
  const std::string bomb = Deflate(std::string(1 << 20, '\0'), 1 << 10);
  const auto item = [&bomb](uint64_t bytes) {
    return ZipItem{.name = "a.jpg", .method = 8, .coded = bomb, .crc = 1, .bytes = bytes};
  };
  // Only what is declared is decoded, so the lie is found at its end.
  const Opened small = Open({item(1000)});
  EXPECT_EQ(small.archive->Read(0, kPlenty).status(),
            absl::DataLossError("its data are longer than declared"));
  const Opened honest = Open({item(1 << 30)});
  EXPECT_TRUE(absl::IsResourceExhausted(honest.archive->Read(0, kPlenty).status()));
  EXPECT_EQ(honest.archive->ReadHead(0, 65'536).value_or("?"), std::string(65'536, '\0'));
  // Over all limits of a string.
  ZipItem vast = item(uint64_t{1} << 62);
  vast.zip64 = true;
  const Opened endless = Open({vast});
  EXPECT_TRUE(absl::IsResourceExhausted(endless.archive->Read(0, UINT64_MAX).status()));
  EXPECT_EQ(endless.archive->ReadHead(0, 10).value_or("?"), std::string(10, '\0'));
}

TEST(ArchiveTest, AnEmptyArchiveHasNoMembers) {
  EXPECT_THAT(Names(*OpenZip(BuildZip(ZipParts{})).archive), IsEmpty());
}

TEST(ArchiveTest, RubbishAndFoldersAreDropped) {
  const Opened opened = Open({{.name = "Book/"},
                              {.name = "Book/1.jpg"},
                              {.name = "Book/ComicInfo.xml"},
                              {.name = "__MACOSX/Book/._1.jpg"},
                              {.name = "__MACOSX/x.jpg"},
                              {.name = "Book/._2.jpg"},
                              {.name = "._dir/2.jpg"},
                              {.name = "Book/Thumbs.db"},
                              {.name = "Book/.DS_Store"},
                              {.name = "release.NFO"},
                              {.name = "release.sfv"},
                              {.name = "dos\\", .made_by = testing::kMadeByDos},
                              {.name = "dosdir", .made_by = testing::kMadeByDos, .attributes = 16},
                              {.name = "unixdir", .attributes = 0040755u << 16},
                              {.name = "Book/nfo"}});
  EXPECT_THAT(Names(*opened.archive), ElementsAre("1.jpg", "ComicInfo.xml!", "nfo!"));
  static const auto& charsets = *LegacyCharsets::Load()->release();
  const std::vector<Archive::Member> members = opened.archive->Members(charsets, IsJpeg);
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[1].index, 2u);
  EXPECT_EQ(opened.archive->entries()[members[1].index].name, "Book/ComicInfo.xml");
}

TEST(ArchiveTest, EveryMemberHasASafeNameOfItsOwn) {
  const uint16_t dos = testing::kMadeByDos;
  const Opened opened = Open({{.name = "../../etc/passwd"},
                              {.name = "/abs.jpg"},
                              {.name = "C:\\x.jpg", .made_by = dos},
                              {.name = "..\\..\\x.jpg", .made_by = dos},
                              {.name = "CON.jpg"},
                              {.name = "a/../../b.jpg"},
                              {.name = "nul\0and\nline.jpg"s},
                              {.name = "a"},
                              {.name = "Caf\x82.jpg"},
                              {.name = ".."}});
  EXPECT_THAT(Names(*opened.archive),
              ElementsAre("etc/passwd!", "abs.jpg", "x.jpg", "x ~2.jpg", "_CON.jpg", "a/b.jpg",
                          "nul_and_line.jpg", "a ~2!", "Café.jpg", "_!"));
  EXPECT_THAT(opened.archive->notes(), IsEmpty());
}

TEST(ArchiveTest, DuplicatesAreKeptAndTold) {
  const Opened opened = Open({{.name = "a.jpg", .data = "1"}, {.name = "a.jpg", .data = "2"}});
  EXPECT_THAT(Names(*opened.archive), ElementsAre("a.jpg", "a ~2.jpg"));
  EXPECT_EQ(opened.archive->Read(1, 10).value_or("?"), "2");
  EXPECT_THAT(opened.archive->notes(), ElementsAre(HasSubstr("name of an earlier one")));
}

TEST(ArchiveTest, ADocumentEntrySaysWhatTheDirectorySays) {
  const Opened opened = Open({{.name = "a/b.jpg", .data = "hello", .flags = 8}});
  const ZipDirectoryEntry& entry = opened.archive->entries()[0];
  const ArchiveEntry expected{.name = "b.jpg",
                              .index = 4,
                              .method = 0,
                              .flags = 8,
                              .dos_time = 0x58216000,
                              .crc = testing::Crc("hello"),
                              .bytes = 5};
  EXPECT_EQ(ToDocumentEntry(entry, 4, "b.jpg"), expected);
  ZipDirectoryEntry aes = entry;
  aes.aes_extra = "extra";
  EXPECT_EQ(ToDocumentEntry(aes, 4, "b.jpg").extra, "extra");
}

}  // namespace
}  // namespace cbzfs
