// Files of records: each behind its length.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_RECORD_FILE_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_RECORD_FILE_H_

#include <cstdint>
#include <fstream>
#include <functional>
#include <string>

namespace cbzfs {

inline void SaveRecord(const std::string& bytes, std::ofstream* out) {
  const uint64_t size = bytes.size();
  out->write(reinterpret_cast<const char*>(&size), sizeof size);
  out->write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out->flush();
}

inline void LoadRecords(const std::string& path,
                        const std::function<void(const std::string&)>& take) {
  std::ifstream in(path, std::ios::binary);
  uint64_t size = 0;
  while (in.read(reinterpret_cast<char*>(&size), sizeof size) && size < (1u << 30)) {
    std::string bytes(size, '\0');
    if (!in.read(bytes.data(), static_cast<std::streamsize>(size))) break;
    take(bytes);
  }
}

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_RECORD_FILE_H_
