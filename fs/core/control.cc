#include "fs/core/control.h"

#include <errno.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <utility>

#include <nlohmann/json.hpp>

#include "fs/core/errno_status.h"
#include "fs/core/source_folder.h"
#include "fs/core/version.h"

namespace cbzfs {
namespace {

// Below InoOf()'s range.
constexpr uint64_t kControlIno = 2;
constexpr uint64_t kStatusIno = 3;
constexpr uint64_t kErrorsIno = 4;
constexpr std::string_view kControlName = ".cbzfs";

// With the times of `source`.
struct stat OwnAttr(const Services& services, struct stat source, uint64_t ino, mode_t mode) {
  source.st_mode = mode;
  source.st_uid = geteuid();
  source.st_gid = getegid();
  int64_t since_ns = 0;
  for (const auto& view : services.views) since_ns = std::max(since_ns, view->since_ns());
  return ShownAttr(since_ns, source, ino, 0);
}

struct stat RootOf(const Services& services) {
  struct stat root = {};
  if (auto st = services.library->Stat(""); st.ok()) root = *st;
  return root;
}

class TextOpenFile : public OpenFile {
 public:
  explicit TextOpenFile(std::string text)
      : text_(std::make_shared<const std::string>(std::move(text))) {
    // The size is not known before the file is opened.
    direct_io = true;
  }

  std::shared_ptr<ReadWait> Read(uint64_t offset, size_t size, ReadDone done) override {
    ReadResult result;
    if (offset < text_->size()) {
      result.slices.push_back(
          {text_->data() + offset, std::min(size, text_->size() - offset), text_});
    }
    done(std::move(result));
    return nullptr;
  }

 private:
  const std::shared_ptr<const std::string> text_;
};

class ControlFile : public Node {
 public:
  using Text = std::function<std::string(const Services&)>;

  ControlFile(std::shared_ptr<Services> services, uint64_t ino, Text text)
      : Node(ino),
        services_(std::move(services)),
        attr_(OwnAttr(*services_, RootOf(*services_), ino, S_IFREG | 0400)),
        text_(std::move(text)) {}

  // Paths of a private library stand in it: the owner alone may read it. The library, which may
  // hang just when somebody wants to know, is not asked.
  void GetAttr(AttrDone done) override { done(attr_); }

  void Open(OpenDone done) override {
    done(std::shared_ptr<OpenFile>(std::make_shared<TextOpenFile>(text_(*services_))));
  }

 private:
  const std::shared_ptr<Services> services_;
  const struct stat attr_;
  const Text text_;
};

// A folder whose entries are there from the start.
class FixedFolder : public Node {
 public:
  struct Child {
    std::string name;
    std::shared_ptr<Node> node;
    bool listed = true;
  };

  FixedFolder(std::shared_ptr<Services> services, uint64_t ino, mode_t mode,
              std::vector<Child> children)
      : Node(ino),
        services_(std::move(services)),
        mode_(mode),
        at_mount_(RootOf(*services_)),
        children_(std::move(children)) {}

  // The root has the library's time, as it is now; `.cbzfs` is there whatever the library does.
  void GetAttr(AttrDone done) override {
    const bool own = Filesystem::NeedsNoSource(ino());
    done(OwnAttr(*services_, own ? at_mount_ : RootOf(*services_), ino(), S_IFDIR | mode_));
  }

  void Lookup(std::string_view name, LookupDone done) override {
    for (const Child& child : children_) {
      if (child.name != name) continue;
      auto node = child.node;
      return child.node->GetAttr(
          [node, done = std::move(done)](absl::StatusOr<struct stat> attr) mutable {
            if (!attr.ok()) return done(attr.status());
            done(Found{std::move(node), *attr});
          });
    }
    done(ErrnoStatus(ENOENT, std::string(name)));
  }

  void List(bool /*plus*/, ListDone done) override {
    auto listing = std::make_shared<Listing>();
    for (const Child& child : children_) {
      if (!child.listed) continue;
      DirEntry entry;
      entry.name = child.name;
      // Attributes of these nodes are at hand at once.
      child.node->GetAttr([&](absl::StatusOr<struct stat> attr) {
        if (!attr.ok()) return;
        entry.ino = child.node->ino();
        entry.type = attr->st_mode & S_IFMT;
        entry.node = child.node;
        entry.attr = *attr;
      });
      if (entry.node != nullptr) listing->entries.push_back(std::move(entry));
    }
    done(std::shared_ptr<const Listing>(std::move(listing)));
  }

 private:
  const std::shared_ptr<Services> services_;
  const mode_t mode_;
  const struct stat at_mount_;
  const std::vector<Child> children_;
};

std::shared_ptr<Node> MakeControlFolder(const std::shared_ptr<Services>& services) {
  std::vector<FixedFolder::Child> files;
  files.push_back({"status", std::make_shared<ControlFile>(services, kStatusIno, StatusJson)});
  files.push_back(
      {"errors", std::make_shared<ControlFile>(services, kErrorsIno,
                                               [](const Services& s) { return s.errors.Text(); })});
  return std::make_shared<FixedFolder>(services, kControlIno, 0500, std::move(files));
}

// The root of a mount with `-o view=`: the view's own root folder under the mount's inode number,
// and `.cbzfs`.
class ViewRoot : public SourceFolder {
 public:
  ViewRoot(const std::shared_ptr<Services>& services, const View* view)
      : SourceFolder(services, view, Filesystem::kRootIno, ""),
        control_(MakeControlFolder(services)) {}

  void Lookup(std::string_view name, LookupDone done) override {
    if (name != kControlName) return SourceFolder::Lookup(name, std::move(done));
    control_->GetAttr(
        [node = control_, done = std::move(done)](absl::StatusOr<struct stat> attr) mutable {
          if (!attr.ok()) return done(attr.status());
          done(Found{std::move(node), *attr});
        });
  }

 private:
  const std::shared_ptr<Node> control_;
};

}  // namespace

std::shared_ptr<Node> MakeRoot(const std::shared_ptr<Services>& services) {
  if (!services->options.view.empty()) {
    return std::make_shared<ViewRoot>(services, services->views.front().get());
  }
  struct stat root = {};
  if (auto st = services->library->Stat(""); st.ok()) root = *st;
  std::vector<FixedFolder::Child> children;
  for (const auto& view : services->views) {
    children.push_back({std::string(view->name()),
                        std::make_shared<SourceFolder>(services, view.get(),
                                                       InoOf(view->id(), kFolderIno, root), "")});
  }
  children.push_back({std::string(kControlName), MakeControlFolder(services), /*listed=*/false});
  return std::make_shared<FixedFolder>(services, Filesystem::kRootIno, 0555, std::move(children));
}

namespace {

// What the monitor saw when it last looked; null: it does not know.
nlohmann::ordered_json MemoryJson(const Services& services, const LruCacheStats& cache,
                                  const WorkerPoolStats& pool) {
  nlohmann::ordered_json json = {{"reserved", cache.bytes + cache.pinned + pool.memory_reserved},
                                 {"limit", services.options.memory_bytes},
                                 {"idle_workers", pool.memory_idle}};
  if (services.monitor == nullptr) return json;
  const MonitorStats seen = services.monitor->stats();
  const MonitorOptions thresholds = MonitorOptionsOf(services.options);
  const auto put = [&json](const char* name, const auto& value) {
    json[name] = value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
  };
  put("daemon_pss", seen.daemon_bytes);
  put("workers_pss", seen.workers_bytes);
  put("available", seen.available);
  put("pressure", seen.pressure);
  json["pressed"] = seen.pressed;
  json["warn"] = thresholds.warn_bytes;
  json["trim"] = thresholds.trim_bytes;
  json["trims"] = seen.trims;
  json["warnings"] = seen.warnings;
  if (!services.options.trace_memory) return json;
  const struct mallinfo2 heap = mallinfo2();
  json["heap"] = {{"used", heap.uordblks + heap.hblkhd}, {"free", heap.fordblks}};
  return json;
}

nlohmann::ordered_json StoreJson(const SecondLevel& second, uint64_t pages) {
  const SecondLevelStats stats = second.stats();
  nlohmann::ordered_json json = {{"pages", pages},           {"hits", stats.hits},
                                 {"misses", stats.misses},   {"late", stats.late},
                                 {"failed", stats.failed},   {"skipped", stats.skipped},
                                 {"kept", stats.kept},       {"unkept", stats.unkept},
                                 {"damaged", stats.damaged}, {"waiting_bytes", stats.waiting_bytes},
                                 {"bytes", stats.bytes},     {"reading", stats.reading},
                                 {"writing", stats.writing}};
  if (!stats.trouble.empty()) json["trouble"] = Escape(stats.trouble);
  return json;
}

}  // namespace

std::string StatusJson(const Services& services) {
  const WorkerPoolStats pool = services.pool->stats();
  const PageStore::Stats pages = services.pages->stats();
  const Documents::Stats documents = services.documents->stats();
  nlohmann::ordered_json json;
  json["pid"] = getpid();
  json["version"] = kVersion;
  json["library"] = Escape(services.library->path());
  json["views"] = nlohmann::json::array();
  for (const auto& view : services.views) json["views"].push_back(view->name());
  json["pages"] = {{"original", pages.original}, {"drawn", pool.drawn},
                   {"enhanced", pool.enhanced},  {"thumbnails", pool.thumbnails},
                   {"config", pool.readers},     {"entries", pool.entries},    {"joined", pages.joined},
                   {"failed", pages.failed},     {"notices", pages.notices}};
  constexpr const char* kRenditionNames[kRenditions] = {"cbz", "enhanced", "thumbnails", "covers",
                                                         "config"};
  for (size_t i = 0; i < kRenditions; ++i) {
    const PageStore::SlotStats& slots = pages.slots[i];
    json["slots"][kRenditionNames[i]] = {{"pages", slots.pages},
                                         {"lowered", slots.lowered},
                                         {"softened", slots.softened},
                                         {"bytes", slots.bytes},
                                         {"used", slots.used}};
  }
  json["cache"] = {{"bytes", pages.cache.bytes},     {"limit", pages.cache.limit},
                   {"entries", pages.cache.entries}, {"hits", pages.cache.hits},
                   {"misses", pages.cache.misses},   {"evicted", pages.cache.evicted}};
  if (services.second != nullptr) json["store"] = StoreJson(*services.second, pages.stored);
  json["memory"] = MemoryJson(services, pages.cache, pool);
  json["workers"] = {{"alive", pool.alive},
                     {"restarts", pool.restarts},
                     {"timeouts", pool.timeouts},
                     {"crashed", pool.crashed},
                     {"sandboxed", pool.sandboxed},
                     {"killed", pool.killed},
                     {"recovered", pool.recovered},
                     {"preempted", pool.preempted},
                     {"slow", pool.slow},
                     {"put_aside", pool.put_aside},
                     {"pids", services.pool->pids()},
                     {"sandbox", services.options.sandbox ? "strict" : "off"},
                     {"seccomp", pool.sandbox.seccomp},
                     {"landlock", pool.sandbox.landlock_abi}};
  json["descriptors"] = {{"open", services.library->sources().open()},
                         {"limit", services.library->sources().limit()}};
  json["queue"] = {{"waiting", pool.waiting}, {"running", pool.running}};
  json["index"] = {{"documents", documents.documents},
                   {"hits", documents.hits},
                   {"analysed", documents.analysed}};
  if (services.crcs != nullptr) {
    const FileCrcs::Stats crcs = services.crcs->stats();
    json["folders"] = {{"images_read", crcs.files}, {"bytes_read", crcs.bytes}};
  }
  if (services.watch != nullptr) {
    const ChangeWatch::Stats watch = services.watch->stats();
    json["watch"] = {{"active", watch.folders.active}, {"folders", watch.folders.folders},
                     {"limit", watch.folders.limit},   {"given_up", watch.folders.given_up},
                     {"events", watch.folders.events}, {"overflows", watch.folders.overflows},
                     {"rounds", watch.rounds},         {"dropped", watch.names}};
  }
  json["errors"] = services.errors.size();
  return json.dump(2) + "\n";
}

}  // namespace cbzfs
