#include "fs/command/sync.h"

#include <utility>

#include "fs/command/await.h"

namespace cbzfs {
absl::StatusOr<Found> LookupNow(Node& folder, std::string_view name) {
  return Await<Found>([&](auto done) {
    folder.Lookup(name, std::move(done));
    return 0;
  });
}

absl::StatusOr<std::shared_ptr<const Listing>> ListNow(Node& folder) {
  return Await<std::shared_ptr<const Listing>>([&](auto done) {
    folder.List(/*plus=*/false, std::move(done));
    return 0;
  });
}

absl::StatusOr<std::shared_ptr<OpenFile>> OpenNow(Node& file) {
  return Await<std::shared_ptr<OpenFile>>([&](auto done) {
    file.Open(std::move(done));
    return 0;
  });
}

absl::StatusOr<ReadResult> ReadNow(OpenFile& file, uint64_t offset, size_t size) {
  return Await<ReadResult>([&](auto done) { return file.Read(offset, size, std::move(done)); });
}

}  // namespace cbzfs
