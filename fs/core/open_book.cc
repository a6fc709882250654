#include "fs/core/open_book.h"

#include <utility>

#include "fs/core/library.h"

namespace cbzfs {

std::shared_ptr<const OpenBook> HoldOpen(std::string path, std::shared_ptr<const SourceFile> file,
                                         std::shared_ptr<const Book> book) {
  auto open = std::make_shared<OpenBook>();
  if (book->plain() != nullptr) {
    auto plain = std::make_shared<OpenBook>();
    plain->path = path;
    plain->file = file;
    plain->book = book->plain();
    open->plain = std::move(plain);
  }
  open->path = std::move(path);
  open->file = std::move(file);
  open->book = std::move(book);
  return open;
}

std::shared_ptr<const OpenBook> HoldOpen(std::shared_ptr<const FolderFiles> files,
                                         std::shared_ptr<const Book> book) {
  auto open = std::make_shared<OpenBook>();
  open->path = files->folder().path;
  open->book = std::move(book);
  open->files = std::move(files);
  return open;
}

absl::StatusOr<std::shared_ptr<const SourceFile>> SourceOf(const OpenBook& book, uint32_t page) {
  if (book.files == nullptr) return book.file;
  return book.files->Open(book.book->row_index(page));
}

bool SourceUnchanged(const OpenBook& book, uint32_t page) {
  if (book.files == nullptr) return Unchanged(*book.file, book.book->key());
  return book.files->IsCurrent(book.book->row_index(page));
}

absl::Status ReadOfFolder(const OpenBook& book, uint32_t page, uint64_t offset, size_t size,
                          char* out) {
  return book.files->Read(book.book->row_index(page), offset, size, out);
}

}  // namespace cbzfs
