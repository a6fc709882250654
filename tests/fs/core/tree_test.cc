// The tree as the user sees it.

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>

#include "fs/core/errno_status.h"
#include "tests/fs/core/core_fixture.h"

namespace cbzfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TreeTest : public CoreFixture {};

TEST_F(TreeTest, RootListsTheViewsAndHidesItsOwnFolder) {
  EXPECT_THAT(NamesOf(""), ElementsAre("cbz", "enhanced", "pages", "thumbnails"));
  EXPECT_TRUE(Walk(".cbzfs/status").ok());
}

TEST_F(TreeTest, PdfReadsAsCbzAndNothingElseChanges) {
  WritePdf("a.pdf");
  Write("b.txt", "text");
  Write("dir/c.cbz", "zip");
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("a.cbz", "b.txt", "dir"));
  EXPECT_THAT(NamesOf("cbz/dir"), ElementsAre("c.cbz"));
  EXPECT_EQ(ErrnoOf(Walk("cbz/a.pdf").status()), ENOENT);
  auto file = Open("cbz/b.txt");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*Read(**file, 0, 100), "text");
  EXPECT_EQ(*Read(**file, 2, 100), "xt");
}

TEST_F(TreeTest, LookupWorksBeforeAnyListing) {
  WritePdf("deep/er/a.PDF");
  auto found = Walk("cbz/deep/er/a.cbz");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GT(found->attr.st_size, 0);
  EXPECT_EQ(found->attr.st_mode, static_cast<mode_t>(S_IFREG | 0444));
  EXPECT_EQ(found->attr.st_nlink, 1u);
  EXPECT_EQ(found->attr.st_blocks, (found->attr.st_size + 511) / 512);
}

TEST_F(TreeTest, BrokenPdfStaysUnderItsOwnName) {
  WritePdf("bad.pdf");
  WritePdf("good.pdf");
  const auto bad_ino = library_ / "bad.pdf";
  pool_->probe = [&](const SourceFile& file) -> absl::StatusOr<ProbeResult> {
    struct stat want, have;
    stat(bad_ino.c_str(), &want);
    fstat(file.fd(), &have);
    if (want.st_ino == have.st_ino) return absl::PermissionDeniedError("a password is needed");
    return ProbeResult{1};
  };
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("bad.pdf", "good.cbz"));
  EXPECT_TRUE(Walk("cbz/bad.pdf").ok());
  EXPECT_EQ(ErrnoOf(Walk("cbz/bad.cbz").status()), ENOENT);
  EXPECT_THAT(services_->errors.Text(), HasSubstr("bad.pdf\t-\ta password is needed"));
}

TEST_F(TreeTest, APdfThatFailsOnlyWhenAnalysedMovesToItsOwnName) {
  WritePdf("late.pdf");
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("late.cbz"));
  pool_->analyse = [](const SourceFile&) { return absl::DeadlineExceededError("took too long"); };
  EXPECT_EQ(ErrnoOf(Walk("cbz/late.cbz").status()), ENOENT);
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("late.pdf"));
  EXPECT_TRUE(Walk("cbz/late.pdf").ok());
}

TEST_F(TreeTest, WhatOnlyClaimsToBeAPdfPassesThrough) {
  Write("fake.pdf", "<html>");
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("fake.pdf"));
  EXPECT_EQ(pool_->probed, 0);
  auto file = Open("cbz/fake.pdf");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*Read(**file, 0, 100), "<html>");
}

TEST_F(TreeTest, FailuresAreRememberedByTheIndexAccidentsAreNot) {
  WritePdf("bad.pdf");
  pool_->probe = [](const SourceFile&) { return absl::InvalidArgumentError("broken"); };
  NamesOf("cbz");
  Remount(/*keep_index=*/true);
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("bad.pdf"));
  EXPECT_EQ(pool_->probed, 0);
  EXPECT_THAT(services_->errors.Text(), HasSubstr("bad.pdf\t-\tbroken"));

  Remount();
  pool_->probe = [](const SourceFile&) { return absl::UnavailableError("the worker died"); };
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("bad.pdf"));
  Remount(/*keep_index=*/true);
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("bad.cbz"));
}

TEST_F(TreeTest, AListingSaysNoSizeItDoesNotKnow) {
  WritePdf("a.pdf");
  auto listing = ListOf("cbz");
  ASSERT_EQ(listing->entries.size(), 1u);
  EXPECT_EQ(listing->entries[0].node, nullptr);
  EXPECT_EQ(pool_->analysed, 0);
  auto found = Walk("cbz/a.cbz");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(pool_->analysed, 1);
  EXPECT_EQ(listing->entries[0].ino, found->attr.st_ino);

  listing = ListOf("cbz");
  ASSERT_NE(listing->entries[0].node, nullptr);
  EXPECT_EQ(listing->entries[0].attr.st_size, found->attr.st_size);
  EXPECT_EQ(listing->entries[0].attr.st_ino, found->attr.st_ino);
}

TEST_F(TreeTest, ABigFolderIsProbedAFewFilesAtATime) {
  for (int i = 0; i < 150; ++i) WritePdf("b" + std::to_string(i) + ".pdf");
  pool_->probe = nullptr;
  std::shared_ptr<const Listing> listing;
  Walk("cbz")->node->List(true, [&](auto result) { listing = *result; });
  EXPECT_EQ(pool_->queue.size(), 64u);
  while (!pool_->queue.empty()) {
    EXPECT_EQ(listing, nullptr);
    pool_->AnswerProbe(pool_->queue.begin()->first, ProbeResult{1});
    EXPECT_LE(pool_->queue.size(), 64u);
  }
  ASSERT_NE(listing, nullptr);
  EXPECT_EQ(listing->entries.size(), 150u);
  EXPECT_EQ(pool_->probed, 150);
}

TEST_F(TreeTest, WhatChangesWhileAListingWaitsIsListedAsItIsThen) {
  WritePdf("known.pdf");
  ASSERT_TRUE(Lookup(Walk("cbz")->node, "known.cbz").ok());
  WritePdf("new.pdf");
  Write("note.txt", "short");
  pool_->probe = nullptr;
  std::shared_ptr<const Listing> listing;
  Walk("cbz")->node->List(true, [&](auto result) { listing = *result; });
  ASSERT_EQ(pool_->queue.size(), 1u);
  Write("known.pdf", "%PDF-1.4 another document");
  Write("note.txt", "longer than before");
  pool_->AnswerProbe(pool_->queue.begin()->first, ProbeResult{1});
  ASSERT_NE(listing, nullptr);
  ASSERT_EQ(listing->entries.size(), 3u);
  EXPECT_EQ(listing->entries[0].name, "known.cbz");
  EXPECT_EQ(listing->entries[0].node, nullptr) << "of the old version";
  EXPECT_EQ(listing->entries[2].attr.st_size, 18);
}

TEST_F(TreeTest, AFolderFullOfFalsePdfsNeedsNoDeepStack) {
  for (int i = 0; i < 3000; ++i) Write("f" + std::to_string(i) + ".pdf", "no");
  EXPECT_EQ(NamesOf("cbz").size(), 3000u);
}

TEST_F(TreeTest, StatOfOneUnknownComicAnalysesTheNext) {
  // Were they alike, and written in one tick of the clock, one analysis would do for all.
  for (char c = 'a'; c <= 'f'; ++c) WritePdf(std::string(1, c) + ".pdf", std::string(1, c));
  NamesOf("cbz");
  auto folder = Walk("cbz");
  ASSERT_TRUE(Lookup(folder->node, "a.cbz").ok());
  EXPECT_EQ(pool_->analysed, 3) << "a, and two ahead of it for the one worker";
  ASSERT_TRUE(Lookup(folder->node, "b.cbz").ok());
  EXPECT_EQ(pool_->analysed, 4) << "b was known; the distance is kept";
}

TEST_F(TreeTest, InodesAreStableAcrossMounts) {
  WritePdf("a.pdf");
  Write("b.txt", "x");
  const auto comic = Walk("cbz/a.cbz")->attr.st_ino;
  const auto plain = Walk("cbz/b.txt")->attr.st_ino;
  Remount();
  EXPECT_EQ(Walk("cbz/a.cbz")->attr.st_ino, comic);
  EXPECT_EQ(Walk("cbz/b.txt")->attr.st_ino, plain);
  EXPECT_NE(comic, plain);
}

TEST_F(TreeTest, HardLinksOfOnePdfAreTwoBooks) {
  WritePdf("a.pdf");
  std::filesystem::create_hard_link(library_ / "a.pdf", library_ / "b.pdf");
  EXPECT_NE(Walk("cbz/a.cbz")->attr.st_ino, Walk("cbz/b.cbz")->attr.st_ino);
}

TEST_F(TreeTest, LinksToAPdfInsideAreComicsOthersStayLinks) {
  WritePdf("dir/a.pdf");
  std::filesystem::create_symlink("dir/a.pdf", library_ / "in.pdf");
  std::filesystem::create_symlink("/etc/passwd", library_ / "out.pdf");
  std::filesystem::create_symlink("nowhere.pdf", library_ / "dangling.pdf");
  std::filesystem::create_symlink("dir", library_ / "folder");
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("dangling.pdf", "dir", "folder", "in.cbz", "out.pdf"));
  EXPECT_TRUE(S_ISREG(Walk("cbz/in.cbz")->attr.st_mode));
  auto out = Walk("cbz/out.pdf");
  ASSERT_TRUE(out.ok());
  EXPECT_TRUE(S_ISLNK(out->attr.st_mode));
  EXPECT_EQ(*out->node->ReadLink(), "/etc/passwd");
  EXPECT_EQ(*Walk("cbz/folder")->node->ReadLink(), "dir");
}

TEST_F(TreeTest, TimesAreTheSourcesUnlessTheOptionsChangedLater) {
  WritePdf("a.pdf");
  struct stat source;
  ASSERT_EQ(stat((library_ / "a.pdf").c_str(), &source), 0);
  auto attr = Walk("cbz/a.cbz")->attr;
  EXPECT_EQ(attr.st_mtim.tv_sec, source.st_mtim.tv_sec);
  EXPECT_EQ(attr.st_mtim.tv_nsec, source.st_mtim.tv_nsec);
  EXPECT_EQ(attr.st_ctim.tv_nsec, source.st_mtim.tv_nsec);
  since_ns_ = (int64_t{source.st_mtim.tv_sec} + 10) * 1'000'000'000;
  Remount();
  EXPECT_EQ(Walk("cbz/a.cbz")->attr.st_mtim.tv_sec, source.st_mtim.tv_sec + 10);
  EXPECT_EQ(Walk("cbz")->attr.st_mtim.tv_sec, source.st_mtim.tv_sec + 10);
}

TEST_F(TreeTest, SecondMountAsksNoWorker) {
  for (char c = 'a'; c <= 'e'; ++c) WritePdf(std::string(1, c) + ".pdf", std::string(1, c));
  std::vector<off_t> sizes;
  for (char c = 'a'; c <= 'e'; ++c)
    sizes.push_back(Walk(std::string("cbz/") + c + ".cbz")->attr.st_size);
  Remount(/*keep_index=*/true);
  auto listing = ListOf("cbz");
  ASSERT_EQ(listing->entries.size(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    ASSERT_NE(listing->entries[i].node, nullptr);
    EXPECT_EQ(listing->entries[i].attr.st_size, sizes[i]);
  }
  EXPECT_EQ(pool_->probed + pool_->analysed, 0);
  EXPECT_EQ(services_->documents->stats().hits, 5u);
}

TEST_F(TreeTest, ADocumentWithTooManyPagesStaysAPdf) {
  options_.analyse.max_pages = 2;
  Remount();
  WritePdf("long.pdf");
  EXPECT_THAT(NamesOf("cbz"), ElementsAre("long.pdf"));
  EXPECT_THAT(services_->errors.Text(), HasSubstr("max_pages=2"));
}

TEST_F(TreeTest, TimesBefore1970AreKept) {
  WritePdf("old.pdf");
  const timespec times[2] = {{0, UTIME_OMIT}, {-10, 5}};
  ASSERT_EQ(utimensat(AT_FDCWD, (library_ / "old.pdf").c_str(), times, 0), 0);
  EXPECT_EQ(Walk("cbz/old.cbz")->attr.st_mtim.tv_sec, -10);
}

TEST_F(TreeTest, AMovedFileIsNotAnalysedAgain) {
  WritePdf("a.pdf");
  ASSERT_TRUE(Walk("cbz/a.cbz").ok());
  std::filesystem::rename(library_ / "a.pdf", library_ / "b.pdf");
  ASSERT_TRUE(Walk("cbz/b.cbz").ok());
  EXPECT_EQ(pool_->analysed, 1);
}

TEST_F(TreeTest, AReplacedFileIsADifferentDocument) {
  WritePdf("a.pdf");
  const auto before = Walk("cbz/a.cbz")->attr;
  pool_->analyse = [](const SourceFile&) { return DrawnDocument(7); };
  WritePdf("new.pdf", "more");
  std::filesystem::rename(library_ / "new.pdf", library_ / "a.pdf");
  const auto after = Walk("cbz/a.cbz")->attr;
  EXPECT_GT(after.st_size, before.st_size);
  EXPECT_NE(after.st_ino, before.st_ino);
}

TEST_F(TreeTest, StatusCountsAreReal) {
  WritePdf("a.pdf");
  auto file = Open("cbz/a.cbz");
  ASSERT_TRUE(file.ok());
  Read(**file, 0, 1 << 20).IgnoreError();
  const std::string status = StatusJson(*services_);
  EXPECT_THAT(status, HasSubstr("\"drawn\": 3"));
  EXPECT_THAT(status, HasSubstr("\"analysed\": 1"));
  EXPECT_THAT(status, HasSubstr("\"entries\": 3"));
}

}  // namespace
}  // namespace cbzfs
