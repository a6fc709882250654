#include "fs/fuse/adapter.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "fs/fuse/dir_buffer.h"
#include "fs/fuse/errno_of.h"
#include "fs/fuse/reply_slices.h"

namespace cbzfs {
namespace {

// Reads that the kernel may have under way for read-ahead, over all files. Its own default of 12
// would hold up a third reader behind two that wait for pages.
constexpr unsigned kMaxBackground = 64;

// Threads of the loop that may read the library for one inode at once: what a file that hangs can
// take with it. A reader's read-ahead seldom has more under way.
constexpr int kThreadsAnInode = 4;
// Threads that never read it, so that the status is answered whatever hangs.
constexpr int kThreadsApart = 8;

Adapter* AdapterOf(fuse_req_t request) { return static_cast<Adapter*>(fuse_req_userdata(request)); }

void ReadOnly(fuse_req_t request) { fuse_reply_err(request, EROFS); }

}  // namespace

Adapter::Adapter(Filesystem* filesystem, absl::Duration ttl, const Connection& connection)
    : filesystem_(filesystem),
      ttl_(ttl),
      wanted_(connection),
      gate_(
          std::make_unique<Gate>(static_cast<int>(kLoopThreads) - kThreadsApart, kThreadsAnInode)),
      pending_(std::make_shared<PendingReplies>(&hooks_)) {}

void Adapter::LibfuseRequests::WatchInterrupt(fuse_req* request, uint64_t id) {
  const auto interrupted = [](fuse_req_t interrupted_request, void* data) {
    const auto interrupted_id = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(data));
    AdapterOf(interrupted_request)->pending_->Interrupt(interrupted_id);
  };
  fuse_req_interrupt_func(request, interrupted,
                          reinterpret_cast<void*>(static_cast<uintptr_t>(id)));
}

void Adapter::LibfuseRequests::ReplyError(fuse_req* request, int error) {
  fuse_reply_err(request, error);
}

void Adapter::Init(fuse_conn_info* connection) {
  // No splicing: our data is memory already, and READ requests are small. Links are not cached
  // beyond the ttl, because the source's may change.
  connection->want |= connection->capable &
                      (FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_AUTO_INVAL_DATA |
                       FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
  // No asynchronous O_DIRECT: its readers wait where the kernel sends no INTERRUPT, and a killed
  // one would stay until its page is drawn.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
                                             FUSE_CAP_SPLICE_MOVE | FUSE_CAP_ASYNC_DIO);
#ifdef FUSE_CAP_NO_EXPORT_SUPPORT
  // Node ids mean nothing once the kernel has forgotten them.
  connection->want |= connection->capable & FUSE_CAP_NO_EXPORT_SUPPORT;
#endif
  connection->max_background =
      wanted_.max_background != 0 ? wanted_.max_background : kMaxBackground;
  connection->congestion_threshold = wanted_.congestion_threshold;  // 0: three quarters
  connection->max_read = wanted_.max_read;
  if (wanted_.max_readahead != 0) {
    connection->max_readahead = std::min(connection->max_readahead, wanted_.max_readahead);
  }
  initialised_ = true;
}

void Adapter::InTurn(fuse_ino_t ino, Gate::Work work) {
  if (Filesystem::NeedsNoSource(ino)) {
    work();
  } else {
    gate_->Run(ino, std::move(work));
  }
}

void Adapter::Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const std::optional<uint64_t> id = pending_->Add(request);
  if (!id.has_value()) return;
  auto answer = [this, filesystem = filesystem_, pending = pending_, id = *id,
                 parent](absl::StatusOr<Found> found) {
    const auto claim = pending->Take(id);
    if (!claim.has_value()) {
      if (found.ok()) filesystem->Forget(found->node->ino(), 1);
      return;
    }
    if (!found.ok()) {
      fuse_reply_err(claim->request(), ErrnoOfFailed("lookup", parent, found.status()));
      return;
    }
    fuse_entry_param entry = {};
    entry.ino = found->node->ino();
    entry.attr = found->attr;
    // What changed meanwhile was dropped too early to help.
    entry.attr_timeout = found->fresh ? absl::ToDoubleSeconds(ttl_) : 0;
    entry.entry_timeout = entry.attr_timeout;
    if (fuse_reply_entry(claim->request(), &entry) != 0) filesystem->Forget(entry.ino, 1);
  };
  InTurn(parent, [filesystem = filesystem_, parent, name = std::string(name),
                  answer = std::move(answer)]() mutable {
    filesystem->Lookup(parent, name, std::move(answer));
  });
}

void Adapter::GetAttr(fuse_req_t request, fuse_ino_t ino) {
  const std::optional<uint64_t> id = pending_->Add(request);
  if (!id.has_value()) return;
  auto answer = [this, pending = pending_, id = *id, ino](absl::StatusOr<struct stat> attr) {
    const auto claim = pending->Take(id);
    if (!claim.has_value()) return;
    if (attr.ok()) {
      fuse_reply_attr(claim->request(), &*attr, absl::ToDoubleSeconds(ttl_));
    } else {
      fuse_reply_err(claim->request(), ErrnoOfFailed("getattr", ino, attr.status()));
    }
  };
  InTurn(ino, [filesystem = filesystem_, ino, answer = std::move(answer)]() mutable {
    filesystem->GetAttr(ino, std::move(answer));
  });
}

void Adapter::Open(fuse_req_t request, fuse_ino_t ino, const fuse_file_info& info) {
  if ((info.flags & O_ACCMODE) != O_RDONLY || (info.flags & O_TRUNC) != 0) {
    fuse_reply_err(request, EROFS);
    return;
  }
  const std::optional<uint64_t> id = pending_->Add(request);
  if (!id.has_value()) return;
  auto answer = [this, pending = pending_, id = *id, ino,
                 info](absl::StatusOr<std::shared_ptr<OpenFile>> file) {
    const auto claim = pending->Take(id);
    if (!claim.has_value()) return;
    if (!file.ok()) {
      fuse_reply_err(claim->request(), ErrnoOfFailed("open", ino, file.status()));
      return;
    }
    fuse_file_info opened = info;
    opened.keep_cache = (*file)->keep_cache;
    opened.direct_io = (*file)->direct_io;
    opened.fh = handles_.Add(std::make_unique<FileHandle>(*std::move(file)));
    // When the reply fails, no release comes.
    const uint64_t fh = opened.fh;
    if (fuse_reply_open(claim->request(), &opened) != 0) handles_.Release(fh);
  };
  InTurn(ino, [filesystem = filesystem_, ino, answer = std::move(answer)]() mutable {
    filesystem->Open(ino, std::move(answer));
  });
}

void Adapter::Read(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset,
                   const fuse_file_info& info) {
  const std::optional<uint64_t> id = pending_->Add(request);
  if (!id.has_value()) return;
  const std::shared_ptr<OpenFile> file = HandleTable::Get<FileHandle>(info.fh).file;
  // The callback keeps the file, whose handle may be released while an interrupted read goes on.
  auto answer = [pending = pending_, id = *id, ino, size, file](absl::StatusOr<ReadResult> result) {
    const auto claim = pending->Take(id);
    if (!claim.has_value()) return;
    if (result.ok()) {
      ReplySlices(claim->request(), *result, size);
    } else {
      fuse_reply_err(claim->request(), ErrnoOfFailed("read", ino, result.status()));
    }
  };
  InTurn(ino,
         [pending = pending_, id = *id, file, offset, size, answer = std::move(answer)]() mutable {
           pending->SetWait(id, file->Read(static_cast<uint64_t>(offset), size, std::move(answer)));
         });
}

void Adapter::ReadDir(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset,
                      const fuse_file_info& info, bool plus) {
  const std::shared_ptr<DirHandle::State> state = HandleTable::Get<DirHandle>(info.fh).state;
  DirHandle::Taken known;
  if (offset != 0) {
    absl::MutexLock lock(&state->mu);
    known = state->taken;
  }
  if (known.listing != nullptr) {
    ReplyDirectory(request, ino, known, size, offset, plus);
    return;
  }
  const std::optional<uint64_t> id = pending_->Add(request);
  if (!id.has_value()) return;
  InTurn(ino, [this, state, id = *id, ino, size, offset, plus] {
    const uint64_t since = filesystem_->Now();
    filesystem_->List(ino, plus,
                      [this, pending = pending_, state, id, ino, size, offset, plus,
                       since](absl::StatusOr<std::shared_ptr<const Listing>> taken) {
                        const auto claim = pending->Take(id);
                        if (!claim.has_value()) return;
                        if (!taken.ok()) {
                          fuse_reply_err(claim->request(),
                                         ErrnoOfFailed("readdir", ino, taken.status()));
                          return;
                        }
                        const DirHandle::Taken listing = {*std::move(taken), since};
                        {
                          absl::MutexLock lock(&state->mu);
                          state->taken = listing;
                        }
                        ReplyDirectory(claim->request(), ino, listing, size, offset, plus);
                      });
  });
}

void Adapter::ReplyDirectory(fuse_req_t request, fuse_ino_t ino, const DirHandle::Taken& taken,
                             size_t size, off_t offset, bool plus) {
  const auto start = static_cast<uint64_t>(offset);
  const Listing& listing = *taken.listing;
  DirBuffer buffer = plus ? PackEntriesPlus(ino, listing, start, size, ttl_)
                          : PackEntries(ino, listing, start, size);
  if (buffer.too_small) {
    fuse_reply_err(request, EINVAL);
    return;
  }
  // Counted before the kernel knows of them, since it may forget them at once.
  for (const DirEntry* entry : buffer.referenced) filesystem_->Reference(ino, *entry);
  // Asked when they are counted: of a change from now on the kernel is told.
  const bool fresh =
      filesystem_->Unchanged(ino, taken.since) &&
      std::all_of(buffer.referenced.begin(), buffer.referenced.end(), [&](const DirEntry* entry) {
        return !S_ISDIR(entry->type) || filesystem_->Unchanged(entry->node->ino(), taken.since);
      });
  if (plus && !fresh) {
    buffer.bytes = PackEntriesPlus(ino, listing, start, size, absl::ZeroDuration()).bytes;
  }
  if (fuse_reply_buf(request, buffer.bytes.data(), buffer.bytes.size()) == 0) return;
  for (const DirEntry* entry : buffer.referenced) filesystem_->Forget(entry->node->ino(), 1);
}

void Adapter::ReadLink(fuse_req_t request, fuse_ino_t ino) {
  const std::optional<uint64_t> id = pending_->Add(request);
  if (!id.has_value()) return;
  InTurn(ino, [filesystem = filesystem_, pending = pending_, id = *id, ino] {
    const absl::StatusOr<std::string> target = filesystem->ReadLink(ino);
    const auto claim = pending->Take(id);
    if (!claim.has_value()) return;
    if (target.ok()) {
      fuse_reply_readlink(claim->request(), target->c_str());
    } else {
      fuse_reply_err(claim->request(), ErrnoOfFailed("readlink", ino, target.status()));
    }
  });
}

void Adapter::StatFs(fuse_req_t request, fuse_ino_t ino) {
  const std::optional<uint64_t> id = pending_->Add(request);
  if (!id.has_value()) return;
  InTurn(Filesystem::kRootIno, [filesystem = filesystem_, pending = pending_, id = *id, ino] {
    const absl::StatusOr<struct statvfs> answer = filesystem->StatFs();
    const auto claim = pending->Take(id);
    if (!claim.has_value()) return;
    if (answer.ok()) {
      fuse_reply_statfs(claim->request(), &*answer);
    } else {
      fuse_reply_err(claim->request(), ErrnoOfFailed("statfs", ino, answer.status()));
    }
  });
}

// Only what libfuse's signatures need; the work is in the methods above.
struct Adapter::Operation {
  static void Init(void* adapter, fuse_conn_info* connection) {
    static_cast<Adapter*>(adapter)->Init(connection);
  }
  static void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    AdapterOf(request)->Lookup(request, parent, name);
  }
  static void Forget(fuse_req_t request, fuse_ino_t ino, uint64_t count) {
    AdapterOf(request)->filesystem_->Forget(ino, count);
    fuse_reply_none(request);
  }
  static void ForgetMulti(fuse_req_t request, size_t count, fuse_forget_data* forgets) {
    for (size_t i = 0; i < count; ++i) {
      AdapterOf(request)->filesystem_->Forget(forgets[i].ino, forgets[i].nlookup);
    }
    fuse_reply_none(request);
  }
  static void GetAttr(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
    AdapterOf(request)->GetAttr(request, ino);
  }
  static void ReadLink(fuse_req_t request, fuse_ino_t ino) {
    AdapterOf(request)->ReadLink(request, ino);
  }
  static void Open(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
    AdapterOf(request)->Open(request, ino, *info);
  }
  static void Read(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset,
                   fuse_file_info* info) {
    AdapterOf(request)->Read(request, ino, size, offset, *info);
  }
  static void Release(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
    AdapterOf(request)->handles_.Release(info->fh);
    fuse_reply_err(request, 0);
  }
  static void OpenDir(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
    fuse_file_info opened = *info;
    HandleTable& handles = AdapterOf(request)->handles_;
    const uint64_t fh = opened.fh = handles.Add(std::make_unique<DirHandle>());
    if (fuse_reply_open(request, &opened) != 0) handles.Release(fh);
  }
  static void ReadDir(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset,
                      fuse_file_info* info) {
    AdapterOf(request)->ReadDir(request, ino, size, offset, *info, /*plus=*/false);
  }
  static void ReadDirPlus(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset,
                          fuse_file_info* info) {
    AdapterOf(request)->ReadDir(request, ino, size, offset, *info, /*plus=*/true);
  }
  static void ReleaseDir(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
    AdapterOf(request)->handles_.Release(info->fh);
    fuse_reply_err(request, 0);
  }
  static void StatFs(fuse_req_t request, fuse_ino_t ino) {
    AdapterOf(request)->StatFs(request, ino);
  }
};

const fuse_lowlevel_ops& Adapter::Operations() {
  static const fuse_lowlevel_ops operations = [] {
    fuse_lowlevel_ops ops = {};
    ops.init = Operation::Init;
    ops.lookup = Operation::Lookup;
    ops.forget = Operation::Forget;
    ops.forget_multi = Operation::ForgetMulti;
    ops.getattr = Operation::GetAttr;
    ops.readlink = Operation::ReadLink;
    ops.open = Operation::Open;
    ops.read = Operation::Read;
    ops.release = Operation::Release;
    ops.opendir = Operation::OpenDir;
    ops.readdir = Operation::ReadDir;
    ops.readdirplus = Operation::ReadDirPlus;
    ops.releasedir = Operation::ReleaseDir;
    ops.statfs = Operation::StatFs;
    // The mount is ro, so the kernel answers most of these itself.
    ops.setattr = [](fuse_req_t r, fuse_ino_t, struct stat*, int, fuse_file_info*) { ReadOnly(r); };
    ops.mknod = [](fuse_req_t r, fuse_ino_t, const char*, mode_t, dev_t) { ReadOnly(r); };
    ops.mkdir = [](fuse_req_t r, fuse_ino_t, const char*, mode_t) { ReadOnly(r); };
    ops.unlink = [](fuse_req_t r, fuse_ino_t, const char*) { ReadOnly(r); };
    ops.rmdir = [](fuse_req_t r, fuse_ino_t, const char*) { ReadOnly(r); };
    ops.symlink = [](fuse_req_t r, const char*, fuse_ino_t, const char*) { ReadOnly(r); };
    ops.rename = [](fuse_req_t r, fuse_ino_t, const char*, fuse_ino_t, const char*, unsigned) {
      ReadOnly(r);
    };
    ops.link = [](fuse_req_t r, fuse_ino_t, fuse_ino_t, const char*) { ReadOnly(r); };
    ops.write = [](fuse_req_t r, fuse_ino_t, const char*, size_t, off_t, fuse_file_info*) {
      ReadOnly(r);
    };
    ops.create = [](fuse_req_t r, fuse_ino_t, const char*, mode_t, fuse_file_info*) {
      ReadOnly(r);
    };
    ops.fallocate = [](fuse_req_t r, fuse_ino_t, int, off_t, off_t, fuse_file_info*) {
      ReadOnly(r);
    };
    ops.setxattr = [](fuse_req_t r, fuse_ino_t, const char*, const char*, size_t, int) {
      ReadOnly(r);
    };
    ops.removexattr = [](fuse_req_t r, fuse_ino_t, const char*) { ReadOnly(r); };
    ops.copy_file_range = [](fuse_req_t r, fuse_ino_t, off_t, fuse_file_info*, fuse_ino_t, off_t,
                             fuse_file_info*, size_t, int) { ReadOnly(r); };
    return ops;
  }();
  return operations;
}

}  // namespace cbzfs
