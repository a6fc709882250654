// The files in a RAR, 7z or tar archive, one after another, read without trust by libarchive.
//
// The archive is a mapping of hostile bytes that may end at any time (SIGBUS; only ever in the
// worker). libarchive is told which formats and filters it may try and never starts a program.
// What is not read is skipped, which costs nothing where entries are packed apart (RAR but for
// solid ones, tar without a filter) and as much as reading it elsewhere: in_one_stream().
//
// One thread.

#ifndef CBZFS_CODECS_PACKED_PACKED_READER_H_
#define CBZFS_CODECS_PACKED_PACKED_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

struct archive;

namespace cbzfs {

// Of one entry, beyond which nobody may hold it.
inline constexpr uint64_t kMaxPackedEntryBytes = 1ull << 30;
// As many as zip_directory.h allows.
inline constexpr uint32_t kMaxPackedEntries = 65'536u * 16;
// An archive may unpack to this and so many times its own size: blank pages without compression of
// their own pack a thousandfold, but nobody has a book of nothing else.
inline constexpr uint64_t kMaxUnpackedBytes = 256ull << 20;
inline constexpr uint64_t kMaxUnpackedRatio = 64;

// A regular file in the archive. One that is a hard link to another ends the reading, as
// kUnimplemented: to leave it out would be to lose a page.
struct PackedEntry {
  uint32_t index = 0;     // counts the regular files, in the order of the archive
  std::string name;       // as the archive has it; UTF-8 where the format says what it is
  uint32_t dos_time = 0;  // date in the high half, time in the low one
};

class PackedReader {
 public:
  // Names that an archive has as UTF-16 can be had only under a locale of UTF-8, which is looked
  // for in files: call it once, before the sandbox closes. False when there is none; such names are
  // then "_".
  static bool UseUtf8Names();

  // `file` must outlive the reader. kInvalidArgument: no archive of the kinds above, one of several
  // volumes, or broken at its beginning; kPermissionDenied: its names are encrypted. Messages are
  // one line, fit for the user, without the file's name.
  static absl::StatusOr<std::unique_ptr<PackedReader>> Open(absl::Span<const uint8_t> file);
  ~PackedReader();
  PackedReader(const PackedReader&) = delete;
  PackedReader& operator=(const PackedReader&) = delete;

  // The next file; null at the end. Valid until the next call. Statuses: kInvalidArgument: broken;
  // kPermissionDenied: encrypted; kUnimplemented: packed in a way that cannot be read;
  // kOutOfRange: over a limit above; kResourceExhausted: memory ended. After any the reader is of
  // no more use.
  absl::StatusOr<const PackedEntry*> Next();

  // Some of the data of the entry that Next() told of, at most `size` bytes; 0 at its end.
  // Statuses as of Next().
  absl::StatusOr<size_t> Read(char* out, size_t size);

  // Getting at an entry takes unpacking all before it.
  bool in_one_stream() const { return in_one_stream_; }

 private:
  PackedReader(absl::Span<const uint8_t> file, bool in_one_stream);

  absl::Status Start(bool filtered);
  // What libarchive says of a call that failed.
  absl::Status Failure() const;

  const absl::Span<const uint8_t> file_;
  const bool in_one_stream_;
  archive* archive_;
  bool open_ = false;
  PackedEntry entry_;
  uint32_t files_ = 0;  // so many were told of
  uint64_t unpacked_ = 0;
  uint64_t unpacked_of_entry_ = 0;
  int64_t declared_ = -1;  // length of the entry's data; -1: not known
};

}  // namespace cbzfs

#endif  // CBZFS_CODECS_PACKED_PACKED_READER_H_
