#include "fs/core/sidecar_file.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

// One byte more than a worker takes (codecs/metadata/sidecar.h), which then says so.
constexpr uint64_t kMostBytes = (1 << 20) + 1;

bool Later(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

timespec TimeOf(int64_t ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  return {.tv_sec = ns / kSecond, .tv_nsec = ns % kSecond};
}

}  // namespace

bool SameSidecar(const SidecarPointer& a, const SidecarPointer& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->key == b->key;
}

uint64_t HashOf(const SidecarPointer& sidecar) {
  return sidecar == nullptr ? 0 : HashOf(sidecar->key);
}

std::string BesidePath(const std::string& path, const std::string& name) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? name : absl::StrCat(path.substr(0, slash + 1), name);
}

SidecarPointer FindSidecar(const Library& library, const std::string& path,
                           const std::string& name) {
  if (name.empty()) return nullptr;
  const auto st = library.StatFile(BesidePath(path, name));
  if (!st.ok()) return nullptr;
  return std::make_shared<const SidecarFile>(SidecarFile{.name = name, .key = KeyOf(*st)});
}

bool IsCurrent(const Library& library, const std::string& path, const SidecarPointer& sidecar) {
  if (sidecar == nullptr) return true;
  const auto st = library.StatFile(BesidePath(path, sidecar->name));
  return st.ok() && KeyOf(*st) == sidecar->key;
}

struct stat WithTimesOf(struct stat comic, const SidecarPointer& sidecar) {
  if (sidecar == nullptr) return comic;
  const timespec changed = TimeOf(std::max<int64_t>(sidecar->key.mtime_ns, 0));
  if (Later(changed, comic.st_mtim)) comic.st_mtim = changed;
  return comic;
}

absl::StatusOr<std::shared_ptr<const SourceFile>> ReadSidecarFile(const Library& library,
                                                                  const std::string& path,
                                                                  const SidecarPointer& sidecar) {
  const auto failed = [&](const absl::Status& status) {
    return absl::UnavailableError(
        absl::StrCat(sidecar->name, " beside it cannot be read: ",
                     absl::string_view(status.message().data(), status.message().size())));
  };
  SourceKey now;
  const auto file = library.OpenFile(BesidePath(path, sidecar->name), &now, SourceFormat::kNotice);
  if (!file.ok()) return failed(file.status());
  if (now != sidecar->key) return absl::AbortedError("the file beside it changed meanwhile");
  std::string text(std::min((*file)->bytes(), kMostBytes), '\0');
  if (auto s = ReadExactly(**file, 0, text.size(), text.data()); !s.ok()) return failed(s);
  if (!Unchanged(**file, now)) return absl::AbortedError("the file beside it changed meanwhile");
  return SourceFile::OfSidecar(text);
}

}  // namespace cbzfs
