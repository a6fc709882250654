#include "fs/core/documents.h"

#include <errno.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "codecs/document/document_codec.h"
#include "codecs/document/format_names.h"
#include "codecs/worker/failure.h"
#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

// Page tables in memory: 30 bytes a page encoded, 64 decoded. 16 MiB are the tables of 2 000 books
// of 120 pages.
constexpr uint64_t kStateBytes = 16 << 20;
constexpr uint64_t kStateOverhead = 200;
// An accident is forgotten after this long, and the file is tried again.
constexpr absl::Duration kAccident = absl::Minutes(10);

uint64_t ChargeOf(const Document* document) {
  if (document == nullptr) return kStateOverhead;
  uint64_t bytes = kStateOverhead + sizeof(Document) + document->pages.size() * sizeof(Page) +
                   document->info.memory_bytes();
  for (const PageMark& mark : document->marks) {
    bytes += sizeof(PageMark) + mark.bookmark.size() + mark.label.size();
  }
  for (const std::string& insert : document->inserts) bytes += insert.size();
  for (const ArchiveEntry& entry : document->entries) {
    bytes += sizeof(ArchiveEntry) + entry.name.size();
  }
  for (const Note& note : document->notes) bytes += sizeof(Note) + note.text.size();
  return bytes;
}

}  // namespace

PageLine LineOf(const Document& document, SourceFormat format, uint32_t row,
                std::string_view reason) {
  PageLine line{format == SourceFormat::kImage ? 0 : row + 1, std::string(reason)};
  if (row < document.entries.size()) {
    line.reason = absl::StrCat(document.entries[row].name, ": ", line.reason);
  }
  return line;
}

uint64_t HashOf(const EnhanceOptions& options) {
  const std::array<uint64_t, 6> words = {options.on,
                                         std::bit_cast<uint64_t>(options.curve),
                                         std::bit_cast<uint64_t>(options.gamma),
                                         std::bit_cast<uint32_t>(options.brightness),
                                         std::bit_cast<uint32_t>(options.contrast),
                                         std::bit_cast<uint64_t>(options.cutoff)};
  return XXH3_64bits(words.data(), sizeof(words));
}

uint64_t HashOf(const AnalyseOptions& options) {
  // The enhancement counts only where it is wanted: its options change no byte of the other views.
  const std::array<uint64_t, 7> words = {kEngineVersion,
                                         options.dpi,
                                         options.quality,
                                         options.original,
                                         static_cast<uint64_t>(options.box),
                                         options.max_pages,
                                         options.enhanced ? HashOf(options.enhance) : 0};
  return XXH3_64bits(words.data(), sizeof(words));
}

Documents::Documents(const Library* library, Index* index, WorkerPool* pool, ErrorLog* errors,
                     const AnalyseOptions& options, const AdviceLimits& limits)
    : library_(library),
      index_(index),
      pool_(pool),
      errors_(errors),
      options_(options),
      limits_(limits),
      states_(kStateBytes) {}

uint64_t Documents::OptionsHash(const DocumentRef& ref) const {
  AnalyseOptions options = options_;
  options.enhanced = ref.enhanced;
  const std::array<uint64_t, 3> words = {HashOf(options), static_cast<uint64_t>(ref.format),
                                         HashOf(ref.sidecar)};
  return XXH3_64bits(words.data(), sizeof(words));
}

DocumentKey Documents::IndexKey(const DocumentRef& ref) const {
  return {ref.key, OptionsHash(ref), kEngineVersion};
}

std::shared_ptr<const Documents::State> Documents::Remember(const DocumentRef& ref, State state) {
  const uint64_t charge =
      ChargeOf(state.document == nullptr ? nullptr : state.document->document.get());
  return states_.Insert(ref, std::make_shared<const State>(std::move(state)), charge);
}

// A ZIP without images is no broken comic but another kind of file: not worth a line.
void Documents::Report(const std::string& path, SourceFormat format, const absl::Status& failure) {
  if (absl::IsNotFound(failure) && FormatOfName(path) != SourceFormat::kPdf) return;
  errors_->Report(path, 0, std::string(failure.message()),
                  AdviceFor(failure, {.format = format, .whole_file = true, .limits = limits_}));
}

void Documents::ReportNotes(const std::string& path, SourceFormat format,
                            const Document& document) {
  for (const Note& note : document.notes) {
    const std::string advice = AdviceForNote(note.text, format);
    if (note.page == Note::kWholeFile) {
      errors_->Report(path, 0, note.text, advice);
      continue;
    }
    const PageLine line = LineOf(document, format, note.page, note.text);
    errors_->Report(path, line.number, line.reason, advice);
  }
}

std::shared_ptr<const Documents::State> Documents::Recall(const std::string& path,
                                                          const DocumentRef& ref) {
  if (auto state = states_.Find(ref)) {
    if (absl::Now() < state->until) return state;
    states_.Erase(ref);
  }
  auto row = index_->FindDocument(IndexKey(ref));
  if (!row.has_value()) return nullptr;
  ++hits_;
  if (!row->document.ok()) {
    const absl::Status failure = row->document.status();
    // A mount that had not the passwords of this one found that.
    if (absl::IsPermissionDenied(failure) && library_->HasPasswordFor(path)) return nullptr;
    Report(path, ref.format, failure);
    return Remember(ref, {failure, nullptr});
  }
  auto document = DecodeDocument(*row->document, static_cast<uint64_t>(ref.key.size));
  // A row that does not decode is of no use; analysing again replaces it.
  if (!document.ok()) return nullptr;
  ReportNotes(path, ref.format, *document);
  auto known = std::make_shared<KnownDocument>();
  known->fingerprint = row->fingerprint;
  known->document = std::make_shared<const Document>(*std::move(document));
  return Remember(ref, {absl::OkStatus(), std::move(known)});
}

Documents::Pointer Documents::Learn(const std::string& path, const DocumentRef& ref,
                                    uint64_t fingerprint, Document document) {
  // Of what takes a password nothing is written down, and whoever has it not shall not be told that
  // the file opens.
  if (!document.locked) {
    index_->PutDocument(IndexKey(ref), {fingerprint, EncodeDocument(document)});
  }
  auto known = std::make_shared<KnownDocument>();
  known->fingerprint = fingerprint;
  // The other table of the same version is no news that would take back what was said of pages.
  DocumentRef other = ref;
  other.enhanced = !ref.enhanced;
  if (!states_.Contains(other)) errors_->Clear(path);
  ReportNotes(path, ref.format, document);
  known->document = std::make_shared<const Document>(std::move(document));
  Remember(ref, {absl::OkStatus(), known});
  return known;
}

void Documents::LearnFailure(const std::string& path, const DocumentRef& ref, uint64_t fingerprint,
                             const absl::Status& failure) {
  if (absl::IsCancelled(failure) || absl::IsAborted(failure)) return;
  Report(path, ref.format, failure);
  if (LiesInTheFile(failure)) {
    index_->PutDocument(IndexKey(ref), {fingerprint, failure});
    Remember(ref, {failure, nullptr});
  } else {
    Remember(ref, {failure, nullptr, absl::Now() + kAccident});
  }
}

std::optional<absl::StatusOr<Documents::Pointer>> Documents::Find(const std::string& path,
                                                                  const DocumentRef& ref) {
  auto state = Recall(path, ref);
  if (state != nullptr && state->failure.ok()) return state->document;
  if (state != nullptr) return state->failure;
  if (!ref.enhanced) return std::nullopt;
  // Whether the file opens is known from the plain table as well.
  DocumentRef plain = ref;
  plain.enhanced = false;
  state = Recall(path, plain);
  if (state == nullptr) return std::nullopt;
  if (!state->failure.ok()) return state->failure;
  return Pointer();
}

absl::StatusOr<Documents::Opened> Documents::OpenSource(const std::string& path,
                                                        const DocumentRef& ref) {
  SourceKey now;
  auto file = library_->OpenFile(path, &now, ref.format);
  if (!file.ok()) {
    // ENOENT and the like are no verdict on a comic; look again, and the folder tells.
    if (ErrnoOf(file.status()) == EACCES || ErrnoOf(file.status()) == EPERM) {
      const absl::Status failure = WithErrno(
          absl::UnavailableError("cannot be read: permission denied"), ErrnoOf(file.status()));
      LearnFailure(path, ref, 0, failure);
      return failure;
    }
    return absl::AbortedError(file.status().message());
  }
  if (now != ref.key) return absl::AbortedError("the file changed while it was looked at");
  // Most of the files that are called ZIPs are, and this is nothing to tell anybody.
  if (ref.format == SourceFormat::kMisnamed && (*file)->format() != SourceFormat::kPacked) {
    const absl::Status failure = absl::NotFoundError("nothing that would have to be repacked");
    LearnFailure(path, ref, 0, failure);
    return failure;
  }
  if (ref.format != SourceFormat::kPdf) return file;
  auto pdf = LooksLikePdf(**file);
  if (!pdf.ok()) return pdf.status();
  if (!*pdf) {
    const absl::Status failure =
        absl::InvalidArgumentError("no PDF in spite of its name: shown as it is");
    LearnFailure(path, ref, 0, failure);
    return failure;
  }
  return file;
}

void Documents::Probe(const std::string& path, const DocumentRef& wanted, Priority priority,
                      ProbeDone done) {
  if (auto known = Find(path, wanted)) return done(known->status());
  // Whether a file opens is the same for both tables: Find() looks there for either.
  DocumentRef ref = wanted;
  ref.enhanced = false;
  auto file = OpenSource(path, ref);
  if (!file.ok()) return done(file.status());
  auto opened = *file;
  pool_->Probe(opened, priority,
               [this, path, ref, opened,
                done = std::move(done)](absl::StatusOr<ProbeResult> probed) mutable {
                 absl::Status opens = probed.status();
                 if (opens.ok() && probed->page_count > options_.max_pages) {
                   opens = absl::InvalidArgumentError(absl::StrCat(
                       probed->page_count, " pages are more than -o max_pages=", options_.max_pages,
                       " allows: shown as it is"));
                 }
                 if (!opens.ok()) {
                   LearnFailure(path, ref, 0, opens);
                 } else if (!states_.Contains(ref)) {
                   Remember(ref, {absl::OkStatus(), nullptr});
                 }
                 done(opens);
               });
}

void Documents::Get(const std::string& path, const DocumentRef& ref, Priority priority, Done done) {
  auto known = Find(path, ref);
  if (known.has_value() && (!known->ok() || **known != nullptr)) return done(*std::move(known));
  auto shared = std::make_shared<Done>(std::move(done));
  const auto ticket =
      flights_.Join(ref, [shared](const absl::StatusOr<Pointer>& result) { (*shared)(result); });
  if (ticket.leader) {
    StartAnalysis(path, ref, priority, ticket.id);
  } else if (ticket.work != 0) {
    pool_->Raise(ticket.work, priority);
  }
}

absl::StatusOr<Documents::Opened> Documents::OpenSidecar(const std::string& path,
                                                         const DocumentRef& ref) {
  if (ref.sidecar == nullptr) return Opened();
  auto opened = ReadSidecarFile(*library_, path, ref.sidecar);
  if (opened.ok() || absl::IsAborted(opened.status())) return opened;
  errors_->Report(path, 0, std::string(opened.status().message()),
                  "make it readable; until then the comic is shown without what it says");
  return Opened();
}

void Documents::StartAnalysis(const std::string& path, const DocumentRef& ref, Priority priority,
                              uint64_t leader) {
  // An earlier flight may have landed between the look into memory and joining.
  if (auto known = Find(path, ref); known.has_value() && (!known->ok() || **known != nullptr)) {
    flights_.Complete(ref, *known);
    return;
  }
  auto file = OpenSource(path, ref);
  auto fingerprint = file.ok() ? Fingerprint(**file) : file.status();
  auto sidecar = OpenSidecar(path, ref);
  if (fingerprint.ok() && !sidecar.ok()) fingerprint = sidecar.status();
  if (!fingerprint.ok()) {
    flights_.Complete(ref, fingerprint.status());
    return;
  }
  if (auto row = index_->FindByFingerprint(*fingerprint, ref.key.size, ref.key.mtime_ns,
                                           OptionsHash(ref), kEngineVersion);
      row.has_value() && row->document.ok()) {
    auto document = DecodeDocument(*row->document, static_cast<uint64_t>(ref.key.size));
    if (document.ok()) {
      ++hits_;
      flights_.Complete(ref, Learn(path, ref, *fingerprint, *std::move(document)));
      return;
    }
  }
  AnalyseOptions options = options_;
  options.enhanced = ref.enhanced;
  const auto id = pool_->Analyse(
      *file, {.options = options, .sidecar = *std::move(sidecar)}, priority,
      [this, path, ref, opened = *file,
       fingerprint = *fingerprint](absl::StatusOr<Document> document) {
        if (document.ok() && !Unchanged(*opened, ref.key)) {
          flights_.Complete(ref, absl::AbortedError("the file changed while it was analysed"));
        } else if (document.ok()) {
          ++analysed_;
          flights_.Complete(ref, Learn(path, ref, fingerprint, *std::move(document)));
        } else {
          LearnFailure(path, ref, fingerprint, document.status());
          flights_.Complete(ref, document.status());
        }
      });
  const auto waiting = flights_.SetWork(ref, leader, id);
  if (waiting.has_value() && *waiting > 1) pool_->Raise(id, Priority::kStat);
}

Documents::Stats Documents::stats() const {
  Stats stats;
  stats.documents = index_->stats().documents;
  stats.hits = hits_;
  stats.analysed = analysed_;
  return stats;
}

}  // namespace cbzfs
