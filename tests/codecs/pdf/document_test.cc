// Opening: what is a document, how many pages it has, what it is called; and the documents of the
// corpus, where there is one.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "codecs/document/utf8.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using namespace testing;  // NOLINT

std::string Pages(int n, const std::string& count = "", const std::string& trailer = "") {
  PdfWriter pdf;
  for (int i = 0; i < n; ++i) pdf.AddPage({.content = "0 0 9 9 re f"});
  pdf.count = count;
  pdf.trailer_entries = trailer;
  return pdf.Finish();
}

std::string WithInfo(const std::string& info) {
  PdfWriter pdf;
  const int number = pdf.Add(absl::StrCat("<< ", info, " >>"));
  pdf.AddPage({.content = ""});
  pdf.trailer_entries = absl::StrCat("/Info ", number, " 0 R");
  return pdf.Finish();
}

TEST(PdfOpen, OtherBytesAreRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("%PDF-1.4"), std::string(100'000, 'x'), std::string("%PDF-")}) {
    const auto pdf = OpenBytes(bytes);
    ASSERT_FALSE(pdf.ok());
    EXPECT_TRUE(absl::IsInvalidArgument(pdf.status()) || absl::IsNotFound(pdf.status()))
        << pdf.status();
    EXPECT_LE(pdf.status().message().size(), 300u);
  }
}

TEST(PdfOpen, ADamagedTableIsRepaired) {
  std::string bytes = Pages(3);
  bytes.replace(bytes.find("startxref\n") + 10, 3, "999");
  const auto document = AnalyseBytes(bytes);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->pages.size(), 3u);
}

TEST(PdfOpen, HalfAFileStillHasItsFirstPages) {
  const std::string bytes = Pages(40);
  const auto pdf = OpenBytes(bytes.substr(0, bytes.size() / 2));
  if (pdf.ok()) {
    EXPECT_GE((*pdf)->page_count(), 1u);
    EXPECT_LE((*pdf)->page_count(), 40u);
  }
}

TEST(PdfOpen, MessagesAreOneLineOfText) {
  EXPECT_EQ(OpenBytes(Pages(0, "0")).status().code(), absl::StatusCode::kNotFound);
  const std::string message(OpenBytes(std::string(300, '\x9b')).status().message());
  EXPECT_TRUE(IsValidUtf8(message));
  EXPECT_TRUE(std::none_of(message.begin(), message.end(),
                           [](char c) { return static_cast<uint8_t>(c) < 32 || c == 127; }));
}

TEST(PageCount, ATooHighCountIsBoundedByTheObjects) {
  const std::string bytes = Pages(2, "1410065407");
  const auto pdf = OpenBytes(bytes);
  ASSERT_TRUE(pdf.ok()) << pdf.status();
  EXPECT_LE((*pdf)->page_count(), 6u);  // what the table has room for
  const auto document = (*pdf)->Analyse({});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->pages.size(), 2u);  // what is there
}

TEST(PageCount, NegativeAndZeroCountsAreNoPages) {
  for (const char* count : {"-3", "0", "(text)", "null"}) {
    const auto pdf = OpenBytes(Pages(2, count));
    EXPECT_TRUE(absl::IsNotFound(pdf.status())) << count << pdf.status();
  }
}

TEST(PageCount, MoreThanMaxPagesIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(AnalyseBytes(Pages(12), {.max_pages = 11}).status()));
  EXPECT_TRUE(AnalyseBytes(Pages(12), {.max_pages = 12}).ok());
}

TEST(PageTree, InnerNodesThatLieAboutTheirCountHideNothing) {
  PdfWriter pdf;
  std::string kids;
  std::vector<int> pages;
  for (int i = 1; i <= 6; ++i) {
    pages.push_back(pdf.AddPage({.content = "", .media_box = absl::StrCat("0 0 ", 10 * i, " 10")}));
  }
  const auto node = [&](const std::string& of, int count) {
    return pdf.Add(
        absl::StrCat("<< /Type /Pages /Parent 2 0 R /Kids [", of, "] /Count ", count, " >>"));
  };
  const auto ref = [](int number) { return absl::StrCat(number, " 0 R "); };
  const int first = node(ref(pages[0]) + ref(pages[1]), 4);
  const int second = node(ref(pages[2]) + ref(pages[3]) + ref(pages[4]), 1);
  pdf.kids = ref(first) + ref(second) + "null 999 0 R " + ref(pages[5]);
  const auto document = AnalyseBytes(pdf.Finish(), {.dpi = 72});
  ASSERT_TRUE(document.ok()) << document.status();
  std::vector<uint32_t> widths;
  for (const Page& page : document->pages) widths.push_back(page.width);
  EXPECT_THAT(widths, ::testing::ElementsAre(10, 20, 30, 40, 50, 60));
}

TEST(PageTree, CyclesAndSharedBranchesEnd) {
  PdfWriter pdf;
  const int page = pdf.AddPage({.content = ""});
  int below = pdf.Add(absl::StrCat("<< /Type /Pages /Count 1 /Kids [2 0 R ", page, " 0 R] >>"));
  for (int i = 0; i < 40; ++i) {
    below = pdf.Add(
        absl::StrCat("<< /Type /Pages /Count 9 /Kids [", below, " 0 R ", below, " 0 R 2 0 R] >>"));
  }
  pdf.kids = absl::StrCat(below, " 0 R");
  pdf.count = "1000000";
  const auto document = AnalyseBytes(pdf.Finish());
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_LE(document->pages.size(), 50u);  // as many as there are objects
}

TEST(PageTree, EmptyBranchesWithoutEndAreGivenUp) {
  PdfWriter pdf;
  pdf.AddPage({.content = ""});
  int below = pdf.Add("<< /Type /Pages /Count 0 /Kids [] >>");
  for (int i = 0; i < 50; ++i) {
    below = pdf.Add(absl::StrCat("<< /Type /Pages /Kids [", below, " 0 R ", below, " 0 R] >>"));
  }
  pdf.kids = absl::StrCat(below, " 0 R");
  EXPECT_TRUE(absl::IsNotFound(AnalyseBytes(pdf.Finish()).status()));
}

TEST(Metadata, TitleAndAuthorAreReadInEitherEncoding) {
  const auto document =
      AnalyseBytes(WithInfo("/Title <FEFF00C4006200630020D83DDE00> /Author (Ann \\351)"));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->info.Get(ComicField::kTitle), "Äbc \xF0\x9F\x98\x80");
  EXPECT_EQ(document->info.Get(ComicField::kWriter), "Ann é");
}

TEST(Metadata, ControlCharactersAndLengthAreTamed) {
  const auto document = AnalyseBytes(WithInfo(
      absl::StrCat("/Title (  a\\nb\\000c\\177 ) /Author (", std::string(5000, 'x'), ")")));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->info.Get(ComicField::kTitle).substr(0, 3), "a b");
  EXPECT_EQ(document->info.Get(ComicField::kTitle).find_first_of("\n\x7F"),
            std::string_view::npos);
  EXPECT_EQ(document->info.Get(ComicField::kWriter).size(), 1024u);
}

TEST(Metadata, NoneIsEmpty) {
  const auto document = AnalyseBytes(Pages(1, "", "/Info 77 0 R"));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->info, Metadata());
}

// The three ways through this room, each of which must end in a result or a status.
void Exercise(const std::string& bytes) {
  const auto pdf = OpenBytes(bytes);
  if (!pdf.ok()) return;
  const AnalyseOptions options = {.dpi = 20, .max_pages = 4};
  const auto document = (*pdf)->Analyse(options);
  if (!document.ok()) return;
  for (size_t i = 0; i < document->pages.size(); ++i) {
    const Page& page = document->pages[i];
    if (page.kind == PageKind::kOriginal) {
      ASSERT_LE(page.source_offset + page.source_bytes, bytes.size());
      ASSERT_LE(page.insert_at, page.source_bytes);
    } else if (uint64_t{page.width} * page.height < 1'000'000) {
      const auto jpeg =
          (*pdf)->Produce(static_cast<uint32_t>(i), page, options, page.payload_bytes);
      if (jpeg.ok()) {
        ASSERT_LE(jpeg->payload.size(), page.payload_bytes);
      }
    }
  }
}

TEST(Damage, NeverCrashes) {
  PdfWriter pdf;
  const int icc = pdf.AddStream("/N 3", MakeProfile("RGB "));
  const int image = pdf.AddJpeg(MakeJpeg({.width = 64, .height = 32}), 64, 32,
                                absl::StrCat("/ColorSpace [/ICCBased ", icc, " 0 R]"));
  pdf.AddScan(image, 64, 32, "0 0 64 32 re W n");
  pdf.AddPage(
      {.content = "q 20 0 0 20 5 5 cm /Im0 Do Q BT /F1 9 Tf (text) Tj ET 1 0 0 rg 9 9 5 5 re f",
       .resources = absl::StrCat("/XObject << /Im0 ", image,
                                 " 0 R >> /Font << /F1 << /Type "
                                 "/Font /Subtype /Type1 /BaseFont /Courier >> >>"),
       .media_box = "0 0 64 64",
       .entries = "/Annots [<< /Subtype /Square /Rect [1 1 9 9] >>]"});
  const std::string whole = pdf.Finish();
  std::mt19937 random(11);
  for (int round = 0; round < 600; ++round) {
    std::string bytes = whole;
    for (uint32_t i = 0; i < 1 + random() % 12; ++i) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = "0123456789 /<>[]()R"[random() % 19];
          break;
        case 2:
          bytes.erase(at, random() % 40);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 60));
      }
    }
    ASSERT_NO_FATAL_FAILURE(Exercise(bytes)) << "round " << round;
  }
}

// Opens, analyses and draws the first page of everything in the corpus; documents there may fail,
// but only in the ways that pdf.h names.
TEST(Corpus, EveryDocumentEndsInOneOfTheNamedWays) {
  const std::filesystem::path corpus = CBZFS_CORPUS;
  if (!std::filesystem::exists(corpus)) {
    std::cerr << "**** NOT TESTED: there is no corpus at " << corpus << " ****\n";
    GTEST_SKIP() << "no corpus at " << corpus;
  }
  std::map<std::string, int> outcomes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
    if (entry.path().extension() != ".pdf") continue;
    const std::string bytes = ReadFile(entry.path());
    const AnalyseOptions options = {.dpi = 72};
    const auto document = AnalyseBytes(bytes, options);
    if (!document.ok()) {
      ++outcomes[absl::StrCat("not opened: ", absl::StatusCodeToString(document.status().code()))];
      EXPECT_THAT(document.status().code(), ::testing::AnyOf(absl::StatusCode::kInvalidArgument,
                                                             absl::StatusCode::kPermissionDenied,
                                                             absl::StatusCode::kNotFound))
          << entry.path() << document.status();
      continue;
    }
    const Page& page = document->pages[0];
    if (page.kind == PageKind::kOriginal) {
      ++outcomes["first page original"];
      EXPECT_GT(ReadJpeg(OriginalBytes(*document, page, bytes) + "\xFF\xD9").width, 0);
      continue;
    }
    const auto jpeg = ProducePage(bytes, 0, options);
    ++outcomes[jpeg.ok() ? "first page drawn" : "first page not drawn"];
    if (jpeg.ok()) {
      EXPECT_EQ(static_cast<uint32_t>(ReadJpeg(WholeJpeg(*jpeg)).width), page.width)
          << entry.path();
    }
  }
  for (const auto& [outcome, count] : outcomes) {
    std::cout << outcome << ": " << count << "\n";
    RecordProperty(outcome, count);
  }
  EXPECT_GT(outcomes["first page drawn"], 0);
  EXPECT_EQ(outcomes["first page not drawn"], 0);
}

}  // namespace
}  // namespace cbzfs
