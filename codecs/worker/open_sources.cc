#include "codecs/worker/open_sources.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cbzfs {

void OpenSources::Unmap::operator()(uint8_t* data) const { munmap(data, bytes); }

OpenSources::Source OpenSources::Entry::Lend() const {
  return {absl::MakeConstSpan(mapping.get(), key.bytes), pdf.get(), archive.get(), notice};
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
    case SourceFormat::kArchive: {
      absl::StatusOr<std::unique_ptr<ArchiveComic>> archive =
          ArchiveComic::Open(file, engines_.charsets);
      if (!archive.ok()) return archive.status();
      entry->archive = *std::move(archive);
      return absl::OkStatus();
    }
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
  // Not fstat, which is a call that could name any path (newfstatat): the sandbox has none.
  const off_t size = lseek(source.get(), 0, SEEK_END);
  // Of a network or a disk, not of the file: it may be there again.
  if (size < 0)
    return absl::UnavailableError(absl::StrCat("the source cannot be read: ", strerror(errno)));
  if (static_cast<uint64_t>(size) < key.bytes) {
    return absl::DataLossError("the file became shorter while it was open");
  }
  if (key.bytes == 0) return absl::InvalidArgumentError("the file is empty");
  // What is looked at once shall push nothing out that would have to be opened again.
  if (!sources_.empty() && IsLookedAtOnce(sources_.front().key.format)) {
    sources_.pop_front();
  }
  MakeRoom(key.bytes);
  void* const data = mmap(nullptr, key.bytes, PROT_READ, MAP_PRIVATE, source.get(), 0);
  if (data == MAP_FAILED && errno != ENOMEM) {
    return absl::UnavailableError(absl::StrCat("the source cannot be mapped: ", strerror(errno)));
  }
  if (data == MAP_FAILED) return absl::ResourceExhaustedError("the file is too large to be mapped");
  Entry entry{
      .key = key,
      .mapping = std::unique_ptr<uint8_t, Unmap>(static_cast<uint8_t*>(data), Unmap{key.bytes})};
  if (absl::Status status = Open(&entry, passwords); !status.ok()) return status;
  sources_.push_front(std::move(entry));
  return sources_.front().Lend();
}

}  // namespace cbzfs
