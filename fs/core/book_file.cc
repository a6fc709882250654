#include "fs/core/book_file.h"

#include <errno.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "fs/core/errno_status.h"
#include "fs/core/library.h"

namespace cbzfs {

// One read: its buffer, and the pages it waits for. Answers when the last page has come, or leaves.
class BookFile::Operation : public ReadWait,
                            public std::enable_shared_from_this<BookFile::Operation> {
 public:
  Operation(std::shared_ptr<const OpenBook> book, uint64_t offset, std::vector<Piece> pieces,
            ReadDone done)
      : book_(std::move(book)),
        offset_(offset),
        pieces_(std::move(pieces)),
        done_(std::move(done)) {
    for (const Piece& piece : pieces_) size_ += piece.size;
    buffer_ = std::make_shared_for_overwrite<char[]>(size_);
  }

  const std::vector<Piece>& pieces() const { return pieces_; }

  // Fills in all that needs no page.
  absl::Status FillKnown() {
    bool from_source = false;
    for (const Piece& piece : pieces_) {
      if (piece.kind == Piece::Kind::kLiteral) book_->book->layout()->ReadLiteral(piece, At(piece));
      if (piece.kind != Piece::Kind::kSource) continue;
      if (book_->files != nullptr) {
        auto s = ReadOfFolder(*book_, piece.page, piece.source_offset, piece.size, At(piece));
        if (!s.ok()) return s;
        continue;
      }
      from_source = true;
      if (auto s = ReadExactly(*book_->file, piece.source_offset, piece.size, At(piece)); !s.ok()) {
        return s;
      }
    }
    if (from_source && !Unchanged(*book_->file, book_->book->key())) {
      return ErrnoStatus(EIO, "the source changed while open");
    }
    return absl::OkStatus();
  }

  // Asks for the pages; the answer may come from inside.
  void Start(PageStore* pages) {
    std::vector<uint32_t> wanted;
    for (const Piece& piece : pieces_) {
      if (piece.kind != Piece::Kind::kBody) continue;
      if (wanted.empty() || wanted.back() != piece.page) wanted.push_back(piece.page);
    }
    // One more than there are pages, so that the last of them to come does not answer before all
    // have been asked for.
    missing_ = wanted.size() + 1;
    auto self = shared_from_this();
    for (uint32_t page : wanted) {
      auto wait = pages->Get(book_, page, Priority::kReader,
                             [self, page](absl::StatusOr<PageStore::Pointer> body) {
                               self->Arrived(page, std::move(body));
                             });
      if (wait == nullptr) continue;
      absl::MutexLock lock(&mu_);
      waits_.push_back(std::move(wait));
    }
    Count();
  }

  template <typename Visitor>
  void ForEachSourcePiece(Visitor visit) {
    for (const Piece& piece : pieces_) {
      if (piece.kind == Piece::Kind::kSource) visit(piece, At(piece));
    }
  }

  void Finish(absl::Status status) {
    if (!status.ok()) return done_(std::move(status));
    ReadResult result;
    result.slices.push_back({buffer_.get(), size_, buffer_});
    done_(std::move(result));
  }

  void Leave() override {
    std::vector<std::shared_ptr<PageStore::Wait>> waits;
    {
      absl::MutexLock lock(&mu_);
      waits.swap(waits_);
    }
    for (auto& wait : waits) wait->Leave();
  }

 private:
  char* At(const Piece& piece) { return buffer_.get() + (piece.offset - offset_); }

  void Arrived(uint32_t page, absl::StatusOr<PageStore::Pointer> body) {
    if (!body.ok()) {
      absl::MutexLock lock(&mu_);
      status_.Update(body.status());
    } else {
      // Each page writes to its own part of the buffer: no lock.
      for (const Piece& piece : pieces_) {
        if (piece.kind != Piece::Kind::kBody || piece.page != page) continue;
        (*body)->Read(piece.body_offset, absl::MakeSpan(At(piece), piece.size));
      }
    }
    Count();
  }

  void Count() {
    if (--missing_ > 0) return;
    absl::Status status;
    {
      absl::MutexLock lock(&mu_);
      status = status_;
      waits_.clear();
    }
    Finish(std::move(status));
  }

  const std::shared_ptr<const OpenBook> book_;
  const uint64_t offset_;
  const std::vector<Piece> pieces_;
  ReadDone done_;
  uint64_t size_ = 0;
  std::shared_ptr<char[]> buffer_;
  std::atomic<size_t> missing_ = 0;
  absl::Mutex mu_;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<PageStore::Wait>> waits_ ABSL_GUARDED_BY(mu_);
};

std::shared_ptr<ReadWait> BookFile::Read(uint64_t offset, size_t size, ReadDone done) {
  const Layout& layout = *book_->book->layout();
  const uint64_t from = std::min(offset, extent_.bytes);
  const uint64_t bytes = std::min<uint64_t>(size, extent_.bytes - from);
  const uint64_t start = extent_.offset + from;
  auto operation =
      std::make_shared<Operation>(book_, start, layout.Map(start, bytes), std::move(done));
  if (auto s = operation->FillKnown(); !s.ok()) {
    operation->Finish(pages_->SourceFailed(*book_, s));
    return nullptr;
  }
  operation->ForEachSourcePiece([this](const Piece& piece, const char* at) { Passed(piece, at); });
  uint32_t last = UINT32_MAX;
  for (const Piece& piece : operation->pieces()) {
    if (piece.kind == Piece::Kind::kBody) last = piece.page;
  }
  operation->Start(pages_);
  // The reader's own pages are in the queue before those ahead of it.
  if (last != UINT32_MAX) ahead_->Follow(book_, last);
  return operation;
}

void BookFile::Passed(const Piece& piece, const char* bytes) {
  const Page& page = book_->book->layout()->document().pages[piece.page];
  if (page.kind != PageKind::kOriginal) return;
  // With an insert the data is more than the source's range; PageStore reads it then.
  if (page.insert >= 0) return;
  const uint64_t offset = piece.source_offset - page.source_offset;
  if (auto crc = data_crc_.Add(piece.page, offset, {bytes, piece.size}, page.source_bytes)) {
    pages_->OfferDataCrc(*book_, piece.page, *crc);
  }
}

}  // namespace cbzfs
