#include "codecs/worker/open_sources.h"

#include <algorithm>
#include <utility>

#include "codecs/comic/archive_comic.h"
#include "codecs/comic/packed_comic.h"

namespace cbzfs {

OpenSources::Source OpenSources::Entry::Lend() const {
  return {mapping.bytes(), pdf.get(), paged.get(), archive.get(), notice};
}

void OpenSources::MakeRoom(uint64_t bytes) {
  uint64_t mapped = 0;
  for (const Entry& entry : sources_) mapped += entry.key.bytes;
  while (!sources_.empty() &&
         (sources_.size() >= kMaxSources || mapped + bytes > kMaxMappedBytes)) {
    mapped -= sources_.back().key.bytes;
    sources_.pop_back();
  }
}

absl::Status OpenSources::Open(Entry* entry, absl::Span<const std::string> passwords) {
  const absl::Span<const uint8_t> file = entry->Lend().file;
  switch (entry->key.format) {
    case SourceFormat::kPdf: {
      absl::StatusOr<std::unique_ptr<Pdf>> pdf = Pdf::Open(engines_.pdf, file, passwords);
      if (!pdf.ok()) return pdf.status();
      entry->pdf = *std::move(pdf);
      return absl::OkStatus();
    }
    case SourceFormat::kXps:
    case SourceFormat::kEpub: {
      absl::StatusOr<std::unique_ptr<PagedDocument>> paged =
          PagedDocument::Open(engines_.pdf, file, entry->key.format);
      if (!paged.ok()) return paged.status();
      entry->paged = *std::move(paged);
      return absl::OkStatus();
    }
    case SourceFormat::kArchive: {
      absl::StatusOr<std::unique_ptr<ArchiveComic>> archive =
          ArchiveComic::Open(file, engines_.charsets);
      if (!archive.ok()) return archive.status();
      entry->archive = *std::move(archive);
      return absl::OkStatus();
    }
    case SourceFormat::kPacked: {
      absl::StatusOr<std::unique_ptr<PackedComic>> packed =
          PackedComic::Open(file, engines_.charsets);
      if (!packed.ok()) return packed.status();
      entry->archive = *std::move(packed);
      return absl::OkStatus();
    }
    case SourceFormat::kMisnamed:
    case SourceFormat::kFolder:
      break;
    case SourceFormat::kImage:
      return absl::OkStatus();
    case SourceFormat::kNotice:
      entry->notice = engines_.pdf;
      return absl::OkStatus();
  }
  return absl::InternalError("an unknown kind of source");
}

absl::StatusOr<OpenSources::Source> OpenSources::Get(const Key& key, UniqueFd source,
                                                     absl::Span<const std::string> passwords) {
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  if (found != sources_.end()) {
    sources_.splice(sources_.begin(), sources_, found);
    return sources_.front().Lend();
  }
  // What is looked at once shall push nothing out that would have to be opened again.
  if (!sources_.empty() && IsLookedAtOnce(sources_.front().key.format)) {
    sources_.pop_front();
  }
  MakeRoom(key.bytes);
  absl::StatusOr<MappedFile> mapped = MappedFile::Map(source.get(), key.bytes);
  if (!mapped.ok()) return mapped.status();
  Entry entry{.key = key, .mapping = *std::move(mapped)};
  if (absl::Status status = Open(&entry, passwords); !status.ok()) return status;
  sources_.push_front(std::move(entry));
  return sources_.front().Lend();
}

}  // namespace cbzfs
