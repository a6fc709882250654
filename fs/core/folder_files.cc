#include "fs/core/folder_files.h"

#include <errno.h>

#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fs/core/advice.h"
#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

absl::Status Changed() {
  return ErrnoStatus(EIO, "an image of the folder changed while its book was open");
}

}  // namespace

std::vector<ArchivedFile> EntriesOf(const FolderVersion& folder, const std::string& info) {
  std::vector<ArchivedFile> entries;
  entries.reserve(folder.files.size() + 1);
  if (!info.empty()) entries.push_back({.name = "ComicInfo.xml", .bytes = info.size()});
  for (const FolderVersion::File& file : folder.files) {
    entries.push_back({.name = file.entry, .bytes = static_cast<uint64_t>(file.key.size)});
  }
  return entries;
}

std::vector<ArchivedFile> FolderFiles::Entries() const { return EntriesOf(*folder_, info_); }

absl::Status FolderFiles::Failed(uint32_t entry, const absl::Status& failure) const {
  const int error = ErrnoOf(failure);
  // It went away, or is something else by now.
  for (const int gone : {ENOENT, ENOTDIR, ELOOP, ESTALE, EINVAL, EXDEV}) {
    if (error == gone) return Changed();
  }
  errors_->Report(File(entry).path, 0,
                  absl::StrCat("cannot be read: ", std::generic_category().message(error)),
                  AdviceFor(WithErrno(failure, error),
                            {.format = SourceFormat::kImage, .whole_file = true, .limits = {}}),
                  "whoever reads the book of its folder gets that error");
  return MarkReported(failure);
}

absl::StatusOr<std::shared_ptr<const SourceFile>> FolderFiles::Open(uint32_t entry) const {
  const FolderVersion::File& wanted = File(entry);
  {
    absl::MutexLock lock(&mu_);
    for (const Kept& kept : kept_) {
      if (kept.entry == entry) return kept.file;
    }
  }
  SourceKey key;
  auto file = library_->OpenFile(wanted.path, &key, SourceFormat::kImage);
  if (!file.ok()) return Failed(entry, file.status());
  if (!SameBytes(key, wanted.key)) return Changed();
  Kept old;  // closed after the lock
  absl::MutexLock lock(&mu_);
  old = std::exchange(kept_[next_], Kept{entry, *file});
  next_ = (next_ + 1) % kKept;
  return file;
}

absl::Status FolderFiles::Read(uint32_t entry, uint64_t offset, size_t size, char* out) const {
  if (const std::string* const text = Text(entry)) {
    std::memcpy(out, text->data() + offset, size);
    return absl::OkStatus();
  }
  auto file = Open(entry);
  if (!file.ok()) return file.status();
  absl::Status read = ReadExactly(**file, offset, size, out);
  if (!Unchanged(**file, File(entry).key)) return Changed();
  return read.ok() ? read : Failed(entry, read);
}

bool FolderFiles::IsCurrent(uint32_t entry) const {
  if (Text(entry) != nullptr) return true;
  const auto st = library_->StatFile(File(entry).path);
  return st.ok() && SameBytes(KeyOf(*st), File(entry).key);
}

}  // namespace cbzfs
