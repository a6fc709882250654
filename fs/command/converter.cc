#include "fs/command/converter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "codecs/document/format_names.h"
#include "fs/command/atomic_file.h"
#include "fs/command/crowd.h"
#include "fs/command/existing_file.h"
#include "fs/command/sync.h"
#include "fs/command/text.h"
#include "fs/command/tight_writer.h"
#include "fs/core/comic_node.h"
#include "fs/core/control.h"
#include "fs/core/errno_status.h"
#include "fs/exit_codes.h"

namespace cbzfs {
namespace {

namespace stdfs = std::filesystem;

constexpr size_t kChunk = 1 << 20;
constexpr uint64_t kWhole = 1'000'000;
// What two comics of a folder that want one name have in common is at least this much of it.
constexpr size_t kNamePart = 100;

std::string Join(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : absl::StrCat(folder, "/", name);
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  stdfs::create_directories(path, error);
  if (!error) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat("cannot make the folder ", path, ": ", error.message()));
}

uint64_t MadeBy(const Services& services) {
  const WorkerPoolStats pool = services.pool->stats();
  return pool.drawn + pool.enhanced + pool.thumbnails + pool.entries;
}

}  // namespace

// How much of one item is done; the rest counts as done when it goes.
class Converter::Share {
 public:
  explicit Share(std::atomic<uint64_t>* sum) : sum_(sum) {}
  ~Share() { *sum_ += kWhole - given_; }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  void Set(uint64_t part, uint64_t whole) {
    const uint64_t now = whole == 0 ? 0 : std::min(kWhole, part * kWhole / whole);
    if (now <= given_) return;
    *sum_ += now - given_;
    given_ = now;
  }

 private:
  std::atomic<uint64_t>* const sum_;
  uint64_t given_ = 0;
};

namespace {

const BookPart* PartOf(const Node& node) {
  const auto* const source = dynamic_cast<const SourceNode*>(&node);
  return source == nullptr ? nullptr : source->part();
}

}  // namespace

void Converter::Stop() {
  stop_ = true;
  absl::MutexLock lock(&mu_);
  if (filesystem_ != nullptr) filesystem_->Stop();
}

int Converter::Run(const ConvertSource& source, const std::string& worker_program) {
  auto created = Filesystem::Create(source.library, settings_.mount, worker_program);
  absl::Status ready = created.status();
  if (ready.ok()) ready = (*created)->WaitUntilReady();
  if (!ready.ok()) {
    fprintf(stderr, "cbzfs convert: %s\n", std::string(ready.message()).c_str());
    return ExitCodeOfCreate(ready);
  }
  {
    absl::MutexLock lock(&mu_);
    filesystem_ = *std::move(created);
    fs_ = filesystem_.get();
  }
  const Services& services = *fs_->services();
  const uint64_t made_before = totals_->made;
  {
    Progress progress("files", settings_.quiet, [&] {
      const double all = static_cast<double>(total_.load()) * static_cast<double>(kWhole);
      return ProgressCounts{.done = done_,
                            .total = total_,
                            .share = all > 0 ? static_cast<double>(share_.load()) / all : 0,
                            .pages = totals_->pages,
                            .bytes = totals_->bytes};
    });
    progress_ = &progress;
    if (absl::Status found = FindFiles(source, MakeRoot(fs_->services())); !found.ok()) {
      Fail(source.library, found);
    }
    total_ = items_.size();
    // Enough that the end of one file does not leave workers idle, few enough that the pages ahead
    // of all of them stay in the cache until they are read.
    const size_t crowd = std::clamp<size_t>(services.read_ahead / 4 + 1, 2, 6);
    ForEachOfMany(items_.size(), crowd, stop_, [this](size_t i) { ConvertOne(items_[i]); });
    if (!stop_) ReportErrors(services);
    progress_ = nullptr;
  }
  totals_->made = made_before + MadeBy(services);
  items_.clear();  // they hold what the filesystem owns
  absl::MutexLock lock(&mu_);
  filesystem_.reset();
  return no_room_ ? kExitFailure : kExitOk;
}

absl::Status Converter::FindFiles(const ConvertSource& source, std::shared_ptr<Node> root) {
  if (absl::Status status = MakeFolder(source.target); !status.ok()) return status;
  if (source.files.empty()) {
    Walk(root, "", source.target);
    return absl::OkStatus();
  }
  RemoveLeftovers(source.target);
  const auto listing = ListNow(*root);
  if (!listing.ok()) return listing.status();
  for (const std::string& name : source.files) {
    bool shown = false;
    const std::string_view part = StemOf(std::string_view(name)).substr(0, kNamePart);
    for (const DirEntry& entry : (*listing)->entries) {
      if (!std::string_view(entry.name).starts_with(part)) continue;
      const auto found = LookupNow(*root, entry.name);
      if (!found.ok()) continue;
      const auto* const node = dynamic_cast<const SourceNode*>(found->node.get());
      if (node == nullptr || node->path() != name) continue;
      shown = true;
      if (S_ISDIR(entry.type)) {
        Walk(found->node, entry.name, Join(source.target, entry.name));
        continue;
      }
      const bool named = !source.target_name.empty();
      items_.push_back(
          {root, entry.name, name, source.target, named ? source.target_name : entry.name});
    }
    if (!shown) {
      Fail(name, absl::NotFoundError("nothing is made of it (hidden names: -o show_hidden)"));
    }
  }
  return absl::OkStatus();
}

void Converter::Walk(const std::shared_ptr<Node>& folder, const std::string& where,
                     const std::string& target) {
  if (stop_) return;
  if (plan_->IsInSource(target)) {
    return Fail(
        where, absl::InvalidArgumentError(absl::StrCat(target,
                                                       " is in a folder that is converted, to which"
                                                       " nothing is written")));
  }
  if (absl::Status status = MakeFolder(target); !status.ok()) return Fail(where, status);
  RemoveLeftovers(target);
  const auto listing = ListNow(*folder);
  if (!listing.ok()) return Fail(where, listing.status());
  for (const DirEntry& entry : (*listing)->entries) {
    if (!S_ISDIR(entry.type)) {
      items_.push_back({folder, entry.name, Join(where, entry.name), target, entry.name});
      continue;
    }
    const auto found = LookupNow(*folder, entry.name);
    if (found.ok()) {
      Walk(found->node, Join(where, entry.name), Join(target, entry.name));
    } else {
      Fail(Join(where, entry.name), found.status());
    }
  }
}

// The list that a mount shows as `.cbzfs/errors`.
void Converter::ReportErrors(const Services& services) {
  const bool shows_broken = settings_.mount.view != kThumbnailsView.name;
  for (const absl::string_view line : absl::StrSplit(services.errors.Text(), '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, '\t');
    if (fields.size() < 3) continue;
    const bool file = fields[1] == "-";
    // Where a view shows nothing of a file that does not open, nothing else has failed.
    if (file && !shows_broken) ++totals_->failed;
    std::string text =
        absl::StrCat("cbzfs convert: ", fields[0], file ? "" : absl::StrCat(": page ", fields[1]),
                     ": ", fields[2]);
    if (fields.size() > 3 && !fields[3].empty()) absl::StrAppend(&text, " (", fields[3], ")");
    progress_->Warn(text);
  }
}

void Converter::Fail(const std::string& where, const absl::Status& failure) {
  if (absl::IsCancelled(failure) && stop_) return;
  ++totals_->failed;
  if (absl::IsResourceExhausted(failure) && !WasReported(failure)) {
    no_room_ = true;
    stop_ = true;
  }
  progress_->Warn(absl::StrCat("cbzfs convert: ", where, ": not written: ", failure.message()));
}

void Converter::ConvertOne(const Item& item) {
  progress_->Current(item.where);
  {
    Share share(&share_);
    if (absl::Status status = Convert(item, &share); !status.ok()) Fail(item.where, status);
  }
  ++done_;
}

absl::Status Converter::CheckTarget(const Item& item) const {
  if (!plan_->IsSourceFile(Join(item.target, item.target_name))) return absl::OkStatus();
  return absl::InvalidArgumentError("it would take the place of a SRC; use another DEST");
}

absl::Status Converter::Convert(const Item& item, Share* share) {
  auto found = LookupNow(*item.folder, item.name);
  if (!found.ok()) return found.status();
  if (absl::Status status = CheckTarget(item); !status.ok()) return status;
  Node& node = *found->node;
  if (S_ISLNK(found->attr.st_mode)) {
    if (settings_.copy) return CopyLink(item, node);
    ++totals_->left_out;
    return absl::OkStatus();
  }
  if (dynamic_cast<const PlainFile*>(&node) != nullptr) {
    // A view that makes nothing of a PDF does not exist: it did not open. The list of errors says
    // why. An EPUB may be a novel, which is no comic.
    const auto format = FormatOfName(item.name);
    if (format == SourceFormat::kPdf || format == SourceFormat::kXps) {
      return absl::DataLossError("it does not open; see below");
    }
    if (!settings_.copy) {
      ++totals_->left_out;
      return absl::OkStatus();
    }
  }
  return Write(item, *found, share);
}

absl::Status Converter::CopyLink(const Item& item, Node& link) {
  const auto target = link.ReadLink();
  if (!target.ok()) return target.status();
  std::error_code error;
  const stdfs::path now = stdfs::read_symlink(Join(item.target, item.target_name), error);
  if (!error && now == *target) {
    ++totals_->up_to_date;
    return absl::OkStatus();
  }
  ++totals_->copied;
  return ReplaceLink(item.target, item.target_name, *target);
}

bool Converter::IsUpToDate(const Item& item, const Found& found, OpenFile* file) const {
  if (settings_.force) return false;
  const ExistingFile existing(Join(item.target, item.target_name));
  if (!existing.HasTime(found.attr.st_mtim)) return false;
  const BookPart* const part = PartOf(*found.node);
  const auto book = file->book();
  if (part != nullptr && book != nullptr && settings_.mount.tight) {
    return HasTightMark(existing.fd(), *part, TightMark(*book, *part));
  }
  if (existing.bytes() != static_cast<uint64_t>(found.attr.st_size)) return false;
  // A page that is the source's own is a copy.
  const bool page = part != nullptr && part->kind == BookPart::Kind::kPage;
  if (part == nullptr || (page && book == nullptr)) return true;
  if (page) {
    return existing.HasCrc(book->book->layout()->Body(part->page).declared_crc);
  }
  return existing.EndsAs(file);
}

absl::Status Converter::Write(const Item& item, const Found& found, Share* share) {
  auto file = OpenNow(*found.node);
  if (!file.ok()) return file.status();
  if (IsUpToDate(item, found, file->get())) {
    ++totals_->up_to_date;
    progress_->Line(absl::StrCat(item.where, ": up to date"));
    return absl::OkStatus();
  }
  auto out = AtomicFile::Create(item.target, item.target_name);
  if (!out.ok()) return out.status();
  const BookPart* const part = PartOf(*found.node);
  const auto book = (*file)->book();
  const bool whole = part != nullptr && part->kind == BookPart::Kind::kWhole;
  const uint64_t pages = book == nullptr ? 0 : whole ? book->book->page_count() : 1;
  uint64_t bytes = static_cast<uint64_t>(found.attr.st_size);
  uint64_t done = 0;
  uint64_t counted = 0;  // pages
  if (part != nullptr && book != nullptr && settings_.mount.tight) {
    const auto written = WriteTight({.book = book,
                                     .part = *part,
                                     .pages = fs_->services()->pages.get(),
                                     .ahead = std::max(fs_->services()->read_ahead, 2u),
                                     .page_written =
                                         [&](uint64_t more) {
                                           ++totals_->pages;
                                           totals_->bytes += more;
                                           share->Set(++counted, pages);
                                         }},
                                    out->get());
    if (!written.ok()) return written.status();
    bytes = *written;
  } else {
    while (done < bytes) {
      if (stop_) return absl::CancelledError("stopped");
      const auto read = ReadNow(**file, done, std::min<uint64_t>(bytes - done, kChunk));
      if (!read.ok()) return read.status();
      if (read->size() == 0) return absl::DataLossError("the source changed while it was read");
      for (const ReadResult::Slice& slice : read->slices) {
        if (auto s = (*out)->Write(done, {slice.data, slice.size}); !s.ok()) return s;
        done += slice.size;
        totals_->bytes += slice.size;
      }
      share->Set(done, bytes);
      const uint64_t by_now = pages * done / bytes;
      totals_->pages += by_now - counted;
      counted = by_now;
    }
  }
  if (stop_) return absl::CancelledError("stopped");
  if (absl::Status status = (*out)->Finish(found.attr.st_mtim); !status.ok()) return status;
  ++(part == nullptr ? totals_->copied : totals_->converted);
  progress_->Line(absl::StrCat(item.where, ": ",
                               part == nullptr   ? "copied"
                               : book == nullptr ? "made"
                                                 : CountText(pages, "page"),
                               ", ",
                               BytesText(bytes)));
  return absl::OkStatus();
}

}  // namespace cbzfs
