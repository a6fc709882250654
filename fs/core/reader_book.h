// The page table of a comic in a view of the config file: halves of spreads, sizes, slots, names.
//
// Pure functions: any thread.

#ifndef CBZFS_FS_CORE_READER_BOOK_H_
#define CBZFS_FS_CORE_READER_BOOK_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "codecs/document/document.h"
#include "codecs/document/reader_profile.h"

namespace cbzfs {

struct ReaderBook {
  std::shared_ptr<const Document> document;
  std::vector<uint32_t> rows;   // of the source's table, one for each page of the document
  std::vector<PagePart> parts;  // the same
};

// Of the source's `rows`, in this order. `quality` is what the table's slots of enhanced pages were
// made for.
//
// A page that becomes two hands its bookmark, label and type to the first. An archive in which one
// does is without its own ComicInfo.xml, whose numbers of pages would be wrong, and its pages have
// names that sort as they are to be read.
ReaderBook MakeReaderBook(const Document& source, const std::vector<uint32_t>& rows,
                          const ReaderProfile& profile, uint32_t quality);

uint64_t HashOf(const ReaderProfile& profile);

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_READER_BOOK_H_
