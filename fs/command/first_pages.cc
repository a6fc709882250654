#include "fs/command/first_pages.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "codecs/document/format_names.h"

namespace cbzfs {
namespace {

constexpr size_t kChunk = 1 << 20;
constexpr uint64_t kTailBytes = 4 << 10;
constexpr size_t kLocalHeader = 30;  // APPNOTE 4.3.7
constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint16_t kDescriptorFlag = 1 << 3;

uint32_t Little(const unsigned char* bytes, int count) {
  uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

// Reads and drops; fewer bytes only at the end of the file.
absl::StatusOr<uint64_t> Pass(int fd, uint64_t offset, uint64_t bytes) {
  std::vector<char> buffer(std::min<uint64_t>(bytes, kChunk));
  uint64_t done = 0;
  while (done < bytes) {
    const size_t size = std::min<uint64_t>(bytes - done, buffer.size());
    const ssize_t got = pread(fd, buffer.data(), size, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "read");
    if (got == 0) break;
    done += static_cast<uint64_t>(got);
  }
  return done;
}

struct LocalEntry {
  std::string name;
  uint64_t data = 0;  // where it begins
  uint64_t bytes = 0;
};

// False: there is no further one, or it does not say how long it is.
absl::StatusOr<bool> ReadLocal(int fd, uint64_t offset, LocalEntry* entry) {
  std::array<unsigned char, kLocalHeader> header;
  ssize_t got = pread(fd, header.data(), header.size(), static_cast<off_t>(offset));
  if (got < 0) return absl::ErrnoToStatus(errno, "read");
  if (static_cast<size_t>(got) < header.size() || Little(header.data(), 4) != kLocalSignature) {
    return false;
  }
  const uint32_t bytes = Little(&header[18], 4);
  if ((Little(&header[6], 2) & kDescriptorFlag) != 0 || bytes == UINT32_MAX) return false;
  entry->name.resize(Little(&header[26], 2));
  got =
      pread(fd, entry->name.data(), entry->name.size(), static_cast<off_t>(offset + kLocalHeader));
  if (got < 0) return absl::ErrnoToStatus(errno, "read");
  entry->data = offset + kLocalHeader + entry->name.size() + Little(&header[28], 2);
  entry->bytes = bytes;
  return static_cast<size_t>(got) == entry->name.size();
}

}  // namespace

absl::StatusOr<PagesRead> ReadFirstPages(int fd, uint64_t file_bytes, uint64_t pages) {
  // Or the kernel reads on, and pages are made that nobody asked for.
  posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
  PagesRead read;
  const uint64_t tail = std::min(file_bytes, kTailBytes);
  // Of another's archive the tail may be a page: then it is read for nothing, and that is all.
  if (auto s = Pass(fd, file_bytes - tail, tail); !s.ok()) return s.status();
  LocalEntry entry;
  for (uint64_t at = 0; read.pages < pages; at = entry.data + entry.bytes) {
    const auto found = ReadLocal(fd, at, &entry);
    if (!found.ok()) return found.status();
    if (!*found) break;
    if (!HasImageExtension(entry.name)) continue;
    const auto bytes = Pass(fd, entry.data, entry.bytes);
    if (!bytes.ok()) return bytes.status();
    ++read.pages;
    read.bytes += *bytes;
  }
  return read;
}

absl::StatusOr<PagesRead> ReadWhole(int fd) {
  const auto bytes = Pass(fd, 0, UINT64_MAX);
  if (!bytes.ok()) return bytes.status();
  return PagesRead{.pages = 1, .bytes = *bytes};
}

}  // namespace cbzfs
