// What is known of files: tables and failures, from workers and from the index.

#include "fs/core/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "codecs/document/format_names.h"
#include "tests/fs/core/pages_fixture.h"

namespace cbzfs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DocumentsTest : public PagesFixture {
 protected:
  DocumentRef RefOf(const std::string& path, bool enhanced = false) {
    return {.key = KeyOf(*services_->library->Stat(path)),
            .format = *FormatOfName(path),
            .enhanced = enhanced};
  }
  absl::StatusOr<Documents::Pointer> Get(const std::string& path, bool enhanced = false) {
    absl::StatusOr<Documents::Pointer> known = absl::UnknownError("no answer");
    services_->documents->Get(path, RefOf(path, enhanced), Priority::kStat,
                              [&](absl::StatusOr<Documents::Pointer> got) { known = got; });
    return known;
  }
  absl::Status Probe(const std::string& path, bool enhanced = false) {
    absl::Status opens = absl::UnknownError("no answer");
    services_->documents->Probe(path, RefOf(path, enhanced), Priority::kListing,
                                [&](const absl::Status& status) { opens = status; });
    return opens;
  }
  void FailWith(const absl::Status& failure) {
    pool_->probe = [failure](const SourceFile&) { return failure; };
    pool_->analyse_for = [failure](const SourceFile&, const AnalyseOptions&) { return failure; };
  }
  std::string Errors() { return services_->errors.Text(); }
};

TEST_F(DocumentsTest, PlainAndEnhancedTablesAreKeptApart) {
  const auto plain = *Get("Foo.pdf");
  EXPECT_EQ(*plain->document, SamplePdf(false));
  EXPECT_EQ(pool_->analysed_enhanced, 0) << "who never looks at the enhanced view pays nothing";
  const auto enhanced = *Get("Foo.pdf", true);
  EXPECT_EQ(*enhanced->document, SamplePdf(true));
  EXPECT_EQ(enhanced->fingerprint, plain->fingerprint);
  EXPECT_EQ(*Get("Foo.pdf"), plain);
  EXPECT_EQ(*Get("Foo.pdf", true), enhanced);
  EXPECT_EQ(pool_->analysed, 2);

  Remount(/*keep_index=*/true);
  EXPECT_EQ(*(*Get("Foo.pdf", true))->document, SamplePdf(true));
  EXPECT_EQ(*(*Get("Foo.pdf"))->document, SamplePdf(false));
  EXPECT_EQ(pool_->analysed, 0);
  EXPECT_EQ(services_->documents->stats().hits, 2u);
}

TEST_F(DocumentsTest, ThePlainTableTellsThatTheFileOpens) {
  ASSERT_TRUE(Get("Foo.cbz").ok());
  EXPECT_TRUE(Probe("Foo.cbz", true).ok());
  EXPECT_EQ(pool_->probed, 0);
  const auto known = services_->documents->Find("Foo.cbz", RefOf("Foo.cbz", true));
  ASSERT_TRUE(known.has_value() && known->ok());
  EXPECT_EQ(**known, nullptr) << "but not how large its enhanced pages are";
  EXPECT_FALSE(services_->documents->Find("Foo.png", RefOf("Foo.png")).has_value());
}

TEST_F(DocumentsTest, ThePlainFailureIsTheEnhancedOnesToo) {
  FailWith(absl::PermissionDeniedError("a password is needed"));
  EXPECT_FALSE(Probe("Foo.pdf").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Get("Foo.pdf", true).status()));
  EXPECT_EQ(pool_->analysed, 0);
}

TEST_F(DocumentsTest, AnEnhancedFailureLeavesThePlainTable) {
  pool_->analyse_for = [](const SourceFile&, const AnalyseOptions& options) {
    return options.enhanced ? absl::StatusOr<Document>(absl::DeadlineExceededError("too long"))
                            : SamplePdf(false);
  };
  EXPECT_TRUE(absl::IsDeadlineExceeded(Get("Foo.pdf", true).status()));
  EXPECT_TRUE(Get("Foo.pdf").ok());
  EXPECT_FALSE(Get("Foo.pdf", true).ok());
  EXPECT_EQ(pool_->analysed, 2);
}

TEST_F(DocumentsTest, OneFileOfTwoFormatsIsTwoDocuments) {
  std::filesystem::create_hard_link(library_ / "Foo.cbz", library_ / "Foo.gif");
  EXPECT_EQ(*(*Get("Foo.cbz"))->document, SampleArchive(false));
  EXPECT_EQ(*(*Get("Foo.gif"))->document, SampleImage(20'000, false));
  Remount(/*keep_index=*/true);
  EXPECT_EQ(*(*Get("Foo.gif"))->document, SampleImage(20'000, false));
}

TEST_F(DocumentsTest, AnArchiveWithoutImagesIsNoFailureWorthALine) {
  FailWith(absl::NotFoundError("an archive without images: shown as it is"));
  EXPECT_TRUE(absl::IsNotFound(Probe("Foo.cbz")));
  EXPECT_TRUE(absl::IsNotFound(Get("Foo.cbz").status()));
  EXPECT_EQ(Errors(), "");
  Remount(/*keep_index=*/true);
  EXPECT_TRUE(absl::IsNotFound(Probe("Foo.cbz")));
  EXPECT_EQ(pool_->probed, 0) << "remembered all the same";
  EXPECT_EQ(Errors(), "");
  // A PDF without pages is broken.
  FailWith(absl::NotFoundError("no pages"));
  EXPECT_TRUE(absl::IsNotFound(Probe("Foo.pdf")));
  EXPECT_THAT(Errors(), AllOf(StartsWith("Foo.pdf\t-\tno pages\t"), HasSubstr("`mutool clean`")));
}

// The index outlives the mount that had the password, and may be read by whoever has it not.
TEST_F(DocumentsTest, WhatTookAPasswordIsNotWrittenDown) {
  pool_->analyse_for = [](const SourceFile& file, const AnalyseOptions& options) {
    Document document = SampleOf(file.format(), file.bytes(), options.enhanced);
    document.locked = true;
    return document;
  };
  ASSERT_TRUE(Get("Foo.pdf").ok());
  ASSERT_TRUE(Get("Foo.pdf").ok());
  EXPECT_EQ(pool_->analysed, 1) << "kept in memory";
  Remount(/*keep_index=*/true);
  FailWith(absl::PermissionDeniedError("a password is needed"));
  EXPECT_TRUE(absl::IsPermissionDenied(Get("Foo.pdf").status()));
}

TEST_F(DocumentsTest, WhatLackedAPasswordIsTriedAgainByWhoHasOne) {
  FailWith(absl::PermissionDeniedError("a password is needed"));
  EXPECT_TRUE(absl::IsPermissionDenied(Get("Foo.pdf").status()));
  Remount(/*keep_index=*/true);
  EXPECT_TRUE(absl::IsPermissionDenied(Get("Foo.pdf").status()));
  EXPECT_EQ(pool_->analysed, 0) << "remembered";
  Remount(/*keep_index=*/true);
  Write("passwords", "\"*.pdf\" = \"secret\"\n");
  const std::string path = library_ / "passwords";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  services_->library->UsePasswords(*Passwords::Read(path));
  ASSERT_TRUE(Get("Foo.pdf").ok());
  EXPECT_EQ(pool_->analysed, 1);
  FailWith(absl::DataLossError("not asked again"));
  EXPECT_TRUE(Get("Foo.pdf").ok());
}

TEST_F(DocumentsTest, NotesAreListedWhenLearntAndWhenRecalled) {
  pool_->analyse_for = [](const SourceFile& file, const AnalyseOptions& options) {
    Document document = SampleOf(file.format(), file.bytes(), options.enhanced);
    document.notes.push_back({.text = "the directory lies"});
    if (file.format() == SourceFormat::kArchive) {
      document.notes.push_back({.page = 3, .text = "encrypted"});
    }
    return document;
  };
  const std::string lines =
      "Foo.cbz\t-\tthe directory lies\t"
      "test the archive with `unzip -t`; make it anew from its images, or replace it\n"
      "Foo.cbz\t4\tb/lost.jpg: encrypted\t"
      "unpack it with its password and make the archive anew without one\n";
  ASSERT_TRUE(Get("Foo.cbz").ok());
  EXPECT_EQ(Errors(), lines);
  ASSERT_TRUE(Get("Foo.cbz", true).ok());
  EXPECT_EQ(Errors(), lines) << "said once";
  Remount(/*keep_index=*/true);
  ASSERT_TRUE(Get("Foo.cbz").ok());
  EXPECT_EQ(pool_->analysed, 0);
  EXPECT_EQ(Errors(), lines);
}

TEST_F(DocumentsTest, TheSecondTableTakesNothingBackThatWasSaidOfPages) {
  ASSERT_TRUE(Get("Foo.pdf").ok());
  services_->errors.Report("Foo.pdf", 3, "the page cannot be drawn");
  ASSERT_TRUE(Get("Foo.pdf", true).ok());
  EXPECT_THAT(Errors(), HasSubstr("the page cannot be drawn"));
  // A new version does.
  Touch("Foo.pdf");
  ASSERT_TRUE(Get("Foo.pdf").ok());
  EXPECT_EQ(Errors(), "");
}

TEST_F(DocumentsTest, WhatLiesInTheFileLasts) {
  for (const absl::Status& failure :
       {absl::InvalidArgumentError("a"), absl::PermissionDeniedError("b"), absl::NotFoundError("c"),
        absl::UnimplementedError("d"), absl::OutOfRangeError("e")}) {
    Write("Foo.png", "png " + failure.ToString());
    FailWith(failure);
    EXPECT_EQ(Get("Foo.png").status(), failure);
    Remount(/*keep_index=*/true);
    EXPECT_EQ(Get("Foo.png").status().code(), failure.code()) << failure;
    EXPECT_EQ(pool_->analysed, 0) << failure;
  }
}

TEST_F(DocumentsTest, AccidentsAreForgotten) {
  for (const absl::Status& failure :
       {absl::DeadlineExceededError("a"), absl::UnavailableError("b"),
        absl::ResourceExhaustedError("c"), absl::DataLossError("d"), absl::InternalError("e")}) {
    Write("Foo.png", "png " + failure.ToString());
    FailWith(failure);
    const int analysed = pool_->analysed;
    EXPECT_EQ(Get("Foo.png").status(), failure);
    EXPECT_EQ(Get("Foo.png").status(), failure);
    EXPECT_EQ(pool_->analysed, analysed + 1) << "within this mount, for a while";
    Remount(/*keep_index=*/true);
    pool_->analyse_for = [](const SourceFile& file, const AnalyseOptions&) {
      return SampleImage(file.bytes(), false);
    };
    EXPECT_TRUE(Get("Foo.png").ok()) << failure;
  }
}

TEST_F(DocumentsTest, OnlyPdfsHaveToBeginLikeOne) {
  Write("b.pdf", "PK");
  Write("b.cbz", "%!");
  Write("b.jpg", "?");
  EXPECT_TRUE(absl::IsInvalidArgument(Probe("b.pdf")));
  EXPECT_EQ(pool_->probed, 0);
  EXPECT_TRUE(Probe("b.cbz").ok());
  EXPECT_TRUE(Probe("b.jpg").ok());
  EXPECT_EQ(pool_->probed, 2) << "the worker tells";
}

TEST_F(DocumentsTest, TheOptionsOfTheEnhancementChangeTheEnhancedTableAlone) {
  ASSERT_TRUE(Get("Foo.pdf").ok() && Get("Foo.pdf", true).ok());
  options_.analyse.enhance.gamma = 0.5;
  Remount(/*keep_index=*/true);
  pool_->analyse_for = [](const SourceFile&, const AnalyseOptions& options) {
    EXPECT_EQ(options.enhance.gamma, 0.5);
    return SamplePdf(options.enhanced);
  };
  EXPECT_TRUE(Get("Foo.pdf").ok());
  EXPECT_EQ(pool_->analysed, 0);
  EXPECT_TRUE(Get("Foo.pdf", true).ok());
  EXPECT_EQ(pool_->analysed, 1);
}

TEST_F(DocumentsTest, TooManyPagesIsTheFilesFault) {
  options_.analyse.max_pages = 4;
  Remount();
  pool_->probe = [](const SourceFile&) { return ProbeResult{5}; };
  EXPECT_TRUE(absl::IsInvalidArgument(Probe("Foo.cbz")));
  EXPECT_THAT(Errors(), HasSubstr("max_pages=4"));
}

}  // namespace
}  // namespace cbzfs
