// The books and their sizes that are remembered.

#include "fs/core/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/fs/core/pages_fixture.h"

namespace cbzfs {
namespace {

constexpr BookPart kWhole = {.kind = BookPart::Kind::kWhole};

class BooksTest : public PagesFixture {
 protected:
  Book::Identity OfPdf(Rendition rendition) {
    Book::Identity identity = IdentityOf(SourceFormat::kPdf, rendition);
    identity.source.key = KeyOf(*services_->library->Stat("Foo.pdf"));
    return identity;
  }
  absl::StatusOr<Books::Pointer> Get(const Book::Identity& identity) {
    absl::StatusOr<Books::Pointer> book = absl::UnknownError("no answer");
    services_->books->Get("Foo.pdf", identity, Priority::kStat,
                          [&](absl::StatusOr<Books::Pointer> made) { book = std::move(made); });
    return book;
  }
  absl::StatusOr<uint64_t> GetBytes(const Book::Identity& identity, const BookPart& part,
                                    const std::string& path = "Foo.pdf") {
    absl::StatusOr<uint64_t> bytes = absl::UnknownError("no answer");
    services_->books->GetBytes(path, identity, part, Priority::kStat,
                               [&](absl::StatusOr<uint64_t> got) { bytes = got; });
    return bytes;
  }
};

TEST_F(BooksTest, ABookIsMadeOnce) {
  const auto first = Get(OfPdf(Rendition::kPlain));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*Get(OfPdf(Rendition::kPlain)), *first);
  EXPECT_NE(*Get(OfPdf(Rendition::kThumbnails)), *first);
  EXPECT_EQ(pool_->analysed, 1) << "one table for all but the enhanced";
  EXPECT_TRUE(Get(OfPdf(Rendition::kEnhanced)).ok());
  EXPECT_EQ(pool_->analysed, 2);
  EXPECT_EQ(pool_->analysed_enhanced, 1);
}

TEST_F(BooksTest, TwoCallersShareOneAnalysis) {
  pool_->analyse_for = nullptr;
  pool_->analyse = nullptr;
  std::vector<Books::Pointer> books;
  for (const Rendition rendition : {Rendition::kPlain, Rendition::kPlain, Rendition::kCover}) {
    services_->books->Get("Foo.pdf", OfPdf(rendition), Priority::kStat,
                          [&](absl::StatusOr<Books::Pointer> made) { books.push_back(*made); });
  }
  ASSERT_EQ(pool_->queue.size(), 1u);
  pool_->AnswerAnalyse(pool_->queue.begin()->first, SamplePdf(false));
  ASSERT_EQ(books.size(), 3u);
  EXPECT_EQ(books[0], books[1]);
  EXPECT_EQ(books[2]->rendition(), Rendition::kCover);
}

TEST_F(BooksTest, SizesAreOfTheParts) {
  const auto book = *Get(OfPdf(Rendition::kPlain));
  EXPECT_EQ(*GetBytes(OfPdf(Rendition::kPlain), kWhole), book->layout()->size());
  EXPECT_EQ(*GetBytes(OfPdf(Rendition::kPlain), {.kind = BookPart::Kind::kInfo}),
            book->layout()->InfoDataBytes());
  for (uint32_t page = 0; page < 5; ++page) {
    const BookPart part = {.kind = BookPart::Kind::kPage, .page = page};
    EXPECT_EQ(*GetBytes(OfPdf(Rendition::kPlain), part), book->layout()->PageDataBytes(page));
  }
}

TEST_F(BooksTest, SizesAreRememberedLongerThanBooks) {
  // Each takes over 2 MB: three times as many as there is room for.
  Document large;
  large.pages.assign(200'000, {.width = 100, .height = 100, .payload_bytes = 2000});
  const auto known = Known(std::move(large));
  std::vector<uint64_t> sizes;
  for (int i = 0; i < 12; ++i) {
    const auto identity = IdentityOf(SourceFormat::kPdf, Rendition::kPlain, std::to_string(i));
    auto bytes = services_->books->BytesOf(identity, kWhole, known);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    sizes.push_back(*bytes);
  }
  for (int i = 0; i < 12; ++i) {
    const auto identity = IdentityOf(SourceFormat::kPdf, Rendition::kPlain, std::to_string(i));
    // There is neither a file nor a table to find it out from again.
    const auto bytes = GetBytes(identity, kWhole, "nowhere.pdf");
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(*bytes, sizes[i]);
  }
  const auto gone = IdentityOf(SourceFormat::kPdf, Rendition::kPlain, "0");
  EXPECT_FALSE(GetBytes(gone, {.kind = BookPart::Kind::kInfo}, "nowhere.pdf").ok())
      << "the book itself is remembered for ever";
}

TEST_F(BooksTest, ATreeIsMadeOnce) {
  const auto book = *Get(OfPdf(Rendition::kThumbnails));
  const auto tree = services_->books->TreeOf(book);
  EXPECT_EQ(services_->books->TreeOf(book), tree);
  EXPECT_EQ(tree->List("")->size(), 5u);
  EXPECT_NE(services_->books->TreeOf(*Get(OfPdf(Rendition::kPlain))), tree);
}

TEST_F(BooksTest, FailuresArePassedOnAndNotRemembered) {
  pool_->analyse_for = [](const SourceFile&, const AnalyseOptions&) {
    return absl::InvalidArgumentError("broken");
  };
  EXPECT_TRUE(absl::IsInvalidArgument(Get(OfPdf(Rendition::kPlain)).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(GetBytes(OfPdf(Rendition::kPlain), kWhole).status()));
  Document raw = SampleArchive(false);
  for (Page& page : raw.pages) page.kind = PageKind::kRaw;
  const auto identity = IdentityOf(SourceFormat::kArchive, Rendition::kCover);
  EXPECT_TRUE(absl::IsNotFound(services_->books->Make(identity, Known(raw)).status()));
  EXPECT_TRUE(absl::IsNotFound(
      services_->books->BytesOf(identity, {.kind = BookPart::Kind::kPage}, Known(raw)).status()));
  EXPECT_TRUE(services_->books->Make(identity, Known(SampleArchive(false))).ok());
}

TEST_F(BooksTest, AChangedFileIsAnotherBook) {
  const auto before = *Get(OfPdf(Rendition::kPlain));
  const Book::Identity old = OfPdf(Rendition::kPlain);
  Touch("Foo.pdf");
  EXPECT_NE((*Get(OfPdf(Rendition::kPlain)))->id(), before->id());
  // Whoever still asks for the old one is told to look again, once it is forgotten.
  Remount();
  PrepareSamples();
  EXPECT_TRUE(absl::IsAborted(Get(old).status()));
}

}  // namespace
}  // namespace cbzfs
