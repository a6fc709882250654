#include "fs/core/services.h"

#include <errno.h>
#include <xxhash.h>

#include <array>

#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

constexpr uint64_t kReservedInos = 1024;
constexpr int64_t kNanosecond = 1'000'000'000;

}  // namespace

struct stat ShownAttr(int64_t since_ns, const struct stat& source, uint64_t ino, uint64_t size) {
  struct stat st = {};
  st.st_ino = ino;
  st.st_mode = source.st_mode & ~static_cast<mode_t>(S_IWUSR | S_IWGRP | S_IWOTH);
  st.st_nlink = 1;
  st.st_uid = source.st_uid;
  st.st_gid = source.st_gid;
  st.st_size = static_cast<off_t>(size);
  st.st_blocks = static_cast<blkcnt_t>((size + 511) / 512);
  st.st_blksize = 128 << 10;
  st.st_atim = source.st_atim;
  st.st_mtim = source.st_mtim;
  const int64_t mtime = int64_t{st.st_mtim.tv_sec} * kNanosecond + st.st_mtim.tv_nsec;
  if (since_ns != 0 && since_ns > mtime) {
    st.st_mtim.tv_sec = since_ns / kNanosecond;
    st.st_mtim.tv_nsec = since_ns % kNanosecond;
  }
  // The source's change time moves with a chmod or a rename, which change nothing here.
  st.st_ctim = st.st_mtim;
  return st;
}

absl::Status OpenFailed(Services& services, const std::string& path, const absl::Status& failure) {
  const int error = ErrnoOf(failure);
  if (error == EMFILE || error == ENFILE) {
    services.errors.Report(path, 0,
                           "too many files are open at once: raise the limit of open files "
                           "(ulimit -n, or LimitNOFILE= of the systemd unit) before mounting");
  }
  return failure;
}

uint64_t InoOf(uint64_t view, std::string_view what, const struct stat& st) {
  const std::array<uint64_t, 4> words = {view, XXH3_64bits(what.data(), what.size()), st.st_dev,
                                         st.st_ino};
  const uint64_t ino = XXH3_64bits(words.data(), sizeof(words));
  return ino < kReservedInos ? ino + kReservedInos : ino;
}

}  // namespace cbzfs
