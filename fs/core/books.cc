#include "fs/core/books.h"

#include <xxhash.h>

#include <array>
#include <utility>

namespace cbzfs {
namespace {

// 1 500 books of 120 pages as they are, or 500 in another rendition.
constexpr uint64_t kBookBytes = 8 << 20;
// A file's name with its tables: 80 000 pages.
constexpr uint64_t kTreeBytes = 8 << 20;
constexpr uint64_t kTreeEntryBytes = 100;
// 65 000 sizes.
constexpr uint64_t kSizeBytes = 8 << 20;
constexpr uint64_t kSizeOverhead = 120;

uint64_t KeyOf(const Book::Identity& identity, const BookPart& part) {
  const std::array<uint64_t, 3> words = {Book::IdOf(identity), static_cast<uint64_t>(part.kind),
                                         part.page};
  return XXH3_64bits(words.data(), sizeof(words));
}

}  // namespace

Books::Books(Documents* documents, const Options& options)
    : options_(options),
      documents_(documents),
      books_(kBookBytes),
      trees_(kTreeBytes),
      sizes_(kSizeBytes) {}

void Books::Get(const std::string& path, const Book::Identity& identity, Priority priority,
                Done done) {
  if (Pointer book = books_.Find(Book::IdOf(identity))) return done(std::move(book));
  documents_->Get(
      path, identity.source, priority,
      [this, identity, done = std::move(done)](absl::StatusOr<Documents::Pointer> known) mutable {
        if (!known.ok()) return done(known.status());
        done(Make(identity, *std::move(known)));
      });
}

absl::StatusOr<Books::Pointer> Books::Make(const Book::Identity& identity,
                                           std::shared_ptr<const KnownDocument> known) {
  const uint64_t id = Book::IdOf(identity);
  if (Pointer book = books_.Find(id)) return book;
  auto book = Book::Make(identity, std::move(known), options_);
  if (!book.ok()) return book.status();
  const uint64_t bytes = (*book)->memory_bytes();
  return books_.Insert(id, *std::move(book), bytes);
}

absl::StatusOr<uint64_t> Books::Measure(uint64_t key, const absl::StatusOr<Pointer>& book,
                                        const BookPart& part) {
  if (!book.ok()) return book.status();
  const uint64_t bytes = (*book)->BytesOf(part);
  sizes_.Insert(key, std::make_shared<const uint64_t>(bytes), kSizeOverhead);
  return bytes;
}

void Books::GetBytes(const std::string& path, const Book::Identity& identity, const BookPart& part,
                     Priority priority, BytesDone done) {
  const uint64_t key = KeyOf(identity, part);
  if (auto bytes = sizes_.Find(key)) return done(*bytes);
  Get(path, identity, priority,
      [this, key, part, done = std::move(done)](const absl::StatusOr<Pointer>& book) mutable {
        done(Measure(key, book, part));
      });
}

absl::StatusOr<uint64_t> Books::BytesOf(const Book::Identity& identity, const BookPart& part,
                                        std::shared_ptr<const KnownDocument> known) {
  const uint64_t key = KeyOf(identity, part);
  if (auto bytes = sizes_.Find(key)) return *bytes;
  return Measure(key, Make(identity, std::move(known)), part);
}

Books::Tree Books::TreeOf(const Pointer& book) {
  if (Tree tree = trees_.Find(book->id())) return tree;
  auto tree = std::make_shared<const BookTree>(book->MakeTree());
  return trees_.Insert(book->id(), std::move(tree), 200 + book->page_count() * kTreeEntryBytes);
}

}  // namespace cbzfs
