// What real programs make of a virtual CBZ: the archive programs that a Debian system has, and a
// JPEG decoder on each page.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <tuple>

#include "tests/codecs/zip/jpeg_sample.h"
#include "tests/codecs/zip/tool.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs {
namespace {

using testing::DecodedJpeg;
using testing::DecodeJpeg;
using testing::JpegSampleOptions;
using testing::MakeJpeg;
using testing::RandomBook;
using testing::ReadFile;
using testing::RunTool;
using testing::ScratchDir;
using testing::ToolResult;
using testing::VirtualBook;
using testing::WriteFile;

constexpr size_t kMarkers = 2 + 18;  // SOI and APP0, which the layout makes itself

// Every kind of page, in turn: drawn, original, original with an insert, extracted; in colour and
// gray, baseline and progressive; with little and much room to spare.
struct JpegBook {
  VirtualBook::Parts parts;
  std::vector<std::string> jpegs;
};

JpegBook MakeJpegBook(const LayoutOptions& options) {
  JpegBook book;
  book.parts.options = options;
  book.parts.stem = "Straße & Co";
  book.parts.source = "%PDF-1.4 somewhere";
  // An APP2 segment as an ICC profile's would be; decoders skip it.
  book.parts.document.inserts = {std::string("\xFF\xE2\x00\x10", 4) + "NO_PROFILE_14b"};
  for (uint32_t i = 0; i < 16; ++i) {
    const JpegSampleOptions sample{.width = 90 + i * 7,
                                   .height = 80 + i * 3,
                                   .components = i % 3 == 0 ? 1 : 3,
                                   .progressive = i % 5 == 4};
    const std::string jpeg = MakeJpeg(sample, i);
    Page page{.width = sample.width, .height = sample.height, .dpi = 150};
    std::string payload;
    const uint32_t room = i < 8 ? i : i * 20'000;
    if (i % 4 == 1 || i % 4 == 2) {
      page.kind = PageKind::kOriginal;
      page.source_offset = book.parts.source.size();
      page.source_bytes = jpeg.size() - 2;
      page.insert = i % 4 == 2 ? 0 : -1;
      page.insert_at = i % 4 == 2 ? kMarkers : 0;
      book.parts.source += jpeg;
    } else {
      page.kind = i % 4 == 0 ? PageKind::kDrawn : PageKind::kExtracted;
      const size_t from = i % 4 == 0 ? kMarkers : 2;
      payload = jpeg.substr(from, jpeg.size() - from - 2);
      page.payload_bytes = static_cast<uint32_t>(payload.size()) + room;
    }
    book.parts.document.pages.push_back(page);
    book.parts.payloads.push_back(std::move(payload));
    book.jpegs.push_back(jpeg);
  }
  return book;
}

// `unzip -t` and its like: the whole archive, every CRC.
void ExpectToolsAccept(const std::string& cbz) {
  const std::pair<const char*, std::string> tools[] = {
      {"unzip", "unzip -tqq " + cbz},
      {"zip", "zip -T " + cbz},
      {"p7zip-full", "7z t " + cbz},
      {"libarchive-tools", "bsdtar -xOf " + cbz + " > /dev/null"},
      {"libarchive-tools", "bsdtar -xOf - < " + cbz + " > /dev/null"},
      {"zipcmp", "zipcmp -t " + cbz + " " + cbz},
      {"python3", "python3 " CBZFS_TEST_DATA "/check_zip.py " + cbz},
  };
  for (const auto& [package, command] : tools) {
    const ToolResult result = RunTool(package, command);
    EXPECT_EQ(result.status, 0) << command << "\n" << result.output;
    EXPECT_THAT(result.output, ::testing::Not(::testing::HasSubstr("arning"))) << command;
  }
}

class ZipClientsTest : public ::testing::TestWithParam<std::tuple<uint32_t, PageNames>> {
 protected:
  LayoutOptions options() const {
    return {.guard = std::get<0>(GetParam()), .names = std::get<1>(GetParam())};
  }
  const ScratchDir scratch_;
};

TEST_P(ZipClientsTest, ArchiveProgramsAcceptEveryKindOfPage) {
  VirtualBook book(MakeJpegBook(options()).parts);
  const std::string cbz = scratch_.Path("book.cbz");
  WriteFile(cbz, book.ReadAll());
  ExpectToolsAccept(cbz);
}

TEST_P(ZipClientsTest, ArchiveProgramsAcceptAnyBytesAndNames) {
  std::mt19937_64 random(11);
  for (const std::string stem : {"", "caf\u00e9", "bad \xff\xfe", "new\nline", "-rf * ;'\""}) {
    VirtualBook::Parts parts = RandomBook(random, 9, options());
    parts.stem = stem;
    parts.payloads.clear();
    VirtualBook book(std::move(parts));
    const std::string cbz = scratch_.Path("book.cbz");
    WriteFile(cbz, book.ReadAll());
    ExpectToolsAccept(cbz);
  }
}

TEST_P(ZipClientsTest, ExtractedPagesAreTheBytesOfTheLayout) {
  VirtualBook book(MakeJpegBook(options()).parts);
  const std::string cbz = scratch_.Path("book.cbz");
  WriteFile(cbz, book.ReadAll());
  const std::tuple<const char*, const char*, std::string> tools[] = {
      {"unzip", "unzip", "unzip -qq " + cbz + " -d "},
      {"libarchive-tools", "bsdtar", "bsdtar -xf " + cbz + " -C "},
      {"p7zip-full", "7z", "7z x " + cbz + " -o"},
  };
  for (const auto& [package, name, command] : tools) {
    const std::string folder = scratch_.Path(name);
    std::filesystem::create_directory(folder);
    const ToolResult result = RunTool(package, command + folder);
    ASSERT_EQ(result.status, 0) << result.output;
    for (uint32_t page = 0; page < book.layout().page_count(); ++page) {
      const std::string path = folder + "/" + book.layout().PageName(page);
      EXPECT_TRUE(ReadFile(path) == book.PageData(page)) << name << " " << path;
    }
    EXPECT_TRUE(std::filesystem::exists(folder + "/ComicInfo.xml"));
  }
}

TEST_P(ZipClientsTest, PagesDecodeToThePixelsOfTheUnpaddedJpeg) {
  const JpegBook jpegs = MakeJpegBook(options());
  VirtualBook book(jpegs.parts);
  for (uint32_t page = 0; page < book.layout().page_count(); ++page) {
    const DecodedJpeg expected = DecodeJpeg(jpegs.jpegs[page]);
    ASSERT_TRUE(expected.ok) << expected.error;
    const std::string data = book.PageData(page);
    EXPECT_GT(data.size(), jpegs.jpegs[page].size());
    const DecodedJpeg decoded = DecodeJpeg(data);
    EXPECT_TRUE(decoded.ok) << page << ": " << decoded.error;
    EXPECT_EQ(decoded.width, expected.width);
    EXPECT_EQ(decoded.height, expected.height);
    EXPECT_TRUE(decoded.pixels == expected.pixels) << page;
  }
}

TEST_P(ZipClientsTest, AWrongCrcWouldBeNoticed) {
  VirtualBook book(MakeJpegBook(options()).parts);
  std::string all = book.ReadAll();
  all[book.layout().PageDataOffset(3) + book.layout().PageDataBytes(3) - 3] ^= 1;
  const std::string cbz = scratch_.Path("book.cbz");
  WriteFile(cbz, all);
  EXPECT_NE(RunTool("unzip", "unzip -tqq " + cbz).status, 0);
  EXPECT_NE(RunTool("python3", "python3 " CBZFS_TEST_DATA "/check_zip.py " + cbz).status, 0);
}

INSTANTIATE_TEST_SUITE_P(AllLayouts, ZipClientsTest,
                         ::testing::Combine(::testing::Values(0u, 4096u, 65536u),
                                            ::testing::Values(PageNames::kNumber,
                                                              PageNames::kSeed)));

}  // namespace
}  // namespace cbzfs
