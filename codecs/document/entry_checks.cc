#include "codecs/document/entry_checks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "codecs/document/document_codec.h"
#include "codecs/document/utf8.h"

namespace cbzfs {
namespace {

constexpr uint32_t kAesExtra = 0x9901;

bool IsExtra(std::string_view extra) {
  if (extra.empty()) return true;
  if (extra.size() < 4 || extra.size() > kMaxEntryExtraBytes) return false;
  const auto u16 = [extra](size_t at) {
    return static_cast<uint8_t>(extra[at]) | uint32_t{static_cast<uint8_t>(extra[at + 1])} << 8;
  };
  return u16(0) == kAesExtra && u16(2) == extra.size() - 4;
}

// All entries of an archive are unpacked by a worker, or none is.
absl::Status CheckPacked(const Document& document) {
  for (size_t i = 0; i < document.pages.size(); ++i) {
    const Page& page = document.pages[i];
    const ArchiveEntry& entry = document.entries[i];
    if (page.kind == PageKind::kRaw) return BadEntry(i, "with a place, among packed ones");
    if (page.kind == PageKind::kImage && !page.packed())
      return BadEntry(i, "an image with a place, among packed ones");
    if (entry.method != 0 || entry.flags != 0 || !entry.extra.empty()) {
      return BadEntry(i, "unpacked, but with a method");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BadEntry(size_t entry, const char* what) {
  return absl::DataLossError(absl::StrCat("page table: entry ", entry + 1, ": ", what));
}

bool IsPrintable(std::string_view text) {
  const auto control = [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; };
  return IsValidUtf8(text) && std::none_of(text.begin(), text.end(), control);
}

absl::Status CheckEntries(const Document& document) {
  for (size_t i = 0; i < document.entries.size(); ++i) {
    const ArchiveEntry& entry = document.entries[i];
    if (entry.bytes > kMaxEntryBytes) return BadEntry(i, "impossible length");
    if (!IsExtra(entry.extra)) return BadEntry(i, "bad extra field");
  }
  if (absl::Status status = CheckEntryNames(document.entries); !status.ok()) return status;
  const bool packed = std::any_of(
      document.pages.begin(), document.pages.end(),
      [](const Page& page) { return page.packed() || page.kind == PageKind::kUnpacked; });
  return packed ? CheckPacked(document) : absl::OkStatus();
}

bool IsEntryName(std::string_view name) {
  if (name.size() > kMaxEntryNameBytes || !IsPrintable(name)) return false;
  if (name.find_first_of("\\:") != std::string_view::npos) return false;
  for (size_t start = 0; start <= name.size();) {
    const size_t end = std::min(name.find('/', start), name.size());
    const std::string_view part = name.substr(start, end - start);
    if (part.empty() || part == "." || part == ".." || part.size() > kMaxEntryNamePartBytes) {
      return false;
    }
    start = end + 1;
  }
  return true;
}

absl::Status CheckEntryNames(const std::vector<ArchiveEntry>& entries) {
  std::vector<std::string> sorted;
  sorted.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!IsEntryName(entries[i].name)) return BadEntry(i, "impossible name");
    sorted.push_back(entries[i].name);
    // No name has this character. It is the least there is, so what lies in a folder comes right
    // after a file of the folder's name, and neighbours are all that has to be compared.
    std::replace(sorted.back().begin(), sorted.back().end(), '/', '\x01');
  }
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 1; i < sorted.size(); ++i) {
    const std::string& one = sorted[i - 1];
    const std::string& next = sorted[i];
    if (!next.starts_with(one)) continue;
    if (next.size() == one.size())
      return absl::DataLossError("page table: two entries of one name");
    if (next[one.size()] == '\x01')
      return absl::DataLossError("page table: an entry that is a file and a folder");
  }
  return absl::OkStatus();
}

}  // namespace cbzfs
