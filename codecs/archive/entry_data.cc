#include "codecs/archive/entry_data.h"

#include <libdeflate.h>
#include <zip.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

constexpr uint16_t kStored = 0;
// Where sizes would need ZIP64. No image is that long, and no worker may hold it.
constexpr uint64_t kMaxBytes = 0xFFFFFFFE;
constexpr size_t kChunkBytes = 64 << 10;
constexpr uint16_t kMethodFlags = 0x6;

struct SourceFreer {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct ArchiveDiscarder {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct FileCloser {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

const char* MethodName(uint16_t method) {
  switch (method) {
    case ZIP_CM_SHRINK:
      return "Shrink";
    case ZIP_CM_IMPLODE:
      return "Implode";
    case ZIP_CM_DEFLATE64:
      return "Deflate64";
    case ZIP_CM_BZIP2:
      return "bzip2";
    case ZIP_CM_LZMA:
      return "LZMA";
    case 93:
      return "Zstandard";
    case ZIP_CM_XZ:
      return "XZ";
    case ZIP_CM_PPMD:
      return "PPMd";
    default:
      return nullptr;
  }
}

void Append(std::string& record, uint64_t value, int size) {
  for (int i = 0; i < size; ++i) record.push_back(static_cast<char>(value >> (8 * i)));
}

// What local header and central record have in common: needed version to length of extra fields.
void AppendCommon(std::string& record, const CodedEntry& entry) {
  Append(record, 20, 2);
  Append(record, entry.flags & kMethodFlags, 2);
  Append(record, entry.method, 2);
  Append(record, 0, 4);
  Append(record, entry.crc, 4);
  Append(record, entry.data.size(), 4);
  Append(record, entry.bytes, 4);
  Append(record, 1, 2);  // a name of one byte
  Append(record, 0, 2);
}

// Reads one entry's decoded bytes in order.
class EntryReader {
 public:
  // `entry.data` must outlive the reader.
  absl::Status Open(const CodedEntry& entry);

  // At most `size` bytes; fewer only at the end.
  absl::StatusOr<size_t> Read(char* out, size_t size) {
    size_t got = 0;
    while (got < size) {
      const zip_int64_t more = zip_fread(file_.get(), out + got, size - got);
      if (more < 0) return ToStatus(zip_file_get_error(file_.get()));
      if (more == 0) break;
      got += static_cast<size_t>(more);
    }
    return got;
  }

 private:
  static absl::Status ToStatus(zip_error_t* error);

  // Destroyed in reverse order: the file before its archive, both before the bytes.
  std::string head_;
  std::string tail_;
  std::unique_ptr<zip_t, ArchiveDiscarder> archive_;
  std::unique_ptr<zip_file_t, FileCloser> file_;
};

absl::Status EntryReader::ToStatus(zip_error_t* error) {
  switch (zip_error_code_zip(error)) {
    case ZIP_ER_MEMORY:
      return absl::ResourceExhaustedError("not enough memory to decompress it");
    case ZIP_ER_COMPNOTSUPP:
      return absl::UnimplementedError("compressed by a method that cannot be read");
    case ZIP_ER_CRC:
      return absl::DataLossError("its data do not have the declared check sum");
    case ZIP_ER_EOF:
    case ZIP_ER_INCONS:
      return absl::DataLossError("its data are not as long as declared");
    case ZIP_ER_ZLIB:
    case ZIP_ER_COMPRESSED_DATA:
      return absl::DataLossError("its compressed data are broken");
    default:
      return absl::DataLossError(
          absl::StrCat("its data cannot be read: ", zip_error_strerror(error)));
  }
}

absl::Status EntryReader::Open(const CodedEntry& entry) {
  Append(head_, 0x04034B50, 4);
  AppendCommon(head_, entry);
  head_.push_back('x');
  Append(tail_, 0x02014B50, 4);
  Append(tail_, 20, 2);
  AppendCommon(tail_, entry);
  tail_.append(14, '\0');  // comment, disk, attributes, offset
  tail_.push_back('x');
  const uint64_t directory_bytes = tail_.size();
  Append(tail_, 0x06054B50, 4);
  Append(tail_, 0, 4);
  Append(tail_, 1, 2);
  Append(tail_, 1, 2);
  Append(tail_, directory_bytes, 4);
  Append(tail_, head_.size() + entry.data.size(), 4);
  Append(tail_, 0, 2);

  const auto fragment = [](const void* data, uint64_t size) {
    // libzip writes to no buffer of an archive that is opened for reading.
    return zip_buffer_fragment{static_cast<zip_uint8_t*>(const_cast<void*>(data)), size};
  };
  zip_buffer_fragment fragments[3] = {fragment(head_.data(), head_.size())};
  size_t count = 1;
  if (!entry.data.empty()) fragments[count++] = fragment(entry.data.data(), entry.data.size());
  fragments[count++] = fragment(tail_.data(), tail_.size());

  zip_error_t error;
  zip_error_init(&error);
  std::unique_ptr<zip_source_t, SourceFreer> source(
      zip_source_buffer_fragment_create(fragments, count, 0, &error));
  if (source != nullptr) archive_.reset(zip_open_from_source(source.get(), ZIP_RDONLY, &error));
  absl::Status status;
  if (archive_ == nullptr) {
    status = ToStatus(&error);
  } else {
    (void)source.release();  // it is the archive's now
  }
  zip_error_fini(&error);
  if (!status.ok()) return status;
  file_.reset(zip_fopen_index(archive_.get(), 0, 0));
  return file_ == nullptr ? ToStatus(zip_get_error(archive_.get())) : absl::OkStatus();
}

absl::StatusOr<std::string> DecodeStored(const CodedEntry& entry) {
  if (entry.data.size() != entry.bytes) {
    return absl::DataLossError("its data are not as long as declared");
  }
  // Copied first: the mapping may change between the check and the copy.
  std::string data(reinterpret_cast<const char*>(entry.data.data()), entry.data.size());
  if (libdeflate_crc32(0, data.data(), data.size()) != entry.crc) {
    return absl::DataLossError("its data do not have the declared check sum");
  }
  return data;
}

}  // namespace

absl::Status CheckMethod(uint16_t method) {
  if (zip_compression_method_supported(method, 0) != 0) return absl::OkStatus();
  const char* name = MethodName(method);
  return absl::UnimplementedError(
      name == nullptr ? absl::StrCat("compressed by method ", method, ", which cannot be read")
                      : absl::StrCat("compressed with ", name, ", which cannot be read"));
}

absl::StatusOr<std::string> DecodeEntry(const CodedEntry& entry, uint64_t max_bytes) {
  max_bytes = std::min(max_bytes, kMaxBytes);
  if (entry.bytes > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("of ", entry.bytes, " bytes, more than ", max_bytes));
  }
  if (absl::Status status = CheckMethod(entry.method); !status.ok()) return status;
  if (entry.method == kStored) return DecodeStored(entry);
  if (entry.data.size() > kMaxBytes) {
    return absl::ResourceExhaustedError("of 4 GiB or more in compressed form");
  }
  EntryReader reader;
  if (absl::Status status = reader.Open(entry); !status.ok()) return status;
  std::string data;
  // The declared length is no reason to take memory: a few bytes may claim gigabytes.
  size_t room = std::min<uint64_t>(entry.bytes, entry.data.size() * 4 + kChunkBytes);
  while (data.size() < entry.bytes) {
    const size_t had = data.size();
    data.resize(room);
    const absl::StatusOr<size_t> got = reader.Read(&data[had], room - had);
    if (!got.ok()) return got.status();
    if (*got < room - had) return absl::DataLossError("its data are shorter than declared");
    room = std::min<uint64_t>(entry.bytes, uint64_t{room} * 2);
  }
  // Also where libzip compares the CRC-32: at the end of the data.
  char more;
  const absl::StatusOr<size_t> got = reader.Read(&more, 1);
  if (!got.ok()) return got.status();
  if (*got != 0) return absl::DataLossError("its data are longer than declared");
  // Where there are no compressed bytes libzip gives none and compares nothing.
  if (data.empty() && entry.crc != 0) {
    return absl::DataLossError("its data do not have the declared check sum");
  }
  return data;
}

absl::StatusOr<std::string> DecodeEntryHead(const CodedEntry& entry, size_t size) {
  size = std::min<uint64_t>(size, entry.bytes);
  if (absl::Status status = CheckMethod(entry.method); !status.ok()) return status;
  if (entry.method == kStored) {
    size = std::min(size, entry.data.size());
    return std::string(reinterpret_cast<const char*>(entry.data.data()), size);
  }
  // Of a giant the beginning is as good as the whole; the end with its check is not reached.
  CodedEntry beginning = entry;
  beginning.data = entry.data.subspan(0, kMaxBytes);
  beginning.bytes = std::min(entry.bytes, kMaxBytes);
  EntryReader reader;
  if (absl::Status status = reader.Open(beginning); !status.ok()) return status;
  std::string head;
  while (head.size() < size) {
    const size_t had = head.size();
    const size_t want = std::min<size_t>(size - had, 4096);
    head.resize(had + want);
    const absl::StatusOr<size_t> got = reader.Read(&head[had], want);
    head.resize(had + (got.ok() ? *got : 0));
    if (!got.ok() && head.empty()) return got.status();
    if (!got.ok() || *got < want) break;
  }
  return head;
}

}  // namespace cbzfs
