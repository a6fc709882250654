#include "codecs/comic/archive_comic.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "codecs/decode/image_info.h"
#include "codecs/document/format_names.h"
#include "codecs/picture/image_page.h"

namespace cbzfs {
namespace {

absl::Span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// What more of an entry is looked at than its first 64 KiB: a TIFF may have its directory anywhere,
// most often at its end, and some JPEGs have a megabyte of metadata before their frame header.
uint64_t LongHeadOf(ImageFormat format) {
  switch (format) {
    case ImageFormat::kTiff:
      return kMaxImageFileBytes;
    case ImageFormat::kJpeg:
      return 2 << 20;
    default:
      return 0;
  }
}

// The image that an entry is, by its first 64 KiB; of a stored one, which lies in the mapping, also
// by its end.
absl::StatusOr<ImagePage> Describe(const Archive& archive, const Archive::Member& member) {
  const uint64_t bytes = archive.entries()[member.index].bytes;
  const absl::StatusOr<absl::Span<const uint8_t>> stored = archive.StoredData(member.index);
  if (stored.ok()) {
    absl::StatusOr<ImagePage> page = DescribeImage(*stored, bytes);
    if (page.ok() && !EndsProperly(*stored)) {
      return absl::DataLossError("the image ends too early: handed on as it is");
    }
    return page;
  }
  absl::StatusOr<std::string> head = archive.ReadHead(member.index, kImageHeadBytes);
  if (!head.ok()) return head.status();
  absl::StatusOr<ImagePage> page = DescribeImage(Bytes(*head), bytes);
  const uint64_t longer = std::min(bytes, LongHeadOf(FormatOf(Bytes(*head))));
  if (page.ok() || longer <= head->size()) return page;
  head = archive.ReadHead(member.index, longer);
  if (!head.ok()) return head.status();
  return DescribeImage(Bytes(*head), bytes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ArchiveComic>> ArchiveComic::Open(absl::Span<const uint8_t> file,
                                                                 const LegacyCharsets* charsets) {
  absl::StatusOr<std::unique_ptr<Archive>> archive = Archive::Open(file);
  if (!archive.ok()) return archive.status();
  return std::unique_ptr<ArchiveComic>(new ArchiveComic(*std::move(archive), charsets));
}

absl::StatusOr<uint32_t> ArchiveComic::CountImages() {
  uint32_t count = 0;
  bool one_is_readable = false;
  for (const Archive::Member& member : archive_->Members(*charsets_, HasImageExtension)) {
    if (!member.image) continue;
    ++count;
    one_is_readable = one_is_readable || Describe(*archive_, member).ok();
  }
  if (!one_is_readable) return NoImages();
  return count;
}

absl::StatusOr<Document> ArchiveComic::Analyse(const AnalyseOptions& options, bool sparing) {
  Document document;
  for (const std::string& note : archive_->notes()) AddNote(Note::kWholeFile, note, &document);
  std::vector<SlotImage> images;
  std::vector<uint32_t> image_pages;
  for (Archive::Member& member : archive_->Members(*charsets_, HasImageExtension)) {
    const auto index = static_cast<uint32_t>(document.pages.size());
    const ZipDirectoryEntry& entry = archive_->entries()[member.index];
    Page row{.kind = PageKind::kRaw, .width = 1, .height = 1};
    absl::Status readable = archive_->Verdict(member.index);
    if (readable.ok() && member.image) {
      absl::StatusOr<ImagePage> image = Describe(*archive_, member);
      readable = image.status();
      if (image.ok()) {
        row = image->row;
        images.push_back(image->slot);
        image_pages.push_back(index);
      }
    }
    if (!readable.ok()) AddNote(index, readable.message(), &document);
    row.source_offset = entry.data_offset;
    row.source_bytes = entry.data_offset == 0 ? 0 : entry.compressed_bytes;
    document.pages.push_back(row);
    document.entries.push_back(ToDocumentEntry(entry, member.index, std::move(member.name)));
  }
  if (images.empty()) return NoImages();
  if (absl::Status status = CheckPageCount(images.size(), options); !status.ok()) return status;
  if (!options.enhanced) return document;
  const auto data = [&](size_t i, UseImage use) {
    const uint32_t entry = document.entries[image_pages[i]].index;
    if (const auto stored = archive_->StoredData(entry); stored.ok()) return use(*stored);
    const auto unpacked = archive_->Read(entry, kMaxImageFileBytes);
    if (unpacked.ok()) use(Bytes(*unpacked));
  };
  FillSlotsOf(images, image_pages, options, sparing, data, &document);
  return document;
}

absl::StatusOr<std::string> ArchiveComic::Read(uint32_t entry, uint64_t max_bytes) {
  if (entry >= archive_->entries().size()) return absl::NotFoundError("no such entry");
  return archive_->Read(entry, max_bytes);
}

absl::StatusOr<MadePicture> ArchiveComic::MakePage(uint32_t entry, Make make,
                                                   const PictureRequest& request) {
  if (entry >= archive_->entries().size()) return absl::NotFoundError("no such entry");
  if (const auto stored = archive_->StoredData(entry); stored.ok()) {
    absl::StatusOr<MadePicture> made = make(*stored, request);
    if (made.ok() && made->note.empty() && !archive_->StoredCrcIsRight(entry)) {
      made->note = "the check sum is wrong: the image may be damaged";
    }
    return made;
  }
  const absl::StatusOr<std::string> unpacked = archive_->Read(entry, kMaxImageFileBytes);
  if (!unpacked.ok()) return unpacked.status();
  return make(Bytes(*unpacked), request);
}

}  // namespace cbzfs
