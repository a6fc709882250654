#include "codecs/packed/packed_archive.h"

#include <libdeflate.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cbzfs {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
// The pages that a reader's read-ahead is out of order by; and the end of the archive, which
// programs look at first, right after the analysis has passed it.
constexpr uint64_t kKeptBytes = 16 << 20;

absl::Status At(const PackedEntry& entry, const absl::Status& failure) {
  return absl::Status(failure.code(), absl::StrCat(entry.name, ": ", failure.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PackedArchive>> PackedArchive::Open(absl::Span<const uint8_t> file) {
  std::unique_ptr<PackedArchive> opened(new PackedArchive(file));
  if (absl::Status status = opened->Rewind(); !status.ok()) return status;
  return opened;
}

absl::Status PackedArchive::Rewind() {
  next_ = 0;
  reader_.reset();
  absl::StatusOr<std::unique_ptr<PackedReader>> reader = PackedReader::Open(file_);
  if (!reader.ok()) return reader.status();
  reader_ = *std::move(reader);
  in_one_stream_ = reader_->in_one_stream();
  ++passes_;
  return absl::OkStatus();
}

// The rest of the entry that the reader is at, or more than `most` bytes of it.
absl::StatusOr<std::string> PackedArchive::ReadFrom(uint64_t most) {
  std::string data;
  while (data.size() <= most) {
    const size_t had = data.size();
    // Memory grows with what is there, never by what the archive declares.
    data.resize(had + std::clamp<size_t>(had, 64 << 10, 16 << 20));
    const absl::StatusOr<size_t> got = reader_->Read(&data[had], data.size() - had);
    if (!got.ok()) return got.status();
    data.resize(had + *got);
    if (*got == 0) break;
  }
  return data;
}

// How much there was of the rest of the entry.
absl::StatusOr<uint64_t> PackedArchive::PassOver() {
  std::string chunk(kChunkBytes, '\0');
  uint64_t bytes = 0;
  while (bytes <= kMostListedBytes) {
    const absl::StatusOr<size_t> got = reader_->Read(chunk.data(), chunk.size());
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    bytes += *got;
  }
  return bytes;
}

absl::Status PackedArchive::List(absl::FunctionRef<bool(const PackedEntry&, ReadIt)> visit) {
  if (reader_ == nullptr || next_ > 0) {
    if (absl::Status status = Rewind(); !status.ok()) return status;
  }
  uint64_t unpacked = 0;
  while (unpacked <= kMostListedBytes) {
    const absl::StatusOr<const PackedEntry*> entry = reader_->Next();
    if (!entry.ok()) {
      reader_.reset();
      return entry.status();
    }
    if (*entry == nullptr) break;
    next_ = (*entry)->index + 1;
    const auto read = [this](uint64_t max_bytes) -> absl::StatusOr<std::string> {
      absl::StatusOr<std::string> data = ReadFrom(max_bytes);
      if (data.ok() && data->size() > max_bytes) {
        return absl::OutOfRangeError(absl::StrCat("of more than ", max_bytes, " bytes"));
      }
      return data;
    };
    if (!visit(**entry, read)) break;
    if (!in_one_stream_) continue;
    const absl::StatusOr<uint64_t> passed = PassOver();
    if (!passed.ok()) {
      reader_.reset();
      return passed.status();
    }
    unpacked += *passed;
  }
  return absl::OkStatus();
}

absl::Status PackedArchive::ReadAll(
    uint64_t max_whole, absl::FunctionRef<bool(const PackedEntry&)> wants,
    absl::FunctionRef<void(const PackedEntry&, const PackedData&)> visit) {
  if (reader_ == nullptr || next_ > 0) {
    if (absl::Status status = Rewind(); !status.ok()) return status;
  }
  std::string chunk(kChunkBytes, '\0');
  while (true) {
    const absl::StatusOr<const PackedEntry*> next = reader_->Next();
    if (!next.ok()) {
      reader_.reset();
      return next.status();
    }
    if (*next == nullptr) return absl::OkStatus();
    const PackedEntry& entry = **next;
    next_ = entry.index + 1;
    bool whole = wants(entry);
    PackedData data;
    std::string bytes;
    while (true) {
      const absl::StatusOr<size_t> got = reader_->Read(chunk.data(), chunk.size());
      if (!got.ok()) {
        absl::Status failure = At(entry, got.status());
        reader_.reset();
        return failure;
      }
      if (*got == 0) break;
      data.bytes += *got;
      data.crc = libdeflate_crc32(data.crc, chunk.data(), *got);
      whole = whole && data.bytes <= max_whole;
      if (whole || data.bytes <= kKeptBytes) {
        bytes.append(chunk.data(), *got);
      } else {
        bytes = std::string();
      }
    }
    if (whole) data.whole = bytes;
    visit(entry, data);
    if (bytes.size() == data.bytes) Keep(entry.index, std::move(bytes));
  }
}

absl::StatusOr<std::string> PackedArchive::Read(uint32_t index, uint64_t max_bytes) {
  if (std::optional<std::string> kept = TakeKept(index)) {
    if (kept->size() <= max_bytes) return *std::move(kept);
  }
  if (reader_ == nullptr || next_ > index) {
    if (absl::Status status = Rewind(); !status.ok()) return status;
  }
  while (true) {
    const absl::StatusOr<const PackedEntry*> entry = reader_->Next();
    absl::Status failure = entry.status();
    if (failure.ok() && *entry == nullptr) failure = absl::NotFoundError("no such entry");
    if (failure.ok()) {
      next_ = (*entry)->index + 1;
      const bool found = (*entry)->index == index;
      if (!found && !in_one_stream_) continue;
      absl::StatusOr<std::string> data =
          ReadFrom(found ? std::min(max_bytes, kMaxPackedEntryBytes) : kKeptBytes);
      failure = data.status();
      if (failure.ok() && found) {
        if (data->size() <= max_bytes) return data;
        return absl::ResourceExhaustedError(absl::StrCat("of more than ", max_bytes, " bytes"));
      }
      if (failure.ok()) Keep((*entry)->index, *std::move(data));
    }
    if (!failure.ok()) {
      reader_.reset();
      return failure;
    }
  }
}

void PackedArchive::Keep(uint32_t index, std::string data) {
  if (!in_one_stream_ || data.size() > kKeptBytes) return;
  data.shrink_to_fit();
  kept_bytes_ += data.size();
  kept_.push_back({index, std::move(data)});
  while (kept_bytes_ > kKeptBytes) {
    kept_bytes_ -= kept_.front().data.size();
    kept_.pop_front();
  }
}

// It is in the daemon's cache from here on.
std::optional<std::string> PackedArchive::TakeKept(uint32_t index) {
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [index](const Kept& kept) { return kept.index == index; });
  if (found == kept_.end()) return std::nullopt;
  std::string data = std::move(found->data);
  kept_bytes_ -= data.size();
  kept_.erase(found);
  return data;
}

}  // namespace cbzfs
