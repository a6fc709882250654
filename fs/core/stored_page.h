// A finished page as a value of the second level (cache/store): under which key, and in which form.
//
// The key says all that decides the page's bytes and nothing of this host, so every mount of the
// same library under the same options finds what another has drawn. The source's time of change is
// in it, in seconds, beside the fingerprint, which sees the ends of a file only: a page may be
// drawn twice for that, but is never an older version's.
//
// A value carries a hash over its key and all of it: what a disk, a network or a full server has
// damaged is not taken for a page. That is no signature: whoever may write to the store may plant
// pictures. Bounds are checked as they are for what comes from a worker.
//
// Pure functions; any thread.

#ifndef CBZFS_FS_CORE_STORED_PAGE_H_
#define CBZFS_FS_CORE_STORED_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cache/store/backend.h"
#include "codecs/worker/worker_pool.h"
#include "fs/core/book.h"

namespace cbzfs {

// None for a page that is not worth storing: the source's own bytes, or an entry unpacked from it.
std::optional<StoreKey> StoreKeyOf(const Book& book, uint32_t page);

std::string EncodeStoredPage(const StoreKey& key, const Drawn& drawn);
// None where `value` is not what was encoded for `key`.
std::optional<Drawn> DecodeStoredPage(const StoreKey& key, std::string_view value);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_STORED_PAGE_H_
