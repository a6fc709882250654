#include "fs/command/tight_writer.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/synchronization/notification.h"
#include "codecs/zip/comic_book_info.h"
#include "codecs/zip/crc_force.h"
#include "codecs/zip/tight_archive.h"
#include "fs/core/errno_status.h"
#include "fs/core/library.h"
#include "fs/core/page_recipe.h"

namespace cbzfs {
namespace {

constexpr size_t kChunk = 1 << 20;
// To be raised when what is written for the same pages changes.
constexpr int kForm = 1;
constexpr size_t kMarkEnd = 256;  // a mark is within so many bytes of its end of the file

// A page that was asked for, until it is taken.
class Asked {
 public:
  Asked(const TightRequest& request, uint32_t page) : state_(std::make_shared<State>()) {
    request.pages->Get(request.book, page, Priority::kReader,
                       [state = state_](absl::StatusOr<PageStore::Pointer> body) {
                         state->body = std::move(body);
                         state->come.Notify();
                       });
  }
  absl::StatusOr<PageStore::Pointer> Take() {
    state_->come.WaitForNotification();
    return std::move(state_->body);
  }

 private:
  struct State {
    absl::Notification come;
    absl::StatusOr<PageStore::Pointer> body = absl::UnknownError("");
  };
  const std::shared_ptr<State> state_;
};

// Where a page's data goes, and what it adds up to.
class Output {
 public:
  Output(AtomicFile* file, uint64_t offset) : file_(file), offset_(offset) {}

  absl::Status Put(std::string_view bytes) {
    if (absl::Status status = file_->Write(offset_ + bytes_, bytes); !status.ok()) return status;
    crc_ = ExtendCrc(crc_, bytes);
    bytes_ += bytes.size();
    return absl::OkStatus();
  }
  uint64_t bytes() const { return bytes_; }
  uint32_t crc() const { return crc_; }

 private:
  AtomicFile* const file_;
  const uint64_t offset_;
  uint64_t bytes_ = 0;
  uint32_t crc_ = 0;
};

absl::Status PutSource(const OpenBook& book, uint32_t page, uint64_t offset, uint64_t bytes,
                       Output* out) {
  std::string buffer;
  while (bytes > 0) {
    buffer.resize(std::min<uint64_t>(bytes, kChunk));
    auto read = book.files != nullptr
                    ? ReadOfFolder(book, page, offset, buffer.size(), buffer.data())
                    : ReadExactly(*book.file, offset, buffer.size(), buffer.data());
    if (!read.ok()) return read;
    if (auto s = out->Put(buffer); !s.ok()) return s;
    offset += buffer.size();
    bytes -= buffer.size();
  }
  return absl::OkStatus();
}

absl::Status PutOriginal(const OpenBook& book, uint32_t page, Output* out) {
  const Layout& layout = *book.book->layout();
  std::string literal;
  for (const Piece& piece : layout.OriginalData(page)) {
    absl::Status status;
    if (piece.kind == Piece::Kind::kLiteral) {
      literal.resize(piece.size);
      layout.ReadLiteral(piece, literal.data());
      status = out->Put(literal);
    } else {
      status = PutSource(book, page, piece.source_offset, piece.size, out);
    }
    if (!status.ok()) return status;
  }
  return out->Put(TightArchive::Tail());
}

bool IsMade(const Book& book, uint32_t page) {
  const PageMaker maker = MakerOf(book, page);
  return maker == PageMaker::kWorker || maker == PageMaker::kPlain || maker == PageMaker::kShared;
}

// `body` of a page that is made, `before` what is put in front of its payload. One that is the
// plain rendition's is put as it is.
absl::Status PutMade(const Book& book, uint32_t page, absl::StatusOr<PageStore::Pointer> body,
                     std::string_view before, Output* out) {
  if (!body.ok()) return body.status();
  if (MakerOf(book, page) == PageMaker::kShared) return out->Put((*body)->payload());
  if (auto s = out->Put(before); !s.ok()) return s;
  if (auto s = out->Put((*body)->payload()); !s.ok()) return s;
  return out->Put(TightArchive::Tail());
}

absl::Status PutUnmade(const OpenBook& book, uint32_t page, Output* out) {
  const Page& row = book.book->layout()->document().pages[page];
  // An unpacked one that nobody unpacks is empty.
  return row.is_other() ? PutSource(book, page, row.source_offset, row.source_bytes, out)
                        : PutOriginal(book, page, out);
}

// Only then is what was written of one version.
absl::Status CheckUnchanged(const OpenBook& book) {
  // Of a folder each page is another file.
  const uint32_t pages = book.files == nullptr ? 1 : book.book->page_count();
  uint32_t page = 0;
  while (page < pages && SourceUnchanged(book, page)) ++page;
  if (page == pages) return absl::OkStatus();
  return ErrnoStatus(EIO, "the source changed while it was read");
}

absl::StatusOr<uint64_t> WriteArchive(const TightRequest& request, AtomicFile* file) {
  const OpenBook& book = *request.book;
  const Layout& layout = *book.book->layout();
  TightArchive archive(&layout);
  std::deque<std::pair<uint32_t, Asked>> asked;  // in order
  uint32_t next = 0;
  const uint32_t pages = book.book->page_count();
  for (uint32_t page = 0; page < pages; ++page) {
    for (; next < pages && asked.size() < std::max(request.ahead, 1u); ++next) {
      if (IsMade(*book.book, next)) asked.emplace_back(next, Asked(request, next));
    }
    Output out(file, archive.DataOffset());
    absl::Status status;
    if (!asked.empty() && asked.front().first == page) {
      status = PutMade(*book.book, page, asked.front().second.Take(), archive.Head(page), &out);
      asked.pop_front();
    } else {
      status = PutUnmade(book, page, &out);
    }
    if (!status.ok()) return status;
    const auto around = archive.AddPage(out.crc(), out.bytes());
    if (!around.ok()) return around.status();
    for (const PlacedBytes& placed : *around) {
      if (auto s = file->Write(placed.offset, placed.bytes); !s.ok()) return s;
    }
    request.page_written(out.bytes());
  }
  for (const PlacedBytes& placed :
       archive.Finish(WithMark(book.book->layout()->comment(), TightMark(book, request.part)))) {
    if (auto s = file->Write(placed.offset, placed.bytes); !s.ok()) return s;
  }
  if (auto s = CheckUnchanged(book); !s.ok()) return s;
  return archive.size();
}

std::string Comment(const std::string& text) {
  const size_t length = text.size() + 2;
  std::string segment = "\xFF\xFE";
  segment += static_cast<char>(length >> 8);
  segment += static_cast<char>(length);
  return segment + text;
}

// The mark stands behind what the layout puts in front of a page: SOI and APP0.
absl::StatusOr<uint64_t> WritePicture(const TightRequest& request, AtomicFile* file) {
  const OpenBook& book = *request.book;
  const uint32_t page = request.part.page;
  Output out(file, 0);
  absl::Status status;
  if (IsMade(*book.book, page)) {
    const std::string head = TightArchive(book.book->layout()).Head(page);
    status = PutMade(*book.book, page, Asked(request, page).Take(),
                     head + Comment(TightMark(book, request.part)), &out);
  } else {
    status = PutUnmade(book, page, &out);
  }
  if (!status.ok()) return status;
  if (auto s = CheckUnchanged(book); !s.ok()) return s;
  request.page_written(out.bytes());
  return out.bytes();
}

}  // namespace

std::string TightMark(const OpenBook& book, const BookPart& part) {
  const Layout& layout = *book.book->layout();
  std::string facts;
  if (part.kind == BookPart::Kind::kPage) {
    facts = layout.PageFacts(part.page);
  } else {
    for (uint32_t page = 0; page < book.book->page_count(); ++page) {
      facts += layout.PageFacts(page);
      facts += layout.PageName(page);
    }
    facts += layout.InfoText([](uint32_t) { return 0; });
    facts += layout.comment();
  }
  return absl::StrFormat("cbzfs tight %d %016x", kForm, XXH3_64bits(facts.data(), facts.size()));
}

bool HasTightMark(int fd, const BookPart& part, const std::string& mark) {
  struct stat st;
  if (fstat(fd, &st) != 0) return false;
  const bool whole = part.kind == BookPart::Kind::kWhole;
  const auto size = static_cast<uint64_t>(st.st_size);
  std::string end(std::min<uint64_t>(size, kMarkEnd), '\0');
  const uint64_t from = whole ? size - end.size() : 0;
  const ssize_t got = pread(fd, end.data(), end.size(), static_cast<off_t>(from));
  if (got != static_cast<ssize_t>(end.size())) return false;
  return whole ? EndsWithMark(end, mark) : end.find(Comment(mark)) != end.npos;
}

absl::StatusOr<uint64_t> WriteTight(const TightRequest& request, AtomicFile* file) {
  return request.part.kind == BookPart::Kind::kWhole ? WriteArchive(request, file)
                                                     : WritePicture(request, file);
}

}  // namespace cbzfs
