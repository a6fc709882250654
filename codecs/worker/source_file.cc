#include "codecs/worker/source_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "codecs/worker/result_file.h"

namespace cbzfs {

namespace {

absl::StatusOr<std::shared_ptr<const SourceFile>> InMemory(std::string_view bytes, uint64_t key,
                                                           SourceFormat format) {
  absl::StatusOr<UniqueFd> file = MakeResultFile(bytes.size());
  absl::Status status = file.status();
  if (status.ok()) status = WriteResult(file->get(), bytes);
  if (!status.ok()) {
    return absl::UnavailableError(absl::StrCat("a page cannot be handed on: ", status.message()));
  }
  // A worker that is somebody else's by now must not change what the next one reads.
  if (fcntl(file->get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return absl::UnavailableError("a page cannot be handed on: sealing a memfd");
  }
  return std::make_shared<const SourceFile>(file->release(), bytes.size(), key, format);
}

}  // namespace

SourceFile::~SourceFile() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<std::shared_ptr<const SourceFile>> SourceFile::OfImage(std::string_view bytes,
                                                                      uint64_t key) {
  return InMemory(bytes, key, SourceFormat::kImage);
}

absl::StatusOr<std::shared_ptr<const SourceFile>> SourceFile::OfNotice(std::string_view text,
                                                                       uint64_t key) {
  return InMemory(text, key, SourceFormat::kNotice);
}

absl::StatusOr<std::shared_ptr<const SourceFile>> SourceFile::OfSidecar(std::string_view text) {
  return InMemory(text, 0, SourceFormat::kNotice);
}

}  // namespace cbzfs
