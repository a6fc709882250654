// Tar and RAR archives of stored entries, for tests.

#ifndef CBZFS_TESTS_CODECS_PACKED_PACKED_BUILDER_H_
#define CBZFS_TESTS_CODECS_PACKED_PACKED_BUILDER_H_

#include <libdeflate.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace cbzfs::testing {

using Files = std::vector<std::pair<std::string, std::string>>;  // name, data

inline absl::Span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline uint32_t CrcOf(const std::string& data) {
  return libdeflate_crc32(0, data.data(), data.size());
}

inline std::string Little(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

// A header of POSIX 1003.1-1988. `type`: '0' a file, '5' a folder, '1' a hard link.
inline std::string TarHeader(const std::string& name, uint64_t size, char type = '0',
                             const std::string& target = "") {
  std::string header(512, '\0');
  const auto put = [&header](size_t at, const std::string& text) {
    std::copy(text.begin(), text.end(), header.begin() + static_cast<ptrdiff_t>(at));
  };
  char number[16];
  put(0, name.substr(0, 100));
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  snprintf(number, sizeof number, "%011llo", static_cast<unsigned long long>(size));
  put(124, number);
  put(136, "14524770412");  // 2023-11-14 22:13:30 UTC
  put(148, "        ");
  header[156] = type;
  put(157, target);
  put(257, std::string("ustar\0"
                       "00",
                       8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<uint8_t>(c);
  snprintf(number, sizeof number, "%06o", sum);
  put(148, std::string(number) + std::string("\0 ", 2));
  return header;
}

inline std::string TarFile(const std::string& name, const std::string& data) {
  return TarHeader(name, data.size()) + data + std::string((512 - data.size() % 512) % 512, '\0');
}

inline std::string TarOf(const Files& files) {
  std::string tar;
  for (const auto& [name, data] : files) tar += TarFile(name, data);
  return tar + std::string(1024, '\0');
}

inline std::string Rar4Header(uint8_t type, uint16_t flags, const std::string& body) {
  const std::string header = Little(type, 1) + Little(flags, 2) + Little(7 + body.size(), 2) + body;
  return Little(CrcOf(header) & 0xFFFF, 2) + header;
}

// `flags` of the archive: 1 volume, 8 solid, 0x80 headers encrypted.
inline std::string Rar4Of(const Files& files, uint16_t flags = 0) {
  std::string rar("Rar!\x1A\7\0", 7);
  rar += Rar4Header(0x73, flags, std::string(6, '\0'));
  for (const auto& [name, data] : files) {
    rar += Rar4Header(0x74, 0x8000,
                      Little(data.size(), 4) + Little(data.size(), 4) + Little(2, 1) +
                          Little(CrcOf(data), 4) + Little(0x576EB1AA, 4) + Little(20, 1) +
                          Little(0x30, 1) + Little(name.size(), 2) + Little(0x20, 4) + name);
    rar += data;
  }
  return rar + Rar4Header(0x7B, 0x4000, "");
}

inline std::string Vint(uint64_t number) {
  std::string out;
  do {
    out.push_back(static_cast<char>((number & 0x7F) | (number > 0x7F ? 0x80 : 0)));
    number >>= 7;
  } while (number > 0);
  return out;
}

inline std::string Rar5Header(const std::string& body) {
  const std::string header = Vint(body.size()) + body;
  return Little(CrcOf(header), 4) + header;
}

// `flags` of the archive: 1 volume, 4 solid.
inline std::string Rar5Of(const Files& files, uint64_t flags = 0) {
  std::string rar("Rar!\x1A\7\1\0", 8);
  rar += Rar5Header(Vint(1) + Vint(0) + Vint(flags));
  for (const auto& [name, data] : files) {
    rar += Rar5Header(Vint(2) + Vint(2) + Vint(data.size()) + Vint(6) + Vint(data.size()) +
                      Vint(0100644) + Little(1'700'000'000, 4) + Little(CrcOf(data), 4) + Vint(0) +
                      Vint(1) + Vint(name.size()) + name);
    rar += data;
  }
  return rar + Rar5Header(Vint(5) + Vint(0) + Vint(0));
}

// A file of data/.
inline std::string Sample(const std::string& name) {
  std::ifstream file(std::string(CBZFS_PACKED_TEST_DATA) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_PACKED_PACKED_BUILDER_H_
