// Opening: what is a document, how many pages it has, what it is called; and the documents of the
// corpus, where there is one.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
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

TEST(PageCount, MaxPagesCutsTheTable) {
  const auto document = AnalyseBytes(Pages(12), {.max_pages = 5});
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->pages.size(), 5u);
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
  EXPECT_EQ(document->info.title, "Äbc \xF0\x9F\x98\x80");
  EXPECT_EQ(document->info.author, "Ann é");
}

TEST(Metadata, ControlCharactersAndLengthAreTamed) {
  const auto document = AnalyseBytes(WithInfo(
      absl::StrCat("/Title (  a\\nb\\000c\\177 ) /Author (", std::string(5000, 'x'), ")")));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->info.title.substr(0, 3), "a b");
  EXPECT_EQ(document->info.title.find_first_of("\n\x7F"), std::string::npos);
  EXPECT_EQ(document->info.author.size(), 1024u);
}

TEST(Metadata, NoneIsEmpty) {
  const auto document = AnalyseBytes(Pages(1, "", "/Info 77 0 R"));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->info, DocumentInfo());
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
