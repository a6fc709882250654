#include "fs/core/page_store.h"

#include <errno.h>
#include <libdeflate.h>

#include <algorithm>
#include <string>

#include "codecs/document/picture_size.h"
#include "fs/core/errno_status.h"
#include "fs/core/library.h"
#include "fs/core/page_recipe.h"

namespace cbzfs {

std::shared_ptr<const OpenBook> HoldOpen(std::string path, std::shared_ptr<const SourceFile> file,
                                         std::shared_ptr<const Book> book) {
  auto open = std::make_shared<OpenBook>();
  if (book->plain() != nullptr) {
    open->plain = std::make_shared<OpenBook>(OpenBook{path, file, book->plain(), nullptr});
  }
  open->path = std::move(path);
  open->file = std::move(file);
  open->book = std::move(book);
  return open;
}

// Joins a flight, and joins again when the flight was cancelled because somebody else, the last to
// wait until then, left at the same moment.
class PageStore::Waiting : public PageStore::Wait,
                           public std::enable_shared_from_this<PageStore::Waiting> {
 public:
  Waiting(PageStore* store, std::shared_ptr<const OpenBook> book, Key key, Priority priority,
          Done done)
      : store_(store),
        book_(std::move(book)),
        key_(key),
        priority_(priority),
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
      store_->Start(book_, key_, priority_, ticket.id);
    } else if (ticket.work != 0) {
      store_->pool_->Raise(ticket.work, priority_);
    } else {
      store_->RaiseStage(book_, key_, priority_);
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
    if (left.result == LeaveResult::kLast) store_->Abandon(key_, left.work);
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
  const Key key{book->book->id(), page};
  if (Pointer body = cache_.Find(key)) {
    done(std::move(body));
    return nullptr;
  }
  if (MakerOf(*book->book, page) == PageMaker::kSeal) {
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
  const Key key{book.book->id(), page};
  if (cache_.Contains(key)) return;
  auto body =
      Body::Original(book.book->layout()->Body(page), data_crc, book.book->row(page).source_bytes);
  KeepSeal(key, std::move(body));
}

PageStore::Pointer PageStore::KeepSeal(const Key& key, Pointer body) {
  // Two readers may have sealed the page at once: it counts once.
  if (!cache_.Contains(key)) ++original_;
  const uint64_t bytes = body->memory_bytes();
  return cache_.Insert(key, std::move(body), bytes);
}

bool PageStore::Ready(const OpenBook& book, uint32_t page) const {
  const PageMaker maker = MakerOf(*book.book, page);
  return maker == PageMaker::kSeal || maker == PageMaker::kNobody ||
         cache_.Contains({book.book->id(), page});
}

absl::StatusOr<PageStore::Pointer> PageStore::Seal(const OpenBook& book, uint32_t page) {
  constexpr size_t kChunk = 256 << 10;
  std::string buffer;
  uint32_t crc = 0;
  uint64_t bytes = 0;
  const Layout& layout = *book.book->layout();
  for (Piece piece : layout.OriginalData(page)) {
    bytes += piece.size;
    if (piece.kind == Piece::Kind::kLiteral) {
      buffer.resize(piece.size);
      layout.ReadLiteral(piece, buffer.data());
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
  if (!Unchanged(*book.file, book.book->key())) {
    return ErrnoStatus(EIO, "the source changed while open");
  }
  return Body::Original(layout.Body(page), crc, bytes);
}

void PageStore::Start(const Open& book, const Key& key, Priority priority, uint64_t leader) {
  // An earlier flight may have landed between the look into the cache and joining.
  if (cache_.Contains(key)) {
    if (Pointer body = cache_.Find(key)) {
      flights_.Complete(key, body);
      return;
    }
  }
  if (MakerOf(*book->book, key.page) == PageMaker::kPlain) {
    return StartFromPlain(book, key, priority, leader);
  }
  Ask(book, book->file, RequestFor(*book->book, key.page, options_), key, priority, leader);
}

void PageStore::StartFromPlain(const Open& book, const Key& key, Priority priority,
                               uint64_t leader) {
  {
    absl::MutexLock lock(&stages_mu_);
    stages_[key] = {.leader = leader, .wait = nullptr, .priority = priority};
  }
  const uint32_t row = book->book->row_index(key.page);
  auto wait = Get(
      book->plain, row, priority, [this, book, key, row, leader](absl::StatusOr<Pointer> plain) {
        const auto stage = TakeStage(key, leader);
        if (!stage.has_value()) return;  // abandoned
        // The plain page has said itself what was wrong.
        if (!plain.ok()) {
          flights_.Complete(key, plain.status());
          return;
        }
        auto image = ImageOfPlain(*book->plain->book, row, **plain);
        if (!image.ok()) {
          flights_.Complete(key, Failed(*book, key.page, image.status()));
          return;
        }
        const DrawRequest request = RequestFor(*book->book, key.page, options_, **image);
        Ask(book, *std::move(image), request, key, stage->priority, leader);
      });
  if (wait == nullptr) return;
  {
    absl::MutexLock lock(&stages_mu_);
    const auto stage = stages_.find(key);
    if (stage != stages_.end() && stage->second.leader == leader) {
      stage->second.wait = std::move(wait);
      return;
    }
  }
  wait->Leave();  // it came, or all left meanwhile
}

std::optional<PageStore::Stage> PageStore::TakeStage(const Key& key, uint64_t leader) {
  absl::MutexLock lock(&stages_mu_);
  const auto found = stages_.find(key);
  if (found == stages_.end() || (leader != 0 && found->second.leader != leader)) {
    return std::nullopt;
  }
  Stage stage = std::move(found->second);
  stages_.erase(found);
  return stage;
}

void PageStore::RaiseStage(const Open& book, const Key& key, Priority priority) {
  {
    absl::MutexLock lock(&stages_mu_);
    const auto stage = stages_.find(key);
    if (stage == stages_.end() || stage->second.priority <= priority) return;
    stage->second.priority = priority;
  }
  // Joining the plain page's flight in a hurry raises it; the stage goes on waiting.
  auto wait = Get(book->plain, book->book->row_index(key.page), priority,
                  [](const absl::StatusOr<Pointer>&) {});
  if (wait != nullptr) wait->Leave();
}

void PageStore::Abandon(const Key& key, uint64_t work) {
  if (work != 0) return pool_->Cancel(work);
  // Not at a worker yet. Without a stage the leader is just about to ask one, and is told then.
  const auto stage = TakeStage(key, 0);
  if (!stage.has_value()) return;
  if (stage->wait != nullptr) stage->wait->Leave();
  flights_.Complete(key, absl::CancelledError("nobody waits any more"));
}

void PageStore::Ask(const Open& book, std::shared_ptr<const SourceFile> source,
                    const DrawRequest& request, const Key& key, Priority priority,
                    uint64_t leader) {
  const auto id = pool_->Draw(std::move(source), request, priority,
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
  if (!drawn.ok()) return Failed(book, key.page, drawn.status());
  if (!Unchanged(*book.file, book.book->key())) {
    return ErrnoStatus(EIO, "the source changed while the page was made");
  }
  CountSlot(*book.book, key.page, *drawn);
  if (!drawn->note.empty()) Report(book, key.page, drawn->note);
  auto body = BodyOf(*book.book, key.page, *std::move(drawn));
  if (!body.ok()) return Failed(book, key.page, body.status());
  return cache_.Insert(key, *body, (*body)->memory_bytes());
}

void PageStore::CountSlot(const Book& book, uint32_t page, const Drawn& drawn) {
  // Neither an entry that was unpacked nor a stream that was taken over has a quality.
  if (drawn.quality == 0) return;
  const bool small =
      book.rendition() == Rendition::kThumbnails || book.rendition() == Rendition::kCover;
  const uint32_t asked = small ? kThumbnailQuality : options_.quality;
  absl::MutexLock lock(&slots_mu_);
  SlotStats& slots = slots_[static_cast<size_t>(book.rendition())];
  ++slots.pages;
  if (drawn.quality < asked) ++slots.lowered;
  if (drawn.softened) ++slots.softened;
  slots.bytes += book.layout()->Body(page).max_payload;
  slots.used += drawn.payload.size();
}

void PageStore::Report(const OpenBook& book, uint32_t page, const std::string& reason) {
  const PageLine line =
      LineOf(book.book->document(), book.book->format(), book.book->row_index(page), reason);
  errors_->Report(book.path, line.number, line.reason);
}

absl::Status PageStore::Failed(const OpenBook& book, uint32_t page, const absl::Status& failure) {
  if (absl::IsCancelled(failure)) return failure;
  ++failed_;
  Report(book, page, std::string(failure.message()));
  return ReportedStatus(EIO, std::string(failure.message()));
}

PageStore::Stats PageStore::stats() const {
  Stats stats;
  stats.original = original_;
  stats.joined = flights_.stats().joined;
  stats.failed = failed_;
  {
    absl::MutexLock lock(&slots_mu_);
    stats.slots = slots_;
  }
  stats.cache = cache_.stats();
  return stats;
}

}  // namespace cbzfs
