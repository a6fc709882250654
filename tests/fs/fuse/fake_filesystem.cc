#include "tests/fs/fuse/fake_filesystem.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "fs/core/errno_status.h"

namespace cbzfs {
namespace {

std::shared_ptr<Services>& Shared() {
  static auto* const shared = new std::shared_ptr<Services>;
  return *shared;
}

class FakeNode : public Node {
 public:
  using Node::Node;
  void GetAttr(AttrDone done) override;
};

struct stat AttrOf(uint64_t ino) {
  struct stat attr = {};
  attr.st_ino = ino;
  attr.st_nlink = 1;
  attr.st_mode = S_IFREG | 0444;
  attr.st_size = kFileBytes;
  if (ino == Filesystem::kRootIno || ino == kManyIno) attr.st_mode = S_IFDIR | 0555;
  if (ino == kLinkIno) attr.st_mode = S_IFLNK | 0777;
  return attr;
}

void FakeNode::GetAttr(AttrDone done) { done(AttrOf(ino())); }

class Left : public ReadWait {
 public:
  explicit Left(std::shared_ptr<Services> fake) : fake_(std::move(fake)) {}
  void Leave() override {
    absl::MutexLock lock(&fake_->mu);
    ++fake_->left;
  }

 private:
  const std::shared_ptr<Services> fake_;
};

class FakeFile : public OpenFile {
 public:
  FakeFile(std::shared_ptr<Services> fake, bool waits) : fake_(std::move(fake)), waits_(waits) {
    keep_cache = false;
    absl::MutexLock lock(&fake_->mu);
    ++fake_->open_files;
  }
  ~FakeFile() override {
    absl::MutexLock lock(&fake_->mu);
    --fake_->open_files;
  }

  std::shared_ptr<ReadWait> Read(uint64_t offset, size_t size, ReadDone done) override {
    auto answer = [offset, size, done = std::move(done)](absl::StatusOr<ReadResult> r) mutable {
      if (!r.ok()) return done(r.status());
      done(Bytes(offset, size));
    };
    if (!waits_) {
      answer(ReadResult());
      return nullptr;
    }
    absl::MutexLock lock(&fake_->mu);
    fake_->reads.push_back(std::move(answer));
    return std::make_shared<Left>(fake_);
  }

 private:
  // In slices of odd sizes, more of them than one writev() takes when the read is large.
  static ReadResult Bytes(uint64_t offset, size_t size) {
    size = std::min<uint64_t>(size, kFileBytes - std::min<uint64_t>(offset, kFileBytes));
    auto bytes = std::make_shared<std::string>();
    for (size_t i = 0; i < size; ++i) bytes->push_back(ByteAt(offset + i));
    ReadResult result;
    for (size_t at = 0; at < size;) {
      const size_t length = std::min<size_t>(97, size - at);
      result.slices.push_back({bytes->data() + at, length, bytes});
      at += length;
    }
    return result;
  }

  const std::shared_ptr<Services> fake_;
  const bool waits_;
};

uint64_t InoOf(uint64_t parent, std::string_view name) {
  if (parent == kManyIno && name.starts_with("file")) {
    uint64_t number = 0;
    if (absl::SimpleAtoi(std::string(name.substr(4)), &number) && number < kManyFiles) {
      return kFirstOfManyIno + number;
    }
  }
  if (parent != Filesystem::kRootIno) return 0;
  static const std::map<std::string_view, uint64_t> kNames = {
      {"now", kNowIno},   {"later", kLaterIno},   {"slow", kSlowIno},
      {"many", kManyIno}, {"broken", kBrokenIno}, {"link", kLinkIno}};
  const auto it = kNames.find(name);
  return it == kNames.end() ? 0 : it->second;
}

}  // namespace

size_t ReadResult::size() const {
  size_t total = 0;
  for (const Slice& slice : slices) total += slice.size;
  return total;
}

void Node::Lookup(std::string_view, LookupDone done) { done(ErrnoStatus(ENOTDIR, "lookup")); }
void Node::List(bool, ListDone done) { done(ErrnoStatus(ENOTDIR, "list")); }
void Node::Open(OpenDone done) { done(ErrnoStatus(EISDIR, "open")); }
absl::StatusOr<std::string> Node::ReadLink() { return ErrnoStatus(EINVAL, "readlink"); }
void Node::Adopt(const Node&) {}
void Node::SourceChanged() {}

char ByteAt(uint64_t offset) { return static_cast<char>(offset * 2654435761u >> 13); }

Services& Fake() { return *Shared(); }

absl::StatusOr<std::unique_ptr<Filesystem>> Filesystem::Create(const std::string&, const Options&,
                                                               const std::string&) {
  Shared() = std::make_shared<Services>();
  return std::unique_ptr<Filesystem>(new Filesystem(Shared()));
}

Filesystem::Filesystem(std::shared_ptr<Services> services) : services_(std::move(services)) {}
Filesystem::~Filesystem() = default;

void Filesystem::Lookup(uint64_t parent, std::string_view name, Node::LookupDone done) {
  const uint64_t ino = InoOf(parent, name);
  if (ino == 0) return done(ErrnoStatus(ENOENT, "lookup"));
  auto answer = [fake = services_, ino, done = std::move(done)](auto) mutable {
    {
      absl::MutexLock lock(&fake->mu);
      ++fake->references[ino];
    }
    done(Found{std::make_shared<FakeNode>(ino), AttrOf(ino)});
  };
  if (ino != kSlowIno) return answer(absl::StatusOr<Found>(absl::UnknownError("")));
  absl::MutexLock lock(&services_->mu);
  services_->lookups.push_back(std::move(answer));
}

void Filesystem::Forget(uint64_t ino, uint64_t count) {
  absl::MutexLock lock(&services_->mu);
  services_->references[ino] -= static_cast<int64_t>(count);
}

uint64_t Filesystem::Now() const { return 0; }
bool Filesystem::Unchanged(uint64_t, uint64_t) const { return true; }
void Filesystem::StartNotifying(KernelCache*) {}
void Filesystem::StopNotifying() {}

void Filesystem::Reference(uint64_t, const DirEntry& entry) {
  absl::MutexLock lock(&services_->mu);
  ++services_->references[entry.node->ino()];
}

void Filesystem::GetAttr(uint64_t ino, Node::AttrDone done) { done(AttrOf(ino)); }

absl::StatusOr<std::string> Filesystem::ReadLink(uint64_t ino) {
  if (ino != kLinkIno) return ErrnoStatus(EINVAL, "readlink");
  return std::string("now");
}

void Filesystem::List(uint64_t ino, bool plus, Node::ListDone done) {
  {
    absl::MutexLock lock(&services_->mu);
    ++services_->listings;
  }
  auto listing = std::make_shared<Listing>();
  for (size_t i = 0; ino == kManyIno && i < kManyFiles; ++i) {
    DirEntry entry;
    entry.ino = kFirstOfManyIno + i;
    entry.name = "file" + std::to_string(i);
    entry.type = S_IFREG;
    if (plus && i % 2 == 0) {
      entry.node = std::make_shared<FakeNode>(entry.ino);
      entry.attr = AttrOf(entry.ino);
    }
    listing->entries.push_back(std::move(entry));
  }
  done(std::shared_ptr<const Listing>(std::move(listing)));
}

void Filesystem::Open(uint64_t ino, Node::OpenDone done) {
  if (ino == kBrokenIno) return done(absl::DataLossError("broken for the test"));
  done(std::shared_ptr<OpenFile>(std::make_shared<FakeFile>(services_, ino == kLaterIno)));
}

absl::StatusOr<struct statvfs> Filesystem::StatFs() {
  struct statvfs answer = {};
  answer.f_bsize = 4096;
  answer.f_frsize = 4096;
  answer.f_blocks = 12345;
  answer.f_namemax = 255;
  return answer;
}

void Filesystem::Stop() {
  absl::MutexLock lock(&services_->mu);
  services_->stopped = true;
}

void Services::WaitForReads(size_t count) {
  absl::MutexLock lock(&mu);
  const auto enough = [this, count]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return reads.size() >= count; };
  mu.Await(absl::Condition(&enough));
}

void Services::WaitForLookups(size_t count) {
  absl::MutexLock lock(&mu);
  const auto enough = [this, count]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return lookups.size() >= count; };
  mu.Await(absl::Condition(&enough));
}

void Services::WaitForLeft(int count) {
  absl::MutexLock lock(&mu);
  const auto enough = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return left >= count; };
  mu.Await(absl::Condition(&enough));
}

void Services::AnswerReads() {
  std::vector<OpenFile::ReadDone> taken;
  {
    absl::MutexLock lock(&mu);
    taken.swap(reads);
  }
  for (OpenFile::ReadDone& done : taken) done(ReadResult());
}

void Services::AnswerLookups() {
  std::vector<Node::LookupDone> taken;
  {
    absl::MutexLock lock(&mu);
    taken.swap(lookups);
  }
  for (Node::LookupDone& done : taken) done(absl::UnknownError(""));
}

int64_t Services::References(uint64_t ino) {
  absl::MutexLock lock(&mu);
  return references[ino];
}

}  // namespace cbzfs
