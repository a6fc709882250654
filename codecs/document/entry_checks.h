// What the entries of an archive must be for a page table to be believed: document_codec.h, which
// has the public part of this.
//
// Not for others. Pure functions: any thread.

#ifndef CBZFS_CODECS_DOCUMENT_ENTRY_CHECKS_H_
#define CBZFS_CODECS_DOCUMENT_ENTRY_CHECKS_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "codecs/document/document.h"

namespace cbzfs {

// kDataLoss with what is wrong with the entry, which counts from 0.
absl::Status BadEntry(size_t entry, const char* what);

// Valid UTF-8 without control characters.
bool IsPrintable(std::string_view text);

// Of an archive that has an entry for each page.
absl::Status CheckEntries(const Document& document);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_DOCUMENT_ENTRY_CHECKS_H_
