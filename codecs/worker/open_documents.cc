#include "codecs/worker/open_documents.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace cbzfs {

void OpenDocuments::Unmap::operator()(uint8_t* data) const { munmap(data, bytes); }

void OpenDocuments::MakeRoom(uint64_t bytes) {
  uint64_t mapped = 0;
  for (const Entry& entry : documents_) mapped += entry.bytes;
  while (!documents_.empty() &&
         (documents_.size() >= kMaxDocuments || mapped + bytes > kMaxMappedBytes)) {
    mapped -= documents_.back().bytes;
    documents_.pop_back();
  }
}

absl::StatusOr<Pdf*> OpenDocuments::Get(uint64_t key, uint64_t bytes, UniqueFd source) {
  const auto found = std::find_if(documents_.begin(), documents_.end(), [&](const Entry& entry) {
    return entry.key == key && entry.bytes == bytes;
  });
  if (found != documents_.end()) {
    documents_.splice(documents_.begin(), documents_, found);
    return documents_.front().pdf.get();
  }
  struct stat info;
  if (fstat(source.get(), &info) != 0) return absl::InternalError("the source cannot be examined");
  if (static_cast<uint64_t>(info.st_size) < bytes) {
    return absl::DataLossError("the file became shorter while it was open");
  }
  if (bytes == 0) return absl::InvalidArgumentError("the file is empty");
  MakeRoom(bytes);
  void* const data = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, source.get(), 0);
  if (data == MAP_FAILED) return absl::ResourceExhaustedError("the file is too large to be mapped");
  std::unique_ptr<uint8_t, Unmap> mapping(static_cast<uint8_t*>(data), Unmap{bytes});
  absl::StatusOr<std::unique_ptr<Pdf>> pdf =
      Pdf::Open(engine_, absl::MakeConstSpan(mapping.get(), bytes));
  if (!pdf.ok()) return pdf.status();
  documents_.push_front({key, bytes, std::move(mapping), *std::move(pdf)});
  return documents_.front().pdf.get();
}

}  // namespace cbzfs
