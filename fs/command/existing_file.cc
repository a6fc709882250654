#include "fs/command/existing_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "codecs/zip/crc_force.h"
#include "codecs/zip/zip_records.h"
#include "fs/command/sync.h"

namespace cbzfs {
namespace {

constexpr size_t kChunk = 1 << 20;

bool ReadAt(int fd, uint64_t offset, std::string* out) {
  size_t done = 0;
  while (done < out->size()) {
    const ssize_t got =
        pread(fd, out->data() + done, out->size() - done, static_cast<off_t>(offset + done));
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

std::string ReadAt(OpenFile* file, uint64_t offset, size_t size) {
  std::string bytes;
  const auto read = ReadNow(*file, offset, size);
  if (!read.ok()) return bytes;
  for (const ReadResult::Slice& slice : read->slices) bytes.append(slice.data, slice.size);
  return bytes;
}

}  // namespace

ExistingFile::ExistingFile(const std::string& path)
    : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {
  if (!fd_.valid() || fstat(fd_.get(), &st_) != 0 || !S_ISREG(st_.st_mode)) fd_.reset();
}

bool ExistingFile::HasTime(const timespec& mtime) const {
  if (!fd_.valid() || st_.st_mtim.tv_sec != mtime.tv_sec) return false;
  // FAT and others keep no nanoseconds.
  return st_.st_mtim.tv_nsec == mtime.tv_nsec || st_.st_mtim.tv_nsec == 0;
}

bool ExistingFile::HasCrc(uint32_t crc) const {
  uint32_t sum = 0;
  std::string buffer;
  for (uint64_t at = 0; at < bytes(); at += buffer.size()) {
    buffer.resize(std::min<uint64_t>(bytes() - at, kChunk));
    if (!ReadAt(fd_.get(), at, &buffer)) return false;
    sum = ExtendCrc(sum, buffer);
  }
  return sum == crc;
}

bool ExistingFile::EndsAs(OpenFile* file) const {
  if (bytes() < kEndRecordBytes) return false;
  const std::string end = ReadAt(file, bytes() - kEndRecordBytes, kEndRecordBytes);
  if (end.size() < kEndRecordBytes) return false;
  // Length of the directory (APPNOTE 4.3.16); past 4 GiB of it there are other limits.
  uint64_t directory = 0;
  for (int i = 15; i >= 12; --i) directory = directory << 8 | static_cast<unsigned char>(end[i]);
  if (directory + kEndRecordBytes > bytes()) return false;
  for (uint64_t at = bytes() - kEndRecordBytes - directory; at < bytes();) {
    std::string here(std::min<uint64_t>(bytes() - at, kChunk), '\0');
    if (!ReadAt(fd_.get(), at, &here) || ReadAt(file, at, here.size()) != here) return false;
    at += here.size();
  }
  return true;
}

}  // namespace cbzfs
