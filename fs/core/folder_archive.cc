#include "fs/core/folder_archive.h"

#include <errno.h>

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "codecs/zip/crc_force.h"
#include "fs/core/errno_status.h"

namespace cbzfs {

// One read: its buffer, and the pieces in it that wait for CRCs.
class FolderArchive::Operation {
 public:
  Operation(std::shared_ptr<const FolderFiles> files, std::shared_ptr<const FileArchive> archive,
            uint32_t text_crc, uint64_t offset, uint64_t size)
      : files_(std::move(files)),
        archive_(std::move(archive)),
        text_crc_(text_crc),
        offset_(offset),
        pieces_(archive_->Map(offset, size)) {
    for (const Piece& piece : pieces_) size_ += piece.size;
    buffer_ = std::make_shared_for_overwrite<char[]>(size_);
  }

  absl::Status FillData() {
    for (const Piece& piece : pieces_) {
      if (piece.kind != Piece::Kind::kSource) continue;
      auto read = files_->Read(piece.page, piece.source_offset, piece.size, At(piece));
      if (!read.ok()) return read;
    }
    return absl::OkStatus();
  }

  // What FillHeaders() wants to know, in its order.
  std::vector<FileCrcs::File> Wanted() {
    std::vector<FileCrcs::File> wanted;
    for (const Piece& piece : pieces_) {
      if (piece.kind != Piece::Kind::kLiteral) continue;
      for (const uint32_t entry : archive_->CrcsIn(piece)) {
        if (files_->Text(entry) != nullptr || !at_.try_emplace(entry, wanted.size()).second) {
          continue;
        }
        wanted.push_back({.path = files_->File(entry).path, .key = files_->File(entry).key});
      }
    }
    return wanted;
  }

  void FillHeaders(const std::vector<uint32_t>& crcs) {
    for (const Piece& piece : pieces_) {
      if (piece.kind != Piece::Kind::kLiteral) continue;
      archive_->ReadLiteral(
          piece,
          [&](uint32_t entry) {
            return files_->Text(entry) != nullptr ? text_crc_ : crcs[at_.at(entry)];
          },
          At(piece));
    }
  }

  ReadResult Result() {
    ReadResult result;
    result.slices.push_back({buffer_.get(), size_, buffer_});
    return result;
  }

 private:
  char* At(const Piece& piece) { return buffer_.get() + (piece.offset - offset_); }

  const std::shared_ptr<const FolderFiles> files_;
  const std::shared_ptr<const FileArchive> archive_;
  const uint32_t text_crc_;
  const uint64_t offset_;
  const std::vector<Piece> pieces_;
  absl::flat_hash_map<uint32_t, size_t> at_;  // of an entry among what is wanted
  uint64_t size_ = 0;
  std::shared_ptr<char[]> buffer_;
};

namespace {

class CrcWait : public ReadWait {
 public:
  explicit CrcWait(std::shared_ptr<FileCrcs::Wait> wait) : wait_(std::move(wait)) {}
  void Leave() override { wait_->Leave(); }

 private:
  const std::shared_ptr<FileCrcs::Wait> wait_;
};

}  // namespace

FolderArchive::FolderArchive(std::shared_ptr<const FolderFiles> files,
                             std::shared_ptr<const FileArchive> archive, FileCrcs* crcs,
                             std::shared_ptr<const void> keeper)
    : keeper_(std::move(keeper)),
      files_(std::move(files)),
      archive_(std::move(archive)),
      text_crc_(files_->Text(0) == nullptr ? 0 : ExtendCrc(0, *files_->Text(0))),
      crcs_(crcs) {
  // What the kernel has cached of the node is of this version.
  keep_cache = true;
}

absl::StatusOr<std::shared_ptr<FolderArchive>> FolderArchive::Create(
    std::shared_ptr<const FolderFiles> files, FileCrcs* crcs, std::shared_ptr<const void> keeper) {
  auto archive = FileArchive::Create(files->Entries());
  if (!archive.ok()) return archive.status();
  return std::shared_ptr<FolderArchive>(
      new FolderArchive(std::move(files), *std::move(archive), crcs, std::move(keeper)));
}

std::shared_ptr<ReadWait> FolderArchive::Read(uint64_t offset, size_t size, ReadDone done) {
  auto operation = std::make_shared<Operation>(files_, archive_, text_crc_, offset, size);
  if (auto read = operation->FillData(); !read.ok()) {
    done(std::move(read));
    return nullptr;
  }
  auto wait = crcs_->Get(
      operation->Wanted(), [operation, done = std::move(done)](
                               absl::StatusOr<std::vector<uint32_t>> crcs) mutable {
        if (absl::IsAborted(crcs.status())) {
          return done(ErrnoStatus(EIO, "an image of the folder changed while its book was open"));
        }
        if (!crcs.ok()) return done(crcs.status());
        operation->FillHeaders(*crcs);
        done(operation->Result());
      });
  return wait == nullptr ? nullptr : std::make_shared<CrcWait>(std::move(wait));
}

}  // namespace cbzfs
