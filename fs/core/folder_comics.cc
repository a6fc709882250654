#include "fs/core/folder_comics.h"

#include <xxhash.h>

#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "codecs/worker/failure.h"
#include "codecs/zip/crc_force.h"
#include "codecs/zip/zip_records.h"

namespace cbzfs {
namespace {

// Each holds a file open while it waits for a worker.
constexpr size_t kImagesAtOnce = 16;

constexpr uint64_t kTableOverhead = 500;

}  // namespace

// Asks for the tables of all images, then for the CRCs of what is none, then puts it together.
class FolderComics::Gathering : public std::enable_shared_from_this<FolderComics::Gathering> {
 public:
  Gathering(FolderComics* comics, DocumentRef ref, FolderVersion::Pointer folder,
            Priority priority)
      : comics_(comics),
        ref_(std::move(ref)),
        folder_(std::move(folder)),
        priority_(priority),
        tables_(folder_->files.size()),
        next_(folder_->has_info ? 1 : 0) {}

  // An answer may come from inside, so whoever pumps goes on in a loop and nobody pumps inside it: a
  // folder of any size takes the same stack.
  void Pump() {
    mu_.Lock();
    if (pumping_) {
      mu_.Unlock();
      return;
    }
    pumping_ = true;
    while (next_ < tables_.size() && under_way_ < kImagesAtOnce && failure_.ok()) {
      const size_t file = next_++;
      ++under_way_;
      mu_.Unlock();
      comics_->documents_->Get(folder_->files[file].path,
                               {.key = folder_->files[file].key,
                                .format = SourceFormat::kImage,
                                .enhanced = ref_.enhanced,
                                .sidecar = nullptr},
                               priority_,
                               [self = shared_from_this(), file](absl::StatusOr<Pointer> table) {
                                 self->Answered(file, std::move(table));
                               });
      mu_.Lock();
    }
    pumping_ = false;
    const bool last =
        (next_ == tables_.size() || !failure_.ok()) && under_way_ == 0 && !finished_;
    finished_ = finished_ || last;
    const absl::Status failure = failure_;
    mu_.Unlock();
    if (!last) return;
    if (!failure.ok()) return Complete(failure);
    AskForCrcs();
  }

 private:
  void Answered(size_t file, absl::StatusOr<Pointer> table) {
    {
      absl::MutexLock lock(&mu_);
      --under_way_;
      if (table.ok()) {
        tables_[file] = *std::move(table);
      } else if (!LiesInTheFile(table.status())) {
        // An accident. Without this image the book would be another one, for as long as it lasts.
        failure_.Update(table.status());
      }
    }
    Pump();
  }

  // Nobody else touches what there is from here on.
  void AskForCrcs() {
    std::vector<FileCrcs::File> files;
    for (size_t i = 0; i < tables_.size(); ++i) {
      if (tables_[i] != nullptr) continue;
      files.push_back({.path = folder_->files[i].path, .key = folder_->files[i].key});
    }
    // Nobody leaves: the table is of use when all who wait now are gone.
    comics_->crcs_->Get(std::move(files), [self = shared_from_this()](
                                              absl::StatusOr<std::vector<uint32_t>> crcs) {
      if (!crcs.ok()) return self->Complete(crcs.status());
      self->Complete(self->comics_->Keep(self->ref_, self->Assemble(*crcs)));
    });
  }

  Pointer Assemble(const std::vector<uint32_t>& crcs) const {
    auto document = std::make_shared<Document>();
    const std::string info = comics_->InfoOf(*folder_, /*image_sizes=*/false);
    std::vector<uint64_t> content;
    const auto add = [&](Page row, const std::string& name, uint32_t crc, uint64_t bytes) {
      row.source_offset = 0;
      row.source_bytes = bytes;
      document->pages.push_back(row);
      document->entries.push_back({.name = name,
                                   .index = static_cast<uint32_t>(document->entries.size()),
                                   .dos_time = kDosEpoch,
                                   .crc = crc,
                                   .bytes = bytes,
                                   .extra = ""});
    };
    const Page handed_on = {.kind = PageKind::kRaw, .width = 1, .height = 1};
    if (!info.empty()) add(handed_on, "ComicInfo.xml", ExtendCrc(0, info), info.size());
    size_t next_crc = 0;
    for (size_t i = 0; i < tables_.size(); ++i) {
      const FolderVersion::File& file = folder_->files[i];
      const auto bytes = static_cast<uint64_t>(file.key.size);
      content.push_back(XXH3_64bits(file.entry.data(), file.entry.size()));
      if (tables_[i] != nullptr) {
        add(tables_[i]->document->pages.front(), file.entry, 0, bytes);
        content.push_back(tables_[i]->fingerprint);
      } else {
        const uint32_t crc = crcs[next_crc++];
        add(handed_on, file.entry, crc, bytes);
        content.push_back(crc);
      }
    }
    auto known = std::make_shared<KnownDocument>();
    // The content alone, not where it lies: a copy of the folder is the same book.
    known->fingerprint = XXH3_64bits(content.data(), content.size() * sizeof(uint64_t));
    known->document = std::move(document);
    return known;
  }

  void Complete(const absl::StatusOr<Pointer>& result) {
    comics_->flights_.Complete(ref_, result);
  }

  FolderComics* const comics_;
  const DocumentRef ref_;
  const FolderVersion::Pointer folder_;
  const Priority priority_;
  absl::Mutex mu_;
  std::vector<Pointer> tables_;  // beside the files; null: no image
  size_t next_ = 0;
  size_t under_way_ = 0;
  bool pumping_ = false;
  bool finished_ = false;
  absl::Status failure_;
};

std::string FolderComics::InfoOf(const FolderVersion& folder, bool image_sizes) const {
  return folder.has_info || !comic_info_ ? "" : ComicInfoOf(folder, image_sizes);
}

std::shared_ptr<const FolderFiles> FolderComics::FilesOf(const FolderVersion::Pointer& folder,
                                                         bool as_they_are) const {
  return std::make_shared<FolderFiles>(library_, errors_, folder, InfoOf(*folder, as_they_are));
}

absl::StatusOr<uint64_t> FolderComics::BytesOf(const FolderVersion& folder) const {
  auto archive = FileArchive::Create(EntriesOf(folder, InfoOf(folder, /*image_sizes=*/true)));
  if (!archive.ok()) return archive.status();
  return (*archive)->size();
}

FolderComics::Pointer FolderComics::Find(const FolderVersion& folder, bool enhanced) {
  return tables_.Find(RefOf(folder, enhanced));
}

FolderComics::Pointer FolderComics::Keep(const DocumentRef& ref, Pointer table) {
  uint64_t charge = kTableOverhead;
  for (const ArchiveEntry& entry : table->document->entries) {
    charge += sizeof(Page) + sizeof(ArchiveEntry) + entry.name.size();
  }
  return tables_.Insert(ref, std::move(table), charge);
}

void FolderComics::Get(const FolderVersion::Pointer& folder, bool enhanced, Priority priority,
                       Done done) {
  const DocumentRef ref = RefOf(*folder, enhanced);
  if (Pointer table = tables_.Find(ref)) return done(std::move(table));
  auto shared = std::make_shared<Done>(std::move(done));
  const auto ticket =
      flights_.Join(ref, [shared](const absl::StatusOr<Pointer>& result) { (*shared)(result); });
  if (!ticket.leader) return;
  // An earlier flight may have landed between the look and joining.
  if (Pointer table = tables_.Find(ref)) {
    flights_.Complete(ref, table);
    return;
  }
  std::make_shared<Gathering>(this, ref, folder, priority)->Pump();
}

}  // namespace cbzfs
