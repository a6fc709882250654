#include "fs/core/read_ahead.h"

#include <algorithm>
#include <utility>

namespace cbzfs {

ReadAhead::~ReadAhead() {
  for (auto& [page, wait] : waits_) {
    if (wait != nullptr) wait->Leave();
  }
}

void ReadAhead::Follow(const std::shared_ptr<const OpenBook>& book, uint32_t page) {
  if (pages_ == 0) return;
  const uint32_t pages = book->book->page_count();
  std::map<uint32_t, std::shared_ptr<PageStore::Wait>> stale;
  uint32_t begin, end;
  {
    absl::MutexLock lock(&mu_);
    // The kernel reads ahead with several requests at once, which arrive in any order: a page or
    // two back or forth is still the same reader reading on.
    const bool same_place = last_page_ != UINT32_MAX && page + 2 >= last_page_;
    if (same_place && page <= last_page_) return;
    const bool reads_on = same_place && page <= last_page_ + 2;
    if (!reads_on) {
      // Jumped: what was asked for ahead of the old place is no longer wanted.
      stale.swap(waits_);
      ahead_ = page + 1;
    }
    last_page_ = page;
    begin = std::max(ahead_, page + 1);
    end = reads_on ? std::min(pages, page + 1 + pages_) : begin;
    ahead_ = std::max(begin, end);
  }
  for (auto& [old, wait] : stale) {
    if (wait != nullptr) wait->Leave();
  }
  for (uint32_t next = begin; next < end; ++next) Make(book, next);
}

void ReadAhead::Make(const std::shared_ptr<const OpenBook>& book, uint32_t page) {
  if (store_->Ready(*book, page)) return;
  {
    absl::MutexLock lock(&mu_);
    waits_.try_emplace(page);
  }
  auto wait =
      store_->Get(book, page, Priority::kReadAhead,
                  [weak = weak_from_this(), page](const absl::StatusOr<PageStore::Pointer>&) {
                    if (const auto self = weak.lock()) self->Made(page);
                  });
  absl::MutexLock lock(&mu_);
  const auto entry = waits_.find(page);
  if (entry != waits_.end()) entry->second = std::move(wait);
}

void ReadAhead::Made(uint32_t page) {
  std::shared_ptr<PageStore::Wait> made;  // freed after the lock, and with it perhaps the book
  absl::MutexLock lock(&mu_);
  const auto entry = waits_.find(page);
  if (entry == waits_.end()) return;
  made = std::move(entry->second);
  waits_.erase(entry);
}

}  // namespace cbzfs
