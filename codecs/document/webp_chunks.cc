#include "codecs/document/webp_chunks.h"

#include <array>
#include <utility>
#include <vector>

namespace cbzfs {
namespace {

constexpr char kIccFlag = 0x20;  // in VP8X

void PutLittle(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

void PutBig(uint64_t value, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) out->push_back(static_cast<char>(value >> (8 * i)));
}

// Of ICC.1:2010: type, four zeros, big-endian words.
std::string Tag(std::string_view type, std::initializer_list<uint32_t> words) {
  std::string tag(type);
  tag.append(4, '\0');
  for (const uint32_t word : words) PutBig(word, 4, &tag);
  return tag;
}

// mluc, one text in American English, in UTF-16.
std::string TextTag(std::string_view text) {
  std::string tag = Tag("mluc", {1, 12, 0x656E5553, static_cast<uint32_t>(2 * text.size()), 28});
  for (const char c : text) PutBig(static_cast<uint8_t>(c), 2, &tag);
  tag.resize((tag.size() + 3) / 4 * 4, '\0');
  return tag;
}

// Values are s15Fixed16; those of the colours are adapted to D50, as profiles have them.
std::string MakeSrgbProfile() {
  // ((x + 0.055) / 1.055) ^ 2.4, and x / 12.92 below 0.04045.
  const std::string curve =
      Tag("para", {0x0003'0000, 0x0002'6666, 0xF2A7, 0x0D59, 0x13D0, 0x0A5B});
  const std::vector<std::pair<std::string_view, std::string>> tags = {
      {"desc", TextTag("sRGB")},
      {"cprt", TextTag("None")},
      {"wtpt", Tag("XYZ ", {0xF6D6, 0x1'0000, 0xD32D})},
      {"chad", Tag("sf32", {0x1'0C42, 0x05DE, 0xFFFF'F325, 0x0793, 0xFD90, 0xFFFF'FBA1,
                            0xFFFF'FDA2, 0x03DC, 0xC06E})},
      {"rXYZ", Tag("XYZ ", {0x6FA2, 0x38F5, 0x0390})},
      {"gXYZ", Tag("XYZ ", {0x6299, 0xB785, 0x18DA})},
      {"bXYZ", Tag("XYZ ", {0x24A0, 0x0F84, 0xB6CF})},
      {"rTRC", curve},
      {"gTRC", ""},  // the same data
      {"bTRC", ""}};
  constexpr uint64_t kHeader = 128;
  std::string table;
  std::string data;
  const uint64_t data_at = kHeader + 4 + 12 * tags.size();
  PutBig(tags.size(), 4, &table);
  uint64_t at = 0;
  uint64_t bytes = 0;
  for (const auto& [name, tag] : tags) {
    if (!tag.empty()) {
      at = data_at + data.size();
      bytes = tag.size();
      data += tag;
    }
    table += name;
    PutBig(at, 4, &table);
    PutBig(bytes, 4, &table);
  }
  std::string header;
  PutBig(data_at + data.size(), 4, &header);
  PutBig(0, 4, &header);
  PutBig(0x0420'0000, 4, &header);  // version 4.2
  header += "mntrRGB XYZ ";
  for (const int part : {2024, 1, 1, 0, 0, 0}) PutBig(static_cast<uint64_t>(part), 2, &header);
  header += "acsp";
  header.resize(68, '\0');
  for (const uint32_t white : {0xF6D6u, 0x1'0000u, 0xD32Du}) PutBig(white, 4, &header);
  header.resize(kHeader, '\0');
  return header + table + data;
}

}  // namespace

std::string WebpStart(uint64_t file_bytes, uint32_t width, uint32_t height, bool icc) {
  std::string start = "RIFF";
  PutLittle(file_bytes - kWebpChunkHeader, 4, &start);
  start += "WEBPVP8X";
  PutLittle(10, 4, &start);
  start.push_back(icc ? kIccFlag : '\0');
  PutLittle(0, 3, &start);
  PutLittle(width - 1, 3, &start);
  PutLittle(height - 1, 3, &start);
  return start;
}

std::string WebpChunk(std::string_view name, std::string_view data) {
  std::string chunk(name);
  chunk.reserve(WebpChunkBytes(data.size()));
  PutLittle(data.size(), 4, &chunk);
  chunk += data;
  if (data.size() % 2 == 1) chunk.push_back('\0');
  return chunk;
}

uint64_t LeadingChunkBytes(std::string_view chunks, std::string_view name) {
  if (chunks.size() < kWebpChunkHeader || !chunks.starts_with(name)) return 0;
  uint64_t data = 0;
  for (size_t i = 0; i < 4; ++i) data |= uint64_t{static_cast<uint8_t>(chunks[4 + i])} << (8 * i);
  const uint64_t bytes = WebpChunkBytes(data);
  return bytes > chunks.size() ? 0 : bytes;
}

std::string ProfileOfSegments(std::string_view segments) {
  constexpr std::string_view kTag("ICC_PROFILE\0", 12);
  constexpr size_t kHead = 18;  // marker, length, tag, and which of how many
  std::string profile;
  while (segments.size() >= kHead && segments.starts_with("\xFF\xE2") &&
         segments.substr(4, kTag.size()) == kTag) {
    const size_t bytes = 2 + (size_t{static_cast<uint8_t>(segments[2])} << 8 |
                              size_t{static_cast<uint8_t>(segments[3])});
    if (bytes < kHead || bytes > segments.size()) return {};
    profile += segments.substr(kHead, bytes - kHead);
    segments.remove_prefix(bytes);
  }
  return segments.empty() ? profile : std::string();
}

const std::string& SrgbProfile() {
  static const std::string* const kProfile = new std::string(MakeSrgbProfile());
  return *kProfile;
}

}  // namespace cbzfs
