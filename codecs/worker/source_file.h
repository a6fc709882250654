// A file that workers look at, held open by the daemon.
//
// Immutable: any thread.

#ifndef CBZFS_CODECS_WORKER_SOURCE_FILE_H_
#define CBZFS_CODECS_WORKER_SOURCE_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "codecs/document/document.h"

namespace cbzfs {

// Passwords to try, in this order; null where there are none.
using PasswordList = std::shared_ptr<const std::vector<std::string>>;

// So that they fit into a request beside all else (ISO 32000-2, 7.6.4.3.3: a password has 127 bytes
// at most).
inline constexpr size_t kMostPasswords = 32;
inline constexpr size_t kMostPasswordBytes = 127;

// Shared by whoever needs it open; closed with the last owner.
class SourceFile {
 public:
  // Takes `fd` over.
  SourceFile(int fd, uint64_t bytes, uint64_t key, SourceFormat format = SourceFormat::kPdf,
             PasswordList passwords = nullptr)
      : fd_(fd), bytes_(bytes), key_(key), format_(format), passwords_(std::move(passwords)) {}
  ~SourceFile();
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;

  // An image that exists nowhere on disk (a page that was made before), in a sealed memfd.
  // kUnavailable when the system has no descriptor or memory left.
  static absl::StatusOr<std::shared_ptr<const SourceFile>> OfImage(std::string_view bytes,
                                                                   uint64_t key);
  // The text of a notice page (codecs/pdf/notice.h), likewise.
  static absl::StatusOr<std::shared_ptr<const SourceFile>> OfNotice(std::string_view text,
                                                                    uint64_t key);

  // A sidecar (codecs/metadata/sidecar.h) as it was when it was read, likewise.
  static absl::StatusOr<std::shared_ptr<const SourceFile>> OfSidecar(std::string_view text);

  int fd() const { return fd_; }
  uint64_t bytes() const { return bytes_; }
  // Hash of (dev, ino, size, mtime, ctime) and the passwords: says which version of which file this
  // is, and what it can be opened with.
  uint64_t key() const { return key_; }
  // What the workers shall take it for.
  SourceFormat format() const { return format_; }
  absl::Span<const std::string> passwords() const {
    return passwords_ == nullptr ? absl::Span<const std::string>() : *passwords_;
  }

 private:
  const int fd_;
  const uint64_t bytes_;
  const uint64_t key_;
  const SourceFormat format_;
  const PasswordList passwords_;
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_WORKER_SOURCE_FILE_H_
