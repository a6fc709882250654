#include "fs/core/filesystem.h"

#include <errno.h>
#include <malloc.h>
#include <pwd.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fs/core/control.h"
#include "fs/core/errno_status.h"
#include "fs/core/services.h"
#include "fs/core/store_setup.h"

namespace cbzfs {
namespace {

// Read-ahead by default: enough that every worker has a page while the reader looks at one.
constexpr uint32_t kReadAheadPerWorker = 2;

std::string DefaultIndexPath() {
  if (const char* cache = getenv("XDG_CACHE_HOME"); cache != nullptr && cache[0] == '/') {
    return std::string(cache) + "/cbzfs/index.sqlite";
  }
  const char* home = getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    const passwd* user = getpwuid(geteuid());
    home = user == nullptr ? nullptr : user->pw_dir;
  }
  return home == nullptr ? "" : std::string(home) + "/.cache/cbzfs/index.sqlite";
}

absl::StatusOr<std::unique_ptr<Index>> OpenIndex(const Options& options) {
  IndexOptions index;
  index.warn = [](const std::string& message) { spdlog::warn("{}", message); };
  if (options.index == "none") return Index::OpenInMemory(std::move(index));
  const std::string path = options.index.empty() ? DefaultIndexPath() : options.index;
  if (path.empty()) return Index::OpenInMemory(std::move(index));
  auto opened = Index::Open(path, index);
  if (opened.ok()) return opened;
  if (options.index.empty() && !absl::IsPermissionDenied(opened.status())) {
    // A home that cannot be written to is no reason not to mount.
    spdlog::warn("going on without an index on disk: {}", std::string(opened.status().message()));
    return Index::OpenInMemory(std::move(index));
  }
  return absl::PermissionDeniedError(opened.status().message());
}

WorkerPoolOptions PoolOptions(const Options& options, const std::string& program,
                              const MemoryShares& shares, MemoryKeeper* keeper) {
  WorkerPoolOptions pool;
  pool.worker_program = program;
  pool.workers = options.workers;
  pool.memory_bytes = shares.shared;
  pool.alone_bytes = shares.alone;
  pool.reserve_bytes = shares.reserve;
  pool.memory_keeper = keeper;
  pool.draw_deadline = options.draw_timeout;
  pool.analyse_deadline = options.analyse_timeout;
  pool.sandbox = options.sandbox;
  return pool;
}

std::optional<ViewName> ViewCalled(const std::string& name, const Options& options) {
  if (const ViewName* const view = FindViewName(name)) return *view;
  const NamedView* const named =
      options.reader_config == nullptr ? nullptr : options.reader_config->Find(name);
  if (named == nullptr) return std::nullopt;
  return ViewName{named->name, named->id};
}

AdviceLimits LimitsOf(const Options& options) {
  return {.draw_timeout = options.draw_timeout,
          .analyse_timeout = options.analyse_timeout,
          .memory_bytes = options.memory_bytes};
}

std::string PartsOf(const Services& services) {
  const LruCacheStats cache = services.pages->stats().cache;
  const WorkerPoolStats pool = services.pool->stats();
  const struct mallinfo2 heap = mallinfo2();
  return absl::StrCat("pages ", cache.bytes, ", pages being sent ", cache.pinned,
                      ", given to workers ", pool.memory_reserved, ", held by idle workers ",
                      pool.memory_idle, ", documents in the index ",
                      services.index->stats().documents, ", heap ", heap.uordblks + heap.hblkhd,
                      ", free in the heap ", heap.fordblks);
}

// The services outlive the monitor's thread: Filesystem::Stop() ends it.
MonitorHooks HooksOf(Services* services) {
  MonitorHooks hooks;
  hooks.workers = [services] { return services->pool->pids(); };
  hooks.activity = [services] {
    const WorkerPoolStats pool = services->pool->stats();
    const LruCacheStats cache = services->pages->stats().cache;
    return cache.hits + cache.misses + pool.drawn + pool.enhanced + pool.thumbnails + pool.readers +
           pool.entries + pool.analysed + pool.probed + pool.failed;
  };
  hooks.trim = [services] {
    services->pages->Trim(services->pages->stats().cache.bytes / 2);
    services->pool->TrimIdle();
    malloc_trim(0);
  };
  hooks.parts = [services] { return PartsOf(*services); };
  return hooks;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Filesystem>> Filesystem::Create(const std::string& library,
                                                               const Options& options,
                                                               const std::string& worker_program) {
  auto services = std::make_shared<Services>();
  services->options = options;
  auto opened = Library::Open(library);
  if (!opened.ok()) return absl::NotFoundError(opened.status().message());
  services->library = *std::move(opened);
  if (!options.passwords.empty()) {
    auto passwords = Passwords::Read(options.passwords);
    if (!passwords.ok()) return passwords.status();
    services->library->UsePasswords(*std::move(passwords));
  }

  const uint32_t workers = options.workers > 0
                               ? options.workers
                               : static_cast<uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  services->read_ahead = options.read_ahead >= 0 ? static_cast<uint32_t>(options.read_ahead)
                                                 : kReadAheadPerWorker * workers;
  services->library->LimitOpenFiles(SourceLimit(workers));
  const MemoryShares shares = ShareMemory(options.memory_bytes, workers);
  services->monitor =
      std::make_unique<MemoryMonitor>(MonitorOptionsOf(options), std::make_unique<SystemMemory>());
  services->memory = std::make_unique<MemoryPlan>(services->monitor.get());
  auto pool =
      WorkerPool::Launch(PoolOptions(options, worker_program, shares, services->memory.get()));
  if (!pool.ok()) return absl::FailedPreconditionError(pool.status().message());
  services->pool = *std::move(pool);

  auto index = OpenIndex(options);
  if (!index.ok()) return index.status();
  services->index = *std::move(index);
  services->documents = std::make_unique<Documents>(services->library.get(), services->index.get(),
                                                    services->pool.get(), &services->errors,
                                                    options.analyse, LimitsOf(options));
  if (options.folders) {
    services->crcs = std::make_unique<FileCrcs>(services->library.get(), services->index.get(),
                                                &services->errors);
    services->folders = std::make_unique<FolderComics>(
        services->library.get(), services->documents.get(), services->crcs.get(),
        &services->errors, options);
  }
  services->pages = std::make_unique<PageStore>(
      services->pool.get(), &services->errors, options.analyse,
      std::min(options.cache_bytes, shares.shared), options.on_error, LimitsOf(options));
  services->memory->SetPages(services->pages.get());
  auto second = MakeSecondLevel(options);
  if (!second.ok()) return second.status();
  services->second = *std::move(second);
  services->pages->SetSecondLevel(services->second.get());
  services->books = std::make_unique<Books>(services->documents.get(), options);
  const std::vector<std::string> names =
      options.view.empty() ? options.views : std::vector<std::string>{options.view};
  for (const std::string& name : names) {
    const std::optional<ViewName> view = ViewCalled(name, options);
    if (!view.has_value()) return absl::InvalidArgumentError("there is no view called " + name);
    const int64_t since_ns = options.source_times
                                 ? 0
                                 : services->index->RememberView(services->library->path(), name,
                                                                 HashOfView(*view, options),
                                                                 absl::ToUnixNanos(absl::Now()));
    services->views.push_back(
        std::make_unique<View>(*view, since_ns, options.reader_config, options.repack,
                               options.folders));
  }
  services->monitor->Start(HooksOf(services.get()));
  return std::unique_ptr<Filesystem>(new Filesystem(std::move(services)));
}

Filesystem::Filesystem(std::shared_ptr<Services> services) : services_(std::move(services)) {
  std::vector<uint64_t> views;
  for (const auto& view : services_->views) views.push_back(view->id());
  const Options& options = services_->options;
  services_->watch = std::make_unique<ChangeWatch>(
      services_->library.get(), &nodes_, std::move(views), !options.view.empty(),
      FolderWatcherOptions{.limit = options.watch, .info = [](const std::string& message) {
                             spdlog::info("{}", message);
                           }});
  nodes_.HoldRoot(MakeRoot(services_));
}

Filesystem::~Filesystem() { Stop(); }

absl::Status Filesystem::WaitUntilReady() { return services_->pool->WaitUntilReady(); }

void Filesystem::StartNotifying(KernelCache* kernel) { services_->watch->Start(kernel); }

void Filesystem::StopNotifying() { services_->watch->Stop(); }

void Filesystem::Stop() {
  StopNotifying();
  services_->pages->Stop();
  if (services_->crcs != nullptr) services_->crcs->Stop();
  if (services_->second != nullptr) services_->second->Stop();  // it may ask the pool still
  services_->pool->Stop();
  services_->monitor->Stop();  // its hooks ask the pool, which may be asked for ever
}

void Filesystem::Lookup(uint64_t parent, std::string_view name, Node::LookupDone done) {
  const auto node = nodes_.Find(parent);
  if (node == nullptr) return done(ErrnoStatus(ESTALE, "lookup"));
  const uint64_t since = nodes_.Sequence();
  node->Lookup(name, [this, parent, since, name = std::string(name),
                      done = std::move(done)](absl::StatusOr<Found> found) mutable {
    if (found.ok()) {
      nodes_.Hold(parent, name, found->node);
      found->fresh = Unchanged(parent, since) && Unchanged(found->node->ino(), since);
    }
    done(std::move(found));
  });
}

void Filesystem::Forget(uint64_t ino, uint64_t count) { nodes_.Forget(ino, count); }

void Filesystem::Reference(uint64_t parent, const DirEntry& entry) {
  nodes_.Hold(parent, entry.name, entry.node);
}

uint64_t Filesystem::Now() const { return nodes_.Sequence(); }

bool Filesystem::Unchanged(uint64_t folder, uint64_t since) const {
  return !nodes_.ChangedSince(folder, since);
}

void Filesystem::GetAttr(uint64_t ino, Node::AttrDone done) {
  auto node = nodes_.Find(ino);
  if (node == nullptr) return done(ErrnoStatus(ESTALE, "getattr"));
  node->GetAttr(std::move(done));
}

absl::StatusOr<std::string> Filesystem::ReadLink(uint64_t ino) {
  auto node = nodes_.Find(ino);
  if (node == nullptr) return ErrnoStatus(ESTALE, "readlink");
  return node->ReadLink();
}

void Filesystem::List(uint64_t ino, bool plus, Node::ListDone done) {
  auto node = nodes_.Find(ino);
  if (node == nullptr) return done(ErrnoStatus(ESTALE, "readdir"));
  node->List(plus, std::move(done));
}

void Filesystem::Open(uint64_t ino, Node::OpenDone done) {
  auto node = nodes_.Find(ino);
  if (node == nullptr) return done(ErrnoStatus(ESTALE, "open"));
  node->Open(std::move(done));
}

absl::StatusOr<struct statvfs> Filesystem::StatFs() { return services_->library->StatFs(); }

}  // namespace cbzfs
