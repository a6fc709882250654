#include "fs/core/folder_version.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codecs/zip/comic_info.h"
#include "codecs/zip/file_archive.h"
#include "fs/core/errno_status.h"
#include "fs/core/folder_contents.h"

namespace cbzfs {
namespace {

constexpr size_t kMostLeftOut = 10'000;

// XXH3 of numbers and texts, the same on every host.
class Hash {
 public:
  Hash() : state_(XXH3_createState()) { XXH3_64bits_reset(state_); }
  ~Hash() { XXH3_freeState(state_); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  void Add(uint64_t number) {
    char bytes[sizeof(number)];
    for (size_t i = 0; i < sizeof(bytes); ++i) bytes[i] = static_cast<char>(number >> (8 * i));
    XXH3_64bits_update(state_, bytes, sizeof(bytes));
  }
  void Add(std::string_view text) {
    Add(text.size());
    XXH3_64bits_update(state_, text.data(), text.size());
  }
  uint64_t Digest() const { return XXH3_64bits_digest(state_); }

 private:
  XXH3_state_t* const state_;
};

timespec Later(const timespec& a, const timespec& b) {
  const bool first = a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
  return first ? a : b;
}

// As the modes of the book are made: whoever may not read all of its files, or may not enter the
// folder or read it, shall not read them here.
mode_t ModeOfFolder(const struct stat& st) {
  constexpr mode_t kRead = S_IRUSR | S_IRGRP | S_IROTH;
  return st.st_mode & (st.st_mode << 2) & kRead;
}
mode_t WithModeOf(const struct stat& file, const struct stat& folder, mode_t mode) {
  // Who is no owner of the file is one of its group, or anybody: we do not look which.
  const bool others = (file.st_mode & S_IROTH) != 0;
  const bool owner = file.st_uid == folder.st_uid ? (file.st_mode & S_IRUSR) != 0 : others;
  const bool group = file.st_gid == folder.st_gid ? (file.st_mode & S_IRGRP) != 0 : others;
  return mode & ((owner ? S_IRUSR : 0u) | (group ? S_IRGRP : 0u) | (others ? S_IROTH : 0u));
}

// Where anybody may read it we may, as far as modes tell.
bool MayRead(const HeldFolder& here, const std::string& name, mode_t mode) {
  constexpr mode_t kEverybody = S_IRUSR | S_IRGRP | S_IROTH;
  if ((mode & kEverybody) == kEverybody) return true;
  return faccessat(here.fd(), name.c_str(), R_OK, AT_EACCESS) == 0 || errno != EACCES;
}

}  // namespace

std::string ComicInfoOf(const FolderVersion& folder, bool image_sizes) {
  Document document;
  document.pages.resize(folder.images());  // of no size: no image is read for this
  ComicInfoSource source{.document = document,
                         .stem = folder.name,
                         .fingerprint = folder.fingerprint,
                         .data_bytes = nullptr};
  if (image_sizes) {
    const size_t first = folder.has_info ? 1 : 0;
    source.data_bytes = [&folder, first](uint32_t page) {
      return static_cast<uint64_t>(folder.files[first + page].key.size);
    };
  }
  return ComicInfoText(source);
}

void FolderReader::LeaveOut(const std::string& path, const std::string& reason,
                            const std::string& advice) {
  errors_->Report(path, 0, reason, advice);
  any_left_out_ = true;
  absl::MutexLock lock(&mu_);
  if (left_out_.size() < kMostLeftOut) left_out_.insert(path);
}

void FolderReader::TakeBack(const std::string& path) {
  if (!any_left_out_) return;
  {
    absl::MutexLock lock(&mu_);
    if (left_out_.erase(path) == 0) return;
    any_left_out_ = !left_out_.empty();
  }
  errors_->Clear(path);
}

absl::StatusOr<struct stat> FolderReader::Look(const HeldFolder& here, const SourceName& name,
                                               const std::string& path) {
  auto st = S_ISLNK(name.type) ? library_->StatFile(path) : here.StatEntry(name.name);
  if (!st.ok()) return st;
  if (!S_ISREG(st->st_mode)) return ErrnoStatus(EINVAL, path);
  if (!MayRead(here, name.name, st->st_mode)) {
    LeaveOut(path, "cannot be read: permission denied: left out of the book of its folder",
             "let the user who mounts read the file (chmod, chown or an ACL)");
    return ErrnoStatus(EACCES, path);
  }
  if (static_cast<uint64_t>(st->st_size) > FileArchive::kMaxBytes) {
    LeaveOut(path, "a file of 4 GiB or more: left out of the book of its folder",
             "make the image smaller");
    return ErrnoStatus(EFBIG, path);
  }
  TakeBack(path);
  return st;
}

absl::StatusOr<FolderVersion::Pointer> FolderReader::Read(const std::string& path,
                                                          const Hides& hides) {
  auto listed = library_->List(path);
  if (!listed.ok()) return listed.status();
  const auto join = [&path](const std::string& name) { return absl::StrCat(path, "/", name); };
  std::erase_if(listed->names, [&](const SourceName& name) { return hides(join(name.name)); });
  FolderContents contents = ContentsOf(std::move(listed->names), show_hidden_);
  if (contents.images.empty()) return ErrnoStatus(ENOENT, path);
  if (contents.images.size() > max_pages_) {
    LeaveOut(path,
             absl::StrCat(contents.images.size(), " images are more than -o max_pages=", max_pages_,
                          " allows: the folder is no book"),
             "raise -o max_pages=");
    return ErrnoStatus(ENOENT, path);
  }
  TakeBack(path);
  auto here = library_->Hold(path);
  if (!here.ok()) return here.status();

  auto folder = std::make_shared<FolderVersion>();
  folder->path = path;
  folder->name = path.substr(path.rfind('/') + 1);
  folder->st = listed->st;
  Hash all;
  Hash content;
  uint64_t bytes = 0;
  mode_t mode = ModeOfFolder(listed->st);
  std::vector<std::string_view> names;
  const auto add = [&](const SourceName& name) {
    const std::string file_path = join(name.name);
    const auto st = Look(*here, name, file_path);
    if (!st.ok()) return false;  // left out, or gone meanwhile
    folder->files.push_back({.path = file_path, .entry = "", .key = KeyOf(*st)});
    names.push_back(name.name);
    mode = WithModeOf(*st, listed->st, mode);
    folder->st.st_mtim = Later(folder->st.st_mtim, st->st_mtim);
    const SourceKey& key = folder->files.back().key;
    bytes += static_cast<uint64_t>(key.size);
    for (Hash* const hash : {&all, &content}) {
      hash->Add(name.name);
      hash->Add(static_cast<uint64_t>(key.size));
    }
    all.Add(HashOf(key));
    return true;
  };
  if (!contents.info.name.empty()) folder->has_info = add(contents.info);
  for (const SourceName& image : contents.images) add(image);
  if (folder->images() == 0) return ErrnoStatus(ENOENT, path);
  std::vector<std::string> entries = EntryNamesOf(names);
  for (size_t i = 0; i < entries.size(); ++i) folder->files[i].entry = std::move(entries[i]);

  folder->fingerprint = content.Digest();
  folder->key = KeyOf(folder->st);
  folder->key.size = static_cast<int64_t>(bytes);
  folder->key.ctime_ns = static_cast<int64_t>(all.Digest());
  folder->st.st_mode = S_IFREG | mode;
  return FolderVersion::Pointer(std::move(folder));
}

}  // namespace cbzfs
