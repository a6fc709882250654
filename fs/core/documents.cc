#include "fs/core/documents.h"

#include <errno.h>
#include <xxhash.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "codecs/document/document_codec.h"
#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

// Page tables in memory: 30 bytes a page encoded, 64 decoded. 16 MiB are the tables of 2 000 books
// of 120 pages.
constexpr uint64_t kStateBytes = 16 << 20;
constexpr uint64_t kStateOverhead = 200;
constexpr uint64_t kSizeBytes = 8 << 20;
constexpr uint64_t kSizeOverhead = 120;

// An accident is forgotten after this long, and the file is tried again.
constexpr absl::Duration kAccident = absl::Minutes(10);

// The file itself is at fault: the same would happen the next time.
bool IsLasting(const absl::Status& failure) {
  return absl::IsInvalidArgument(failure) || absl::IsPermissionDenied(failure) ||
         absl::IsNotFound(failure);
}

uint64_t ChargeOf(const Document* document) {
  if (document == nullptr) return kStateOverhead;
  uint64_t bytes = kStateOverhead + sizeof(Document) + document->pages.size() * sizeof(Page);
  for (const std::string& insert : document->inserts) bytes += insert.size();
  return bytes;
}

}  // namespace

uint64_t HashOf(const AnalyseOptions& options) {
  const std::array<uint64_t, 6> words = {kEngineVersion,
                                         options.dpi,
                                         options.quality,
                                         options.original,
                                         static_cast<uint64_t>(options.box),
                                         options.max_pages};
  return XXH3_64bits(words.data(), sizeof(words));
}

Documents::Documents(const Library* library, Index* index, WorkerPool* pool, ErrorLog* errors,
                     const AnalyseOptions& options)
    : library_(library),
      index_(index),
      pool_(pool),
      errors_(errors),
      options_(options),
      options_hash_(HashOf(options)),
      states_(kStateBytes),
      sizes_(kSizeBytes) {}

DocumentKey Documents::IndexKey(const SourceKey& key) const {
  return {key, options_hash_, kEngineVersion};
}

std::shared_ptr<const Documents::State> Documents::Remember(const SourceKey& key, State state) {
  const uint64_t charge =
      ChargeOf(state.document == nullptr ? nullptr : state.document->document.get());
  return states_.Insert(key, std::make_shared<const State>(std::move(state)), charge);
}

std::shared_ptr<const Documents::State> Documents::Recall(const std::string& path,
                                                          const SourceKey& key) {
  if (auto state = states_.Find(key)) {
    if (absl::Now() < state->until) return state;
    states_.Erase(key);
  }
  auto row = index_->FindDocument(IndexKey(key));
  if (!row.has_value()) return nullptr;
  ++hits_;
  if (!row->document.ok()) {
    const absl::Status failure = row->document.status();
    errors_->Report(path, 0, std::string(failure.message()));
    return Remember(key, {failure, nullptr});
  }
  auto document = DecodeDocument(*row->document, static_cast<uint64_t>(key.size));
  // A row that does not decode is of no use; analysing again replaces it.
  if (!document.ok()) return nullptr;
  auto known = std::make_shared<KnownDocument>();
  known->fingerprint = row->fingerprint;
  known->document = std::make_shared<const Document>(*std::move(document));
  return Remember(key, {absl::OkStatus(), std::move(known)});
}

Documents::Pointer Documents::Learn(const std::string& path, const SourceKey& key,
                                    uint64_t fingerprint, Document document) {
  index_->PutDocument(IndexKey(key), {fingerprint, EncodeDocument(document)});
  auto known = std::make_shared<KnownDocument>();
  known->fingerprint = fingerprint;
  known->document = std::make_shared<const Document>(std::move(document));
  Remember(key, {absl::OkStatus(), known});
  errors_->Clear(path);
  return known;
}

void Documents::LearnFailure(const std::string& path, const SourceKey& key, uint64_t fingerprint,
                             const absl::Status& failure) {
  if (absl::IsCancelled(failure) || absl::IsAborted(failure)) return;
  errors_->Report(path, 0, std::string(failure.message()));
  if (IsLasting(failure)) {
    index_->PutDocument(IndexKey(key), {fingerprint, failure});
    Remember(key, {failure, nullptr});
  } else {
    Remember(key, {failure, nullptr, absl::Now() + kAccident});
  }
}

std::optional<absl::StatusOr<Documents::Pointer>> Documents::Find(const std::string& path,
                                                                  const SourceKey& key) {
  auto state = Recall(path, key);
  if (state == nullptr) return std::nullopt;
  if (!state->failure.ok()) return state->failure;
  return state->document;
}

absl::StatusOr<Documents::Opened> Documents::OpenPdf(const std::string& path,
                                                     const SourceKey& key) {
  SourceKey now;
  auto file = library_->OpenFile(path, &now);
  if (!file.ok()) {
    // ENOENT and the like are no verdict on a PDF; look again, and the folder tells.
    if (ErrnoOf(file.status()) == EACCES || ErrnoOf(file.status()) == EPERM) {
      const absl::Status failure = absl::UnavailableError("cannot be read: permission denied");
      LearnFailure(path, key, 0, failure);
      return failure;
    }
    return absl::AbortedError(file.status().message());
  }
  if (now != key) return absl::AbortedError("the file changed while it was looked at");
  auto pdf = LooksLikePdf(**file);
  if (!pdf.ok()) return pdf.status();
  if (!*pdf) {
    const absl::Status failure =
        absl::InvalidArgumentError("no PDF in spite of its name: shown as it is");
    LearnFailure(path, key, 0, failure);
    return failure;
  }
  return file;
}

void Documents::Probe(const std::string& path, const SourceKey& key, Priority priority,
                      ProbeDone done) {
  if (auto known = Find(path, key)) return done(known->status());
  auto file = OpenPdf(path, key);
  if (!file.ok()) return done(file.status());
  auto opened = *file;
  pool_->Probe(opened, priority,
               [this, path, key, opened,
                done = std::move(done)](absl::StatusOr<ProbeResult> probed) mutable {
                 absl::Status opens = probed.status();
                 if (opens.ok() && probed->page_count > options_.max_pages) {
                   opens = absl::InvalidArgumentError(absl::StrCat(
                       probed->page_count, " pages are more than -o max_pages=",
                       options_.max_pages, " allows: shown as it is"));
                 }
                 if (!opens.ok()) {
                   LearnFailure(path, key, 0, opens);
                 } else if (!states_.Contains(key)) {
                   Remember(key, {absl::OkStatus(), nullptr});
                 }
                 done(opens);
               });
}

void Documents::Get(const std::string& path, const SourceKey& key, Priority priority, Done done) {
  auto known = Find(path, key);
  if (known.has_value() && (!known->ok() || **known != nullptr)) return done(*std::move(known));
  auto shared = std::make_shared<Done>(std::move(done));
  const auto ticket = flights_.Join(
      key, [shared](const absl::StatusOr<Pointer>& result) { (*shared)(result); });
  if (ticket.leader) {
    StartAnalysis(path, key, priority, ticket.id);
  } else if (ticket.work != 0) {
    pool_->Raise(ticket.work, priority);
  }
}

void Documents::StartAnalysis(const std::string& path, const SourceKey& key, Priority priority,
                              uint64_t leader) {
  // An earlier flight may have landed between the look into memory and joining.
  if (auto known = Find(path, key); known.has_value() && (!known->ok() || **known != nullptr)) {
    flights_.Complete(key, *known);
    return;
  }
  auto file = OpenPdf(path, key);
  auto fingerprint = file.ok() ? Fingerprint(**file) : file.status();
  if (!fingerprint.ok()) {
    flights_.Complete(key, fingerprint.status());
    return;
  }
  if (auto row = index_->FindByFingerprint(*fingerprint, key.size, key.mtime_ns, options_hash_,
                                           kEngineVersion);
      row.has_value() && row->document.ok()) {
    auto document = DecodeDocument(*row->document, static_cast<uint64_t>(key.size));
    if (document.ok()) {
      ++hits_;
      flights_.Complete(key, Learn(path, key, *fingerprint, *std::move(document)));
      return;
    }
  }
  const auto id = pool_->Analyse(
      *file, options_, priority,
      [this, path, key, opened = *file,
       fingerprint = *fingerprint](absl::StatusOr<Document> document) {
        if (document.ok() && !Unchanged(*opened, key)) {
          flights_.Complete(key, absl::AbortedError("the file changed while it was analysed"));
        } else if (document.ok()) {
          ++analysed_;
          flights_.Complete(key, Learn(path, key, fingerprint, *std::move(document)));
        } else {
          LearnFailure(path, key, fingerprint, document.status());
          flights_.Complete(key, document.status());
        }
      });
  const auto waiting = flights_.SetWork(key, leader, id);
  if (waiting.has_value() && *waiting > 1) pool_->Raise(id, Priority::kStat);
}

std::optional<uint64_t> Documents::FindSize(const SourceKey& key, std::string_view stem) {
  auto size = sizes_.Find({key, XXH3_64bits(stem.data(), stem.size())});
  if (size == nullptr) return std::nullopt;
  return *size;
}

void Documents::RememberSize(const SourceKey& key, std::string_view stem, uint64_t size) {
  sizes_.Insert({key, XXH3_64bits(stem.data(), stem.size())},
                std::make_shared<const uint64_t>(size), kSizeOverhead);
}

Documents::Stats Documents::stats() const {
  Stats stats;
  stats.documents = index_->stats().documents;
  stats.hits = hits_;
  stats.analysed = analysed_;
  return stats;
}

}  // namespace cbzfs
