#include "fs/core/page_store.h"

#include <errno.h>
#include <libdeflate.h>

#include <algorithm>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/core/errno_status.h"
#include "fs/core/library.h"

namespace cbzfs {

// Joins a flight, and joins again when the flight was cancelled because somebody else, the last to
// wait until then, left at the same moment.
class PageStore::Waiting : public PageStore::Wait,
                           public std::enable_shared_from_this<PageStore::Waiting> {
 public:
  Waiting(PageStore* store, std::shared_ptr<const OpenBook> book, Key key, Priority priority,
          Done done)
      : store_(store), book_(std::move(book)), key_(key), priority_(priority),
        done_(std::move(done)) {}

  void Join() {
    auto self = shared_from_this();
    const auto ticket = store_->flights_.Join(
        key_, [self](const Flights::Result& result) { self->Landed(result); });
    bool left;
    {
      absl::MutexLock lock(&mu_);
      ticket_ = ticket.id;
      left = left_;
    }
    if (left) Leave();
    if (ticket.leader) {
      store_->StartDrawing(book_, key_, priority_, ticket.id);
    } else if (ticket.work != 0) {
      store_->pool_->Raise(ticket.work, priority_);
    }
  }

  void Leave() override {
    uint64_t ticket;
    {
      absl::MutexLock lock(&mu_);
      left_ = true;
      ticket = ticket_;
    }
    const auto left = store_->flights_.Leave(key_, ticket);
    if (left.result == LeaveResult::kLast && left.work != 0) store_->pool_->Cancel(left.work);
  }

 private:
  void Landed(const Flights::Result& result) {
    bool left;
    {
      absl::MutexLock lock(&mu_);
      left = left_;
    }
    if (left) return;
    if (absl::IsCancelled(result.status()) && !store_->stopping_) return Join();
    done_(result);
  }

  PageStore* const store_;
  const std::shared_ptr<const OpenBook> book_;
  const Key key_;
  const Priority priority_;
  absl::Mutex mu_;
  uint64_t ticket_ ABSL_GUARDED_BY(mu_) = 0;
  bool left_ ABSL_GUARDED_BY(mu_) = false;
  Done done_;  // called by the one flight that lands
};

std::shared_ptr<PageStore::Wait> PageStore::Get(const std::shared_ptr<const OpenBook>& book,
                                                uint32_t page, Priority priority, Done done) {
  const Key key{book->id, page};
  if (Pointer body = cache_.Find(key)) {
    done(std::move(body));
    return nullptr;
  }
  if (book->layout->document().pages[page].kind == PageKind::kOriginal) {
    auto body = Seal(*book, page);
    if (body.ok()) body = KeepSeal(key, *std::move(body));
    done(std::move(body));
    return nullptr;
  }
  auto waiting = std::make_shared<Waiting>(this, book, key, priority, std::move(done));
  waiting->Join();
  return waiting;
}

void PageStore::OfferDataCrc(const OpenBook& book, uint32_t page, uint32_t data_crc) {
  const Key key{book.id, page};
  if (cache_.Contains(key)) return;
  auto body = Body::Original(book.layout->Body(page), data_crc,
                             book.layout->document().pages[page].source_bytes);
  KeepSeal(key, std::move(body));
}

PageStore::Pointer PageStore::KeepSeal(const Key& key, Pointer body) {
  // Two readers may have sealed the page at once: it counts once.
  if (!cache_.Contains(key)) ++original_;
  const uint64_t bytes = body->memory_bytes();
  return cache_.Insert(key, std::move(body), bytes);
}

bool PageStore::Ready(const OpenBook& book, uint32_t page) const {
  return book.layout->document().pages[page].kind == PageKind::kOriginal ||
         cache_.Contains({book.id, page});
}

absl::StatusOr<PageStore::Pointer> PageStore::Seal(const OpenBook& book, uint32_t page) {
  constexpr size_t kChunk = 256 << 10;
  std::string buffer;
  uint32_t crc = 0;
  uint64_t bytes = 0;
  for (Piece piece : book.layout->OriginalData(page)) {
    bytes += piece.size;
    if (piece.kind == Piece::Kind::kLiteral) {
      buffer.resize(piece.size);
      book.layout->ReadLiteral(piece, buffer.data());
      crc = libdeflate_crc32(crc, buffer.data(), buffer.size());
      continue;
    }
    while (piece.size > 0) {
      buffer.resize(std::min<uint64_t>(piece.size, kChunk));
      if (auto s = ReadExactly(*book.file, piece.source_offset, buffer.size(), buffer.data());
          !s.ok()) {
        return s;
      }
      crc = libdeflate_crc32(crc, buffer.data(), buffer.size());
      piece.source_offset += buffer.size();
      piece.size -= buffer.size();
    }
  }
  if (!Unchanged(*book.file, book.key)) return ErrnoStatus(EIO, "the source changed while open");
  return Body::Original(book.layout->Body(page), crc, bytes);
}

void PageStore::StartDrawing(const std::shared_ptr<const OpenBook>& book, const Key& key,
                             Priority priority, uint64_t leader) {
  // An earlier flight may have landed between the look into the cache and joining.
  if (cache_.Contains(key)) {
    if (Pointer body = cache_.Find(key)) {
      flights_.Complete(key, body);
      return;
    }
  }
  DrawRequest request;
  request.page = key.page;
  request.row = book->layout->document().pages[key.page];
  request.options = options_;
  request.max_payload = book->layout->Body(key.page).max_payload;
  const auto id = pool_->Draw(book->file, request, priority,
                              [this, book, key](absl::StatusOr<Drawn> drawn) {
                                flights_.Complete(key, Finish(*book, key, std::move(drawn)));
                              });
  const auto waiting = flights_.SetWork(key, leader, id);
  if (!waiting.has_value()) return;
  if (*waiting == 0) {
    pool_->Cancel(id);
  } else if (*waiting > 1) {
    pool_->Raise(id, Priority::kReader);
  }
}

absl::StatusOr<PageStore::Pointer> PageStore::Finish(const OpenBook& book, const Key& key,
                                                     absl::StatusOr<Drawn> drawn) {
  absl::Status failure = drawn.status();
  if (drawn.ok()) {
    if (!Unchanged(*book.file, book.key)) {
      return ErrnoStatus(EIO, "the source changed while the page was drawn");
    }
    auto body = Body::Drawn(book.layout->Body(key.page), std::move(drawn->payload));
    if (body.ok()) return cache_.Insert(key, *body, (*body)->memory_bytes());
    failure = body.status();
  }
  if (absl::IsCancelled(failure)) return failure;
  ++failed_;
  errors_->Report(book.path, key.page + 1, std::string(failure.message()));
  return ErrnoStatus(EIO, std::string(failure.message()));
}

PageStore::Stats PageStore::stats() const {
  Stats stats;
  stats.original = original_;
  stats.joined = flights_.stats().joined;
  stats.failed = failed_;
  stats.cache = cache_.stats();
  return stats;
}

}  // namespace cbzfs
