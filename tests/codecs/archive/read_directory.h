// What the tests of the directory reader share.

#ifndef CBZFS_TESTS_CODECS_ARCHIVE_READ_DIRECTORY_H_
#define CBZFS_TESTS_CODECS_ARCHIVE_READ_DIRECTORY_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "codecs/archive/zip_directory.h"
#include "tests/codecs/archive/zip_builder.h"

namespace cbzfs::testing {

inline const std::string kText = "The quick brown fox jumps over the lazy dog. ";

inline ZipDirectory Read(const std::string& zip) {
  absl::StatusOr<ZipDirectory> directory = ReadZipDirectory(AsBytes(zip));
  EXPECT_TRUE(directory.ok()) << directory.status();
  return directory.ok() ? *std::move(directory) : ZipDirectory();
}

inline std::string DataOf(const std::string& zip, const ZipDirectoryEntry& entry) {
  EXPECT_NE(entry.data_offset, 0u);
  EXPECT_LE(entry.data_offset + entry.compressed_bytes, zip.size());
  return zip.substr(entry.data_offset, entry.compressed_bytes);
}

inline std::vector<EntryFault> Faults(const ZipDirectory& directory) {
  std::vector<EntryFault> faults;
  for (const ZipDirectoryEntry& entry : directory.entries) faults.push_back(entry.fault);
  return faults;
}

// Two honest entries around one that lies.
inline std::vector<EntryFault> FaultsAround(ZipItem liar) {
  const std::string zip =
      ZipOf({{.name = "a", .data = kText}, std::move(liar), {.name = "z", .data = kText}});
  const ZipDirectory directory = Read(zip);
  EXPECT_EQ(DataOf(zip, directory.entries.front()), kText);
  EXPECT_EQ(DataOf(zip, directory.entries.back()), kText);
  return Faults(directory);
}

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_ARCHIVE_READ_DIRECTORY_H_
