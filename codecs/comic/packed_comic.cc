#include "codecs/comic/packed_comic.h"

#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "codecs/archive/archive.h"
#include "codecs/decode/image_info.h"
#include "codecs/document/format_names.h"
#include "codecs/picture/image_page.h"

namespace cbzfs {
namespace {

absl::Span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

absl::StatusOr<ImagePage> Describe(std::string_view data) {
  absl::StatusOr<ImagePage> page = DescribeImage(Bytes(data), data.size());
  if (page.ok() && !EndsProperly(Bytes(data))) {
    return absl::DataLossError("the image ends too early: handed on as it is");
  }
  return page;
}

// Of the whole file.
absl::Status AsItIs(const absl::Status& failure) {
  if (absl::StrContains(failure.message(), "shown as it is")) return failure;
  return absl::Status(failure.code(), absl::StrCat(failure.message(), ": shown as it is"));
}

// What is known of an entry once all of it has passed by.
struct Seen {
  PackedEntry entry;
  uint64_t bytes = 0;
  uint32_t crc = 0;
  std::optional<absl::StatusOr<ImagePage>> image;  // of one that is named so
};

// As codecs/archive takes them, for its rules about names.
std::vector<ZipDirectoryEntry> AsZipEntries(const std::vector<Seen>& seen) {
  constexpr uint16_t kMadeByUnix = 3 << 8;
  std::vector<ZipDirectoryEntry> entries(seen.size());
  for (size_t i = 0; i < seen.size(); ++i) {
    entries[i].name = seen[i].entry.name;
    entries[i].made_by = kMadeByUnix;
  }
  return entries;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PackedComic>> PackedComic::Open(absl::Span<const uint8_t> file,
                                                               const LegacyCharsets* charsets) {
  absl::StatusOr<std::unique_ptr<PackedArchive>> archive = PackedArchive::Open(file);
  if (!archive.ok()) return AsItIs(archive.status());
  return std::unique_ptr<PackedComic>(new PackedComic(*std::move(archive), charsets));
}

absl::StatusOr<uint32_t> PackedComic::CountImages() {
  uint32_t count = 0;
  bool one_is_readable = false;
  absl::Status failure;
  const absl::Status listed = archive_->List([&](const PackedEntry& entry, auto read) {
    if (!HasImageExtension(entry.name)) return true;
    ++count;
    if (!one_is_readable) {
      const absl::StatusOr<std::string> data = read(kMaxImageFileBytes);
      // One that is too large is handed on as it is.
      if (!data.ok() && !absl::IsOutOfRange(data.status())) failure = data.status();
      one_is_readable = data.ok() && Describe(*data).ok();
    }
    return failure.ok() && !(one_is_readable && archive_->in_one_stream());
  });
  if (!listed.ok()) return AsItIs(listed);
  if (!failure.ok()) return AsItIs(failure);
  if (!one_is_readable) return NoImages();
  return count;
}

absl::StatusOr<Document> PackedComic::Analyse(const AnalyseOptions& options, bool sparing) {
  std::vector<Seen> seen;
  const absl::Status read = archive_->ReadAll(
      kMaxImageFileBytes, [](const PackedEntry& entry) { return HasImageExtension(entry.name); },
      [&](const PackedEntry& entry, const PackedData& data) {
        Seen now{.entry = entry, .bytes = data.bytes, .crc = data.crc};
        if (HasImageExtension(entry.name)) {
          now.image = data.bytes > kMaxImageFileBytes
                          ? absl::OutOfRangeError(
                                absl::StrCat("an image file of ", data.bytes >> 20, " MiB"))
                          : Describe(data.whole);
        }
        seen.push_back(std::move(now));
      });
  if (!read.ok()) return AsItIs(read);

  Document document;
  std::vector<SlotImage> images;
  std::vector<uint32_t> image_pages;
  for (Archive::Member& member :
       Archive::MembersOf(AsZipEntries(seen), *charsets_, HasImageExtension)) {
    const auto index = static_cast<uint32_t>(document.pages.size());
    const Seen& now = seen[member.index];
    Page row{.kind = PageKind::kUnpacked, .width = 1, .height = 1};
    if (now.image.has_value() && now.image->ok()) {
      row = (*now.image)->row;
      images.push_back((*now.image)->slot);
      image_pages.push_back(index);
    } else if (now.image.has_value()) {
      AddNote(index, now.image->status().message(), &document);
    }
    document.pages.push_back(row);
    document.entries.push_back({.name = std::move(member.name),
                                .index = now.entry.index,
                                .dos_time = now.entry.dos_time,
                                .crc = now.crc,
                                .bytes = now.bytes});
  }
  if (images.empty()) return NoImages();
  if (absl::Status status = CheckPageCount(images.size(), options); !status.ok()) return status;
  if (!options.enhanced) return document;
  const auto data = [&](size_t i, UseImage use) {
    const auto unpacked =
        archive_->Read(document.entries[image_pages[i]].index, kMaxImageFileBytes);
    if (unpacked.ok()) use(Bytes(*unpacked));
  };
  FillSlotsOf(images, image_pages, options, sparing, data, &document);
  return document;
}

absl::StatusOr<std::string> PackedComic::Read(uint32_t entry, uint64_t max_bytes) {
  return archive_->Read(entry, max_bytes);
}

absl::StatusOr<MadePicture> PackedComic::MakePage(uint32_t entry, Make make,
                                                  const PictureRequest& request) {
  const absl::StatusOr<std::string> data = archive_->Read(entry, kMaxImageFileBytes);
  if (!data.ok()) return data.status();
  return make(Bytes(*data), request);
}

}  // namespace cbzfs
