#include "fs/core/page_store.h"

#include <errno.h>

#include <algorithm>
#include <string>

#include "codecs/document/picture_size.h"
#include "codecs/zip/crc_force.h"
#include "fs/core/errno_status.h"
#include "fs/core/library.h"
#include "fs/core/page_recipe.h"
#include "fs/core/stored_page.h"

namespace cbzfs {

// Joins a flight, and joins again when the flight was cancelled because somebody else, the last to
// wait until then, left at the same moment.
class PageStore::Waiting : public PageStore::Wait,
                           public std::enable_shared_from_this<PageStore::Waiting> {
 public:
  Waiting(PageStore* store, std::shared_ptr<const OpenBook> book, Key key, Priority priority,
          MadeDone done)
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
      store_->Start(book_, {.key = key_, .priority = priority_, .leader = ticket.id});
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
  MadeDone done_;  // called by the one flight that lands
};

std::shared_ptr<PageStore::Wait> PageStore::Get(const std::shared_ptr<const OpenBook>& book,
                                                uint32_t page, Priority priority, Done done) {
  return GetMade(book, page, priority,
                 [done = std::move(done)](const absl::StatusOr<MadePointer>& made) mutable {
                   done(made.ok() ? absl::StatusOr<Pointer>(BodyIn(*made)) : made.status());
                 });
}

std::shared_ptr<PageStore::Wait> PageStore::GetMade(const Open& book, uint32_t page,
                                                    Priority priority, MadeDone done) {
  const PageMaker maker = MakerOf(*book->book, page);
  if (maker == PageMaker::kShared) {
    return GetMade(book->plain, book->book->row_index(page), priority, std::move(done));
  }
  const Key key{book->book->id(), page};
  if (MadePointer made = cache_.Find(key)) {
    done(std::move(made));
    return nullptr;
  }
  if (MadePointer made = FindLarge(key)) {
    done(std::move(made));
    return nullptr;
  }
  if (maker == PageMaker::kSeal) {
    auto body = Seal(*book, page);
    if (body.ok()) {
      done(KeepSeal(key, *std::move(body)));
    } else {
      done(SourceFailed(*book, body.status()));
    }
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

PageStore::MadePointer PageStore::KeepSeal(const Key& key, Pointer body) {
  // Two readers may have sealed the page at once: it counts once.
  if (!cache_.Contains(key)) ++original_;
  return Keep(key, std::move(body), absl::OkStatus());
}

PageStore::MadePointer PageStore::Keep(const Key& key, Pointer body, const absl::Status& failure) {
  const uint64_t bytes = sizeof(Made) + body->memory_bytes();
  return cache_.Insert(key, std::make_shared<const Made>(Made{std::move(body), failure}), bytes);
}

void PageStore::HoldLarge(const Key& key, MadePointer made) {
  if (cache_.Contains(key)) return;
  absl::MutexLock lock(&large_mu_);
  large_key_ = key;
  large_.swap(made);
}

PageStore::MadePointer PageStore::FindLarge(const Key& key) {
  absl::MutexLock lock(&large_mu_);
  return large_ != nullptr && large_key_ == key ? large_ : nullptr;
}

void PageStore::DropLarge(uint64_t bytes) {
  MadePointer dropped;  // freed after the lock
  absl::MutexLock lock(&large_mu_);
  if (large_ != nullptr && large_->body->memory_bytes() > bytes) dropped.swap(large_);
}

uint64_t PageStore::Restrict(uint64_t bytes) {
  DropLarge(bytes);
  return cache_.Restrict(bytes);
}

uint64_t PageStore::Trim(uint64_t bytes) {
  DropLarge(0);
  return cache_.Trim(bytes);
}

bool PageStore::Ready(const OpenBook& book, uint32_t page) const {
  const PageMaker maker = MakerOf(*book.book, page);
  if (maker == PageMaker::kShared) return Ready(*book.plain, book.book->row_index(page));
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
      crc = ExtendCrc(crc, buffer);
      continue;
    }
    while (piece.size > 0) {
      buffer.resize(std::min<uint64_t>(piece.size, kChunk));
      if (auto s = ReadExactly(*book.file, piece.source_offset, buffer.size(), buffer.data());
          !s.ok()) {
        return s;
      }
      crc = ExtendCrc(crc, buffer);
      piece.source_offset += buffer.size();
      piece.size -= buffer.size();
    }
  }
  if (!Unchanged(*book.file, book.book->key())) {
    return ErrnoStatus(EIO, "the source changed while open");
  }
  return Body::Original(layout.Body(page), crc, bytes);
}

void PageStore::Start(const Open& book, const Flight& flight) {
  const Key& key = flight.key;
  // An earlier flight may have landed between the look into the cache and joining.
  if (cache_.Contains(key)) {
    if (MadePointer made = cache_.Find(key)) {
      flights_.Complete(key, made);
      return;
    }
  }
  if (second_ != nullptr) {
    if (const auto store_key = StoreKeyOf(*book->book, key.page)) {
      return LookInSecondLevel(book, flight, *store_key);
    }
  }
  Make(book, flight);
}

void PageStore::Make(const Open& book, const Flight& flight) {
  const Key& key = flight.key;
  if (MakerOf(*book->book, key.page) == PageMaker::kPlain) return StartFromPlain(book, flight);
  auto source = SourceOf(*book, key.page);
  if (!source.ok()) {
    flights_.Complete(key, source.status());
    return;
  }
  AskForPage(book, *std::move(source), RequestFor(*book->book, key.page, options_), flight);
}

void PageStore::StartFromPlain(const Open& book, const Flight& flight) {
  const Key key = flight.key;
  {
    absl::MutexLock lock(&stages_mu_);
    stages_[key] = {.leader = flight.leader, .wait = nullptr, .priority = flight.priority};
  }
  const uint32_t row = book->book->row_index(key.page);
  auto wait = GetMade(book->plain, row, flight.priority,
                      [this, book, flight, row](absl::StatusOr<MadePointer> plain) {
                        const auto stage = TakeStage(flight.key, flight.leader);
                        if (!stage.has_value()) return;  // abandoned
                        // The plain page has said itself what was wrong.
                        if (!plain.ok()) {
                          flights_.Complete(flight.key, plain.status());
                          return;
                        }
                        Flight second = flight;
                        second.priority = stage->priority;
                        if (!(*plain)->failure.ok())
                          return AskForNotice(book, second, (*plain)->failure);
                        auto image = ImageOfPlain(*book->plain->book, row, *(*plain)->body);
                        if (!image.ok()) return Fail(book, second, image.status());
                        const DrawRequest request =
                            RequestFor(*book->book, second.key.page, options_, **image);
                        AskForPage(book, *std::move(image), request, second);
                      });
  if (wait == nullptr) return;
  {
    absl::MutexLock lock(&stages_mu_);
    const auto stage = stages_.find(key);
    if (stage != stages_.end() && stage->second.leader == flight.leader) {
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

void PageStore::Ask(std::shared_ptr<const SourceFile> source, const DrawRequest& request,
                    const Flight& flight, Answered done) {
  const auto id = pool_->Draw(std::move(source), request, flight.priority, std::move(done));
  const auto waiting = flights_.SetWork(flight.key, flight.leader, id);
  if (!waiting.has_value()) return;
  if (*waiting == 0) {
    pool_->Cancel(id);
  } else if (*waiting > 1) {
    pool_->Raise(id, Priority::kReader);
  }
}

void PageStore::AskForPage(const Open& book, std::shared_ptr<const SourceFile> source,
                           const DrawRequest& request, const Flight& flight) {
  Ask(std::move(source), request, flight, [this, book, flight](absl::StatusOr<Drawn> drawn) {
    Finish(book, flight, std::move(drawn));
  });
}

void PageStore::Finish(const Open& book, const Flight& flight, absl::StatusOr<Drawn> drawn) {
  if (!drawn.ok()) return Fail(book, flight, drawn.status());
  const Key& key = flight.key;
  if (!SourceUnchanged(*book, key.page)) {
    flights_.Complete(key, ErrnoStatus(EIO, "the source changed while the page was made"));
    return;
  }
  CountSlot(*book->book, key.page, *drawn);
  if (!drawn->note.empty()) ReportNote(*book, key.page, drawn->note);
  KeepInSecondLevel(*book, key.page, *drawn);
  auto body = BodyOf(*book->book, key.page, *std::move(drawn));
  if (!body.ok()) return Fail(book, flight, body.status());
  Recovered(key);
  MadePointer made = Keep(key, *std::move(body), absl::OkStatus());
  if (book->book->layout() == nullptr) HoldLarge(key, made);
  flights_.Complete(key, std::move(made));
}

void PageStore::CountSlot(const Book& book, uint32_t page, const Drawn& drawn) {
  // Neither an entry that was unpacked nor a stream that was taken over has a quality.
  if (drawn.quality == 0) return;
  const bool small =
      book.rendition() == Rendition::kThumbnails || book.rendition() == Rendition::kCover;
  const bool reader = book.rendition() == Rendition::kReader;
  const uint32_t asked = small    ? kThumbnailQuality
                         : reader ? book.profile().quality
                                  : options_.quality;
  absl::MutexLock lock(&slots_mu_);
  SlotStats& slots = slots_[static_cast<size_t>(book.rendition())];
  ++slots.pages;
  if (drawn.quality < asked) ++slots.lowered;
  if (drawn.softened) ++slots.softened;
  slots.bytes += book.layout()->Body(page).max_payload;
  slots.used += drawn.payload.size();
}

PageStore::Stats PageStore::stats() const {
  Stats stats;
  stats.original = original_;
  stats.joined = flights_.stats().joined;
  stats.failed = failed_;
  stats.notices = notices_;
  stats.stored = stored_;
  {
    absl::MutexLock lock(&slots_mu_);
    stats.slots = slots_;
  }
  stats.cache = cache_.stats();
  return stats;
}

}  // namespace cbzfs
