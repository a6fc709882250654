// An entry of a real archive that is handed on as it is stored there: its records in our archive.
// Or of one that is no ZIP, unpacked: it then has neither flags nor a method.
//
// The data is a range of the source, copied, so all that decides how it is read is kept: method,
// CRC-32, both lengths, the time, the flags for encryption (bit 0) and of the method (bits 1, 2),
// and the extra field of AES encryption. The lengths are known, so bit 3 goes, and with it the data
// descriptor; with one exception. Traditional encryption checks a password by one byte: the high
// one of the CRC-32 (APPNOTE 6.1.6), or, as Info-ZIP began and others follow, of the time where bit
// 3 is set. Such an entry keeps bit 3, and a descriptor of 16 bytes follows its data. Its local
// header has CRC and lengths all the same, as that of `zip -P` has, so programs that walk local
// headers need no descriptor.
//
// Pure functions: any thread.

#ifndef CBZFS_CODECS_ZIP_RAW_ENTRY_H_
#define CBZFS_CODECS_ZIP_RAW_ENTRY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "codecs/document/document.h"
#include "codecs/zip/zip_records.h"

namespace cbzfs {

// `stored_bytes` and entry.bytes fit in 32 bits; `name` is the one in our archive.
ZipEntry RawRecord(const ArchiveEntry& entry, uint64_t stored_bytes, std::string name,
                   uint64_t offset);

// The extra field that both of its headers have.
std::string_view RawExtra(const ArchiveEntry& entry);

// The length of the data descriptor: 0 or kDataDescriptorBytes.
uint64_t RawDescriptorBytes(const ArchiveEntry& entry);

}  // namespace cbzfs

#endif  // CBZFS_CODECS_ZIP_RAW_ENTRY_H_
