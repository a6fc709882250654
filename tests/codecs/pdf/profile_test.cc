// Colour profiles of original pages, and pages whose JPEG lies behind encryption.

#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codecs/pdf/pdf_testing.h"
#include "tests/support/pdf_writer.h"

namespace cbzfs {
namespace {

using namespace testing;  // NOLINT

constexpr int kWidth = 200;
constexpr int kHeight = 100;

std::string Scan(const std::string& jpeg) {
  PdfWriter pdf;
  pdf.AddScan(pdf.AddJpeg(jpeg, kWidth, kHeight), kWidth, kHeight);
  return pdf.Finish();
}

std::string WithProfile(const std::string& profile, int n, const std::string& jpeg, int pages = 1) {
  PdfWriter pdf;
  const int icc = pdf.AddStream(absl::StrCat("/N ", n), profile);
  for (int i = 0; i < pages; ++i) {
    const int image =
        pdf.AddJpeg(jpeg, kWidth, kHeight, absl::StrCat("/ColorSpace [/ICCBased ", icc, " 0 R]"));
    pdf.AddScan(image, kWidth, kHeight);
  }
  return pdf.Finish();
}

PageKind FirstKind(const std::string& pdf) {
  const auto document = AnalyseBytes(pdf);
  EXPECT_TRUE(document.ok()) << document.status();
  return document.ok() ? document->pages.at(0).kind : static_cast<PageKind>(99);
}

TEST(Profile, AProfileGoesIntoTheJpegOncePerDocument) {
  const std::string profile = MakeProfile("RGB ");
  const std::string jpeg = MakeJpeg({});
  const std::string bytes = WithProfile(profile, 3, jpeg, 3);
  const auto document = AnalyseBytes(bytes);
  ASSERT_TRUE(document.ok()) << document.status();
  ASSERT_EQ(document->inserts.size(), 1u);
  const std::string segment = std::string("\xFF\xE2\x02\x68ICC_PROFILE\0\x01\x01", 18) + profile;
  EXPECT_EQ(document->inserts[0], segment);
  for (const Page& page : document->pages) {
    EXPECT_EQ(page.kind, PageKind::kOriginal);
    EXPECT_EQ(page.insert, 0);
    EXPECT_EQ(page.insert_at, 20u);
    const std::string entry = OriginalBytes(*document, page, bytes) + "\xFF\xD9";
    EXPECT_EQ(ReadJpeg(entry).pixels, ReadJpeg(jpeg).pixels);
  }
}

TEST(Profile, ALongProfileIsSplit) {
  const std::string profile = MakeProfile("RGB ", 150'000);
  const auto document = AnalyseBytes(WithProfile(profile, 3, MakeJpeg({})));
  ASSERT_TRUE(document.ok());
  ASSERT_EQ(document->inserts.size(), 1u);
  EXPECT_EQ(document->inserts[0].size(), profile.size() + 3 * 18);
  EXPECT_EQ(document->inserts[0].substr(0, 18),
            std::string("\xFF\xE2\xFF\xFFICC_PROFILE\0\x01\x03", 18));
}

TEST(Profile, TheJpegsOwnProfileStays) {
  const std::string jpeg =
      WithSegment(MakeJpeg({}), 0xE2, std::string("ICC_PROFILE\0\1\1", 14) + MakeProfile("RGB "));
  const auto document = AnalyseBytes(WithProfile(MakeProfile("RGB "), 3, jpeg));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->pages[0].kind, PageKind::kOriginal);
  EXPECT_EQ(document->pages[0].insert, -1);
  EXPECT_TRUE(document->inserts.empty());
}

TEST(Profile, ProfilesThatDoNotFitAreDrawnAndBrokenOnesIgnored) {
  EXPECT_EQ(FirstKind(WithProfile(MakeProfile("Lab "), 3, MakeJpeg({}))), PageKind::kDrawn);
  EXPECT_EQ(FirstKind(WithProfile(MakeProfile("GRAY"), 3, MakeJpeg({}))), PageKind::kDrawn);
  EXPECT_EQ(FirstKind(WithProfile(MakeProfile("CMYK"), 4, MakeJpeg({.components = 4}))),
            PageKind::kDrawn);
  EXPECT_EQ(FirstKind(WithProfile(MakeProfile("RGB ", 5 << 20), 3, MakeJpeg({}))),
            PageKind::kDrawn);
  const auto broken = AnalyseBytes(WithProfile("not a profile", 3, MakeJpeg({})));
  ASSERT_TRUE(broken.ok());
  EXPECT_EQ(broken->pages[0].kind, PageKind::kOriginal);
  EXPECT_EQ(broken->pages[0].insert, -1);
}

// A copy of `pdf` that opens without a password but is encrypted all the same.
std::string Encrypted(const std::string& pdf, const std::string& method,
                      const std::string& user_password = "") {
  const std::string in = TempPath("plain.pdf");
  const std::string out = TempPath("secret.pdf");
  WriteFile(in, pdf);
  const std::string user = user_password.empty() ? "" : "-U " + user_password;
  EXPECT_TRUE(Run(absl::StrCat("mutool clean -E ", method, " -O owner ", user, " ", in, " ", out)));
  const std::string bytes = ReadFile(out);
  unlink(in.c_str());
  unlink(out.c_str());
  return bytes;
}

TEST(ExtractedPage, EncryptedStreamComesOutInTheClear) {
  const std::string jpeg = MakeJpeg({});
  for (const char* method : {"rc4-128", "aes-128", "aes-256"}) {
    const std::string bytes = Encrypted(Scan(jpeg), method);
    auto pdf = OpenBytes(bytes);
    ASSERT_TRUE(pdf.ok()) << method << pdf.status();
    const auto document = (*pdf)->Analyse({});
    ASSERT_TRUE(document.ok());
    const Page& page = document->pages[0];
    EXPECT_EQ(page.kind, PageKind::kExtracted) << method;
    EXPECT_EQ(page.width, 200u);
    EXPECT_GE(page.payload_bytes, jpeg.size() - 4);
    EXPECT_LE(page.payload_bytes, jpeg.size() + 32);
    const auto produced = (*pdf)->Produce(0, page, {}, page.payload_bytes);
    ASSERT_TRUE(produced.ok()) << produced.status();
    EXPECT_EQ(WholeJpeg(*produced), jpeg);
    EXPECT_EQ(produced->components, 3u);
    EXPECT_EQ((*pdf)->Produce(0, page, {}, 100).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(ExtractedPage, CarriesItsProfileWithinItsBound) {
  const std::string jpeg = MakeJpeg({});
  const std::string bytes = Encrypted(WithProfile(MakeProfile("RGB "), 3, jpeg), "aes-128");
  const auto document = AnalyseBytes(bytes);
  ASSERT_TRUE(document.ok());
  ASSERT_EQ(document->pages[0].kind, PageKind::kExtracted);
  const auto produced = ProducePage(bytes);
  ASSERT_TRUE(produced.ok()) << produced.status();
  EXPECT_LE(produced->payload.size(), document->pages[0].payload_bytes);
  EXPECT_EQ(produced->payload.find("ICC_PROFILE"), 22u);  // behind the JFIF segment
  EXPECT_EQ(ReadJpeg(WholeJpeg(*produced)).pixels, ReadJpeg(jpeg).pixels);
}

TEST(ExtractedPage, APasswordIsAskedFor) {
  const auto pdf = OpenBytes(Encrypted(Scan(MakeJpeg({})), "aes-128", "secret"));
  EXPECT_TRUE(absl::IsPermissionDenied(pdf.status())) << pdf.status();
}

}  // namespace
}  // namespace cbzfs
