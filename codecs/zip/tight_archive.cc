#include "codecs/zip/tight_archive.h"

#include <utility>

#include "codecs/zip/crc_force.h"
#include "codecs/zip/layout_internal.h"
#include "codecs/zip/raw_entry.h"

namespace cbzfs {
namespace {

// As many digits as the length of an entry can have.
constexpr uint64_t kLongest = 4'294'967'294;

uint64_t LocalBytes(const ZipEntry& entry) {
  return kLocalHeaderBytes + entry.name.size() + entry.extra.size();
}

}  // namespace

TightArchive::TightArchive(const Layout* layout) : layout_(layout) {
  entries_.reserve(layout->page_count());
  if (layout->InfoDataBytes() == 0) return;
  info_bytes_ = layout->InfoText([](uint32_t) { return kLongest; }).size();
  offset_ = kLocalHeaderBytes + kComicInfoName.size() + info_bytes_;
}

uint64_t TightArchive::DataOffset() const {
  const auto page = static_cast<uint32_t>(entries_.size());
  const Document& document = layout_->document();
  const bool raw = document.pages[page].is_other();
  return offset_ + kLocalHeaderBytes + layout_->PageName(page).size() +
         (raw ? RawExtra(document.entries[page]).size() : 0);
}

std::string TightArchive::Head(uint32_t page) const {
  std::string head;
  for (const Piece& piece :
       layout_->Map(layout_->PageDataOffset(page), layout_->Body(page).head_bytes)) {
    const size_t at = head.size();
    head.resize(at + piece.size);
    layout_->ReadLiteral(piece, &head[at]);
  }
  return head;
}

absl::StatusOr<std::vector<PlacedBytes>> TightArchive::AddPage(uint32_t crc, uint64_t bytes) {
  if (bytes > kLongest) return absl::OutOfRangeError("a page of 4 GiB or more");
  const auto page = static_cast<uint32_t>(entries_.size());
  const Document& document = layout_->document();
  const bool raw = document.pages[page].is_other();
  ZipEntry entry = raw ? RawRecord(document.entries[page], bytes, layout_->PageName(page), offset_)
                       : ZipEntry{.name = layout_->PageName(page),
                                  .crc = crc,
                                  .stored_bytes = static_cast<uint32_t>(bytes),
                                  .bytes = static_cast<uint32_t>(bytes),
                                  .offset = offset_};
  std::vector<PlacedBytes> around = {{offset_, LocalHeader(entry)}};
  offset_ += LocalBytes(entry) + bytes;
  if (raw && RawDescriptorBytes(document.entries[page]) > 0) {
    around.push_back({offset_, DataDescriptor(entry)});
    offset_ += around.back().bytes.size();
  }
  entries_.push_back(std::move(entry));
  return around;
}

std::vector<PlacedBytes> TightArchive::Finish(std::string_view comment) {
  std::vector<PlacedBytes> rest;
  std::string directory;
  ZipEnd end{
      .entries = entries_.size(), .directory_offset = offset_, .comment = std::string(comment)};
  if (info_bytes_ > 0) {
    std::string text =
        layout_->InfoText([this](uint32_t page) { return uint64_t{entries_[page].bytes}; });
    FillInfo(info_bytes_, &text);
    const ZipEntry info{.name = std::string(kComicInfoName),
                        .crc = ExtendCrc(0, text),
                        .stored_bytes = static_cast<uint32_t>(text.size()),
                        .bytes = static_cast<uint32_t>(text.size())};
    rest.push_back({0, LocalHeader(info) + text});
    directory = CentralRecord(info);
    ++end.entries;
  }
  for (const ZipEntry& entry : entries_) directory += CentralRecord(entry);
  end.directory_bytes = directory.size();
  directory += EndRecords(end);
  rest.push_back({offset_, std::move(directory)});
  offset_ += rest.back().bytes.size();
  return rest;
}

}  // namespace cbzfs
