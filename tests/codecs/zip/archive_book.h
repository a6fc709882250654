// Documents of real archives for tests: as a view passes them to the layout, that is with kDrawn
// pages for what it enhances and kRaw ones for what it hands on.

#ifndef CBZFS_TESTS_CODECS_ZIP_ARCHIVE_BOOK_H_
#define CBZFS_TESTS_CODECS_ZIP_ARCHIVE_BOOK_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "codecs/document/document.h"
#include "tests/codecs/zip/virtual_book.h"

namespace cbzfs::testing {

// Little-endian numbers.
uint32_t U16(const std::string& bytes, size_t at);
uint32_t U32(const std::string& bytes, size_t at);

// What a ZIP archive says of its entries, and where their data lies. Of the archives that tests
// make: no comment, no ZIP64. Names are as they stand there.
struct RealArchive {
  std::vector<ArchiveEntry> entries;
  std::vector<uint64_t> offsets;  // of the local headers
  std::vector<uint64_t> data_offsets;
  std::vector<uint64_t> stored_bytes;
};
RealArchive ReadRealArchive(const std::string& bytes);

// The enhanced twin of the archive `source`: entries whose name ends in ".png" or ".jpg" are drawn,
// with JPEGs as payloads; all others are handed on. Names must be UTF-8.
VirtualBook::Parts EnhancedArchive(const std::string& source, const LayoutOptions& options);

// Drawn and raw pages in any order, raw ones of any length, method and flags. The data of a raw
// page is random, its CRC right, so a stored one can be read. At least one page is drawn.
VirtualBook::Parts RandomArchive(std::mt19937_64& random, uint32_t page_count,
                                 const LayoutOptions& options);

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_ZIP_ARCHIVE_BOOK_H_
