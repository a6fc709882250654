// What becomes of pages that cannot be made: what is said, to whom, and what a reader gets.

#include <errno.h>
#include <spdlog/spdlog.h>

#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/worker/failure.h"
#include "fs/core/errno_status.h"
#include "fs/core/library.h"
#include "fs/core/notice.h"
#include "fs/core/page_recipe.h"
#include "fs/core/page_store.h"

namespace cbzfs {
namespace {

// A library of this many pages under accidents has another problem than their lines.
constexpr size_t kMaxAccidents = 10'000;
constexpr size_t kMaxUnkeptBooks = 10'000;

constexpr char kNoticeShown[] = "whoever reads it gets a page that says so";
constexpr char kErrorGiven[] = "whoever reads it gets an error (EIO)";

PageLine LineIn(const Book& book, uint32_t page, const absl::Status& failure) {
  const absl::string_view message = failure.message();
  return LineOf(book.document(), book.format(), book.row_index(page),
                {message.data(), message.size()});
}

}  // namespace

std::string PageStore::AdviceOf(const Book& book, const absl::Status& failure) const {
  return AdviceFor(failure, {.format = book.format(), .whole_file = false, .limits = limits_});
}

void PageStore::Fail(const Open& book, const Flight& flight, const absl::Status& failure) {
  if (absl::IsCancelled(failure)) {
    flights_.Complete(flight.key, failure);
    return;
  }
  // Whatever it failed of, it was made from two versions of the source.
  if (!SourceUnchanged(*book, flight.key.page)) {
    flights_.Complete(flight.key, ErrnoStatus(EIO, "the source changed while the page was made"));
    return;
  }
  ++failed_;
  const bool notice = ShowsNotice(on_error_, failure) && CanBeNotice(*book->book, flight.key.page);
  ReportFailure(*book, flight.key, failure, notice);
  if (notice) return AskForNotice(book, flight, failure);
  flights_.Complete(flight.key, ReportedStatus(EIO, std::string(failure.message())));
}

void PageStore::AskForNotice(const Open& book, const Flight& flight, const absl::Status& failure) {
  const uint32_t page = flight.key.page;
  const PageLine line = LineIn(*book->book, page, failure);
  const std::string advice = AdviceOf(*book->book, failure);
  auto order = OrderNotice(
      *book->book, page, options_,
      NoticeText(
          {.path = book->path, .page = line.number, .reason = line.reason, .advice = advice}));
  if (!order.ok()) {
    flights_.Complete(flight.key, NoNotice(*book, page, failure, order.status()));
    return;
  }
  Ask(std::move(order->text), order->request, flight,
      [this, book, key = flight.key, failure](absl::StatusOr<Drawn> drawn) {
        flights_.Complete(key, FinishNotice(*book, key, failure, std::move(drawn)));
      });
}

absl::StatusOr<PageStore::MadePointer> PageStore::FinishNotice(const OpenBook& book, const Key& key,
                                                               const absl::Status& failure,
                                                               absl::StatusOr<Drawn> drawn) {
  if (absl::IsCancelled(drawn.status())) return drawn.status();
  if (!drawn.ok()) return NoNotice(book, key.page, failure, drawn.status());
  auto body = BodyOfNotice(*book.book, key.page, *std::move(drawn));
  if (!body.ok()) return NoNotice(book, key.page, failure, body.status());
  if (!SourceUnchanged(book, key.page)) {
    return ErrnoStatus(EIO, "the source changed while the page was made");
  }
  ++notices_;
  if (LiesInThePage(failure)) return Keep(key, *std::move(body), failure);
  {
    absl::MutexLock lock(&accidents_mu_);
    if (unkept_books_.size() < kMaxUnkeptBooks) unkept_books_.insert(key.book);
  }
  return std::make_shared<const Made>(Made{*std::move(body), failure});
}

absl::Status PageStore::NoNotice(const OpenBook& book, uint32_t page, const absl::Status& failure,
                                 const absl::Status& why) {
  spdlog::warn("{}, page {}: no page that says so could be drawn either: {}; {}", Escape(book.path),
               book.book->row_index(page) + 1, Escape(std::string(why.message())), kErrorGiven);
  return ReportedStatus(EIO, std::string(failure.message()));
}

void PageStore::ReportFailure(const OpenBook& book, const Key& key, const absl::Status& failure,
                              bool notice) {
  const PageLine line = LineIn(*book.book, key.page, failure);
  // One line for a page, however often something else befalls it.
  std::optional<Accident> before = TakeAccident(key);
  if (before.has_value() && (before->path != book.path || before->line.reason != line.reason)) {
    errors_->Withdraw(before->path, before->line.number, before->line.reason);
  }
  if (!LiesInThePage(failure)) {
    absl::MutexLock lock(&accidents_mu_);
    if (accidents_.size() < kMaxAccidents) accidents_[key] = {book.path, line};
  }
  errors_->Report(book.path, line.number, line.reason, AdviceOf(*book.book, failure),
                  notice ? kNoticeShown : kErrorGiven);
}

void PageStore::ReportNote(const OpenBook& book, uint32_t page, const std::string& note) {
  const PageLine line =
      LineOf(book.book->document(), book.book->format(), book.book->row_index(page), note);
  errors_->Report(book.path, line.number, line.reason, AdviceForNote(note, book.book->format()));
}

std::optional<PageStore::Accident> PageStore::TakeAccident(const Key& key) {
  absl::MutexLock lock(&accidents_mu_);
  auto node = accidents_.extract(key);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

void PageStore::Recovered(const Key& key) {
  const std::optional<Accident> was = TakeAccident(key);
  if (!was.has_value()) return;
  errors_->Withdraw(was->path, was->line.number, was->line.reason);
  spdlog::info("{}, page {}: could be made after all", Escape(was->path), was->line.number);
}

bool PageStore::MayBeKept(const Book& book) const {
  absl::MutexLock lock(&accidents_mu_);
  return unkept_books_.size() < kMaxUnkeptBooks && !unkept_books_.contains(book.id());
}

absl::Status PageStore::SourceFailed(const OpenBook& book, const absl::Status& failure) {
  // Those of a folder have said it themselves.
  if (book.files != nullptr || !Unchanged(*book.file, book.book->key())) return failure;
  const int error = ErrnoOf(failure);
  errors_->Report(book.path, 0,
                  absl::StrCat("cannot be read: ", std::generic_category().message(error)),
                  AdviceFor(WithErrno(failure, error),
                            {.format = book.book->format(), .whole_file = true, .limits = limits_}),
                  "whoever reads it gets that error");
  return MarkReported(failure);
}

}  // namespace cbzfs
