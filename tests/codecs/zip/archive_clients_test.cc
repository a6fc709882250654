// What real programs make of an enhanced archive: entries copied from archives that real programs
// made (deflated, stored, with data descriptors, encrypted, with Japanese names) among JPEGs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/codecs/zip/archive_book.h"
#include "tests/codecs/zip/jpeg_sample.h"
#include "tests/codecs/zip/tool.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using testing::DecodeJpeg;
using testing::EnhancedArchive;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ReadFile;
using testing::RunTool;
using testing::ScratchDir;
using testing::ToolResult;
using testing::VirtualBook;
using testing::WriteFile;

constexpr char kText[] = "A text that deflates, a text that deflates, a text that deflates.";
const std::string kJapanese = "\u7b2c1\u5dfb/\u8868\u7d19";  // volume 1, cover

class ArchiveClientsTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  ArchiveClientsTest() {
    std::filesystem::create_directories(Old("") + "/\u7b2c1\u5dfb");
    WriteOld("a.png", "an image, as far as the enhanced view is concerned");
    WriteOld("a.jpg", "another");
    WriteOld("ComicInfo.xml", "<?xml version=\"1.0\"?><ComicInfo/>");
    WriteOld(kJapanese + ".png", "one more");
    WriteOld(kJapanese + ".txt", kText);
    WriteOld("empty", "");
    WriteOld("long.txt", std::string(100'000, 'x') + kText);
    WriteOld("z.png", "the last");
    WriteOld("z.txt", kText);
  }

  std::string Old(const std::string& name) const { return scratch_.Path("old") + "/" + name; }
  std::string OldZip() const { return scratch_.Path("old.zip"); }
  std::string NewZip() const { return scratch_.Path("new.cbz"); }
  void WriteOld(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(Old(name)).parent_path());
    WriteFile(Old(name), bytes);
  }

  // `command` makes OldZip() from the files, in the folder where they are.
  void Pack(const std::string& package, const std::string& command) {
    const ToolResult made = RunTool(package, command);
    ASSERT_EQ(made.status, 0) << made.output;
    book_.emplace(EnhancedArchive(ReadFile(OldZip()), {.guard = GetParam()}));
    WriteFile(NewZip(), book_->ReadAll());
  }

  // Python's archive, with the UTF-8 flag where it is due.
  void PackWithPython(const std::string& method) {
    Pack("python3",
         "python3 -c \"import sys, zipfile, os; os.chdir(sys.argv[2]); z = "
         "zipfile.ZipFile(sys.argv[1], 'w', zipfile." +
             method +
             "); "
             "[z.write(n) for n in sys.argv[3:]]; z.close()\" " +
             OldZip() + " " + Old("") + " a.png ComicInfo.xml a.jpg " + kJapanese + ".txt " +
             kJapanese + ".png empty long.txt z.png z.txt");
  }

  void ExpectFine(const std::string& package, const std::string& command) const {
    const ToolResult result = RunTool(package, command);
    EXPECT_EQ(result.status, 0) << command << "\n" << result.output;
    EXPECT_THAT(result.output, Not(HasSubstr("arning"))) << command;
  }

  // Programs that read all of it and compare every CRC. `handed_on` counts the raw entries.
  void ExpectToolsAccept(int handed_on) const {
    ExpectFine("unzip", "unzip -tqq " + NewZip());
    ExpectFine("zip", "zip -T " + NewZip());
    ExpectFine("p7zip-full", "7z t " + NewZip());
    ExpectFine("libarchive-tools", "bsdtar -xOf " + NewZip() + " > /dev/null");
    ExpectFine("libarchive-tools", "bsdtar -xOf - < " + NewZip() + " > /dev/null");
    ExpectFine("zipcmp", "zipcmp -t " + NewZip() + " " + NewZip());
    ExpectHandedOn(handed_on, "");
  }

  void ExpectHandedOn(int count, const std::string& password) const {
    const ToolResult result = RunTool("python3", "python3 " CBZFS_TEST_DATA "/check_archive.py " +
                                                     NewZip() + " " + OldZip() + " " + password);
    EXPECT_EQ(result.output, std::to_string(count) + " handed on\n");
  }

  // What `command` unpacks into the folder that is appended to it: pages as the layout has them,
  // all else as it was packed.
  void ExpectUnpacks(const std::string& package, const std::string& command) const {
    const std::string folder = scratch_.Path("unpacked");
    std::filesystem::create_directory(folder);
    const ToolResult result = RunTool(package, command + folder);
    EXPECT_EQ(result.status, 0) << command << "\n" << result.output;
    for (uint32_t page = 0; page < book_->layout().page_count(); ++page) {
      const std::string name = book_->layout().PageName(page);
      const std::string bytes = ReadFile(folder + "/" + name);
      if (book_->layout().document().pages[page].kind == PageKind::kRaw) {
        EXPECT_TRUE(bytes == ReadFile(Old(name))) << command << " " << name;
      } else {
        EXPECT_TRUE(bytes == book_->PageData(page)) << command << " " << name;
        EXPECT_TRUE(DecodeJpeg(bytes).ok) << name;
      }
    }
    std::filesystem::remove_all(folder);
  }

  const ScratchDir scratch_;
  mutable std::optional<VirtualBook> book_;
};

TEST_P(ArchiveClientsTest, EntriesOfEveryMethodAreHandedOn) {
  for (const char* method : {"ZIP_DEFLATED", "ZIP_STORED", "ZIP_BZIP2"}) {
    PackWithPython(method);
    ExpectToolsAccept(5);
    ExpectUnpacks("unzip", "unzip -qq " + NewZip() + " -d ");
    ExpectUnpacks("libarchive-tools", "bsdtar -xf " + NewZip() + " -C ");
    ExpectUnpacks("p7zip-full", "7z x " + NewZip() + " -o");
  }
}

TEST_P(ArchiveClientsTest, LzmaIsHandedOn) {
  PackWithPython("ZIP_LZMA");  // unzip cannot read it, nor could it the old one
  ExpectHandedOn(5, "");
  ExpectUnpacks("libarchive-tools", "bsdtar -xf " + NewZip() + " -C ");
  ExpectUnpacks("p7zip-full", "7z x " + NewZip() + " -o");
}

TEST_P(ArchiveClientsTest, PagesHaveTheNamesOfTheArchive) {
  PackWithPython("ZIP_DEFLATED");
  const ToolResult list = RunTool("unzip", "unzip -Z1 " + NewZip());
  EXPECT_EQ(list.output, "a.png.jpg\nComicInfo.xml\na.jpg\n" + kJapanese + ".txt\n" + kJapanese +
                             ".jpg\nempty\nlong.txt\nz.jpg\nz.txt\n");
}

TEST_P(ArchiveClientsTest, AStreamedEntryLosesItsDataDescriptor) {
  Pack("zip", "cd " + Old("") + " && zip -q - a.png z.txt long.txt z.png | cat > " + OldZip());
  ASSERT_EQ(testing::ReadRealArchive(ReadFile(OldZip())).entries[1].flags & 8, 8);
  EXPECT_EQ(testing::ReadRealArchive(ReadFile(NewZip())).entries[1].flags & 8, 0);
  ExpectToolsAccept(2);
}

TEST_P(ArchiveClientsTest, EncryptedEntriesOpenWithTheirPassword) {
  // Info-ZIP's have bit 3, so the password is checked by the time; 7-Zip's have not.
  const std::pair<const char*, std::string> packers[] = {
      {"zip", "cd " + Old("") + " && zip -q -P secret " + OldZip() + " z.txt long.txt empty"},
      {"p7zip-full",
       "cd " + Old("") + " && 7z a -tzip -mem=ZipCrypto -psecret " + OldZip() + " z.txt long.txt"}};
  int handed_on = 3;
  for (const auto& [package, command] : packers) {
    std::filesystem::remove(OldZip());
    Pack(package, command + " && zip -q " + OldZip() + " a.png z.png");
    EXPECT_EQ(book_->layout().document().entries[0].flags & 1, 1);
    ExpectFine("unzip", "unzip -tqq -P secret " + NewZip());
    ExpectFine("p7zip-full", "7z t -psecret " + NewZip());
    ExpectFine("libarchive-tools",
               "bsdtar --passphrase secret -xOf - < " + NewZip() + " > /dev/null");
    ExpectHandedOn(handed_on, "secret");
    ExpectUnpacks("unzip", "unzip -qq -P secret " + NewZip() + " -d ");
    ExpectUnpacks("p7zip-full", "7z x -psecret " + NewZip() + " -o");
    ExpectUnpacks("libarchive-tools", "bsdtar --passphrase secret -xf " + NewZip() + " -C ");
    EXPECT_NE(RunTool("unzip", "unzip -tqq -P wrong " + NewZip()).status, 0);
    EXPECT_NE(RunTool("p7zip-full", "7z t -pwrong " + NewZip()).status, 0);
    const ToolResult text =
        RunTool("ziptool", "ziptool " + NewZip() + " set_password secret cat 0");
    EXPECT_THAT(text.output, HasSubstr(kText));
    handed_on = 2;
  }
}

TEST_P(ArchiveClientsTest, AesOpensWithItsPassword) {
  Pack("p7zip-full", "cd " + Old("") + " && 7z a -tzip -mem=AES256 -psecret " + OldZip() +
                         " z.txt long.txt && zip -q " + OldZip() + " a.png z.png");
  const testing::RealArchive archive = testing::ReadRealArchive(ReadFile(NewZip()));
  ASSERT_EQ(archive.entries[0].method, 99);
  ExpectFine("p7zip-full", "7z t -psecret " + NewZip());
  ExpectUnpacks("p7zip-full", "7z x -psecret " + NewZip() + " -o");
  ExpectUnpacks("libarchive-tools", "bsdtar --passphrase secret -xf " + NewZip() + " -C ");
  EXPECT_NE(RunTool("p7zip-full", "7z t -pwrong " + NewZip()).status, 0);
  ExpectHandedOn(2, "");
}

TEST_P(ArchiveClientsTest, AWrongByteInACopyWouldBeNoticed) {
  PackWithPython("ZIP_DEFLATED");
  std::string all = ReadFile(NewZip());
  all[book_->layout().PageDataOffset(6) + 20] ^= 1;
  WriteFile(NewZip(), all);
  EXPECT_NE(RunTool("unzip", "unzip -tqq " + NewZip()).status, 0);
  EXPECT_NE(RunTool("python3",
                    "python3 " CBZFS_TEST_DATA "/check_archive.py " + NewZip() + " " + OldZip())
                .status,
            0);
}

INSTANTIATE_TEST_SUITE_P(AllGuards, ArchiveClientsTest, ::testing::Values(0u, 4096u, 65536u));

}  // namespace
}  // namespace cbzfs
