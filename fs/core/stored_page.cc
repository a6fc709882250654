#include "fs/core/stored_page.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "fs/core/page_recipe.h"

namespace cbzfs {
namespace {

// "cbzfs page", and how it is laid out: to be raised when that changes.
constexpr uint64_t kForm = 0x63627a6673700001;

// In front of the note and the payload, in this order, all little-endian.
struct Head {
  uint64_t form = kForm;
  std::array<uint8_t, 16> hash = {};  // of the key and what follows
  uint32_t quality = 0;
  uint32_t softened = 0;
  uint32_t note_bytes = 0;
  uint32_t payload_bytes = 0;
};
static_assert(sizeof(Head) == 40);

std::array<uint8_t, 16> Canonical(const XXH128_hash_t& hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::array<uint8_t, 16> bytes;
  std::copy(std::begin(canonical.digest), std::end(canonical.digest), bytes.begin());
  return bytes;
}

std::array<uint8_t, 16> HashOf(const StoreKey& key, std::string_view after_hash) {
  uint64_t seed;
  std::memcpy(&seed, key.data(), sizeof(seed));
  uint64_t rest;
  std::memcpy(&rest, key.data() + 8, sizeof(rest));
  return Canonical(XXH3_128bits_withSeed(after_hash.data(), after_hash.size(), seed ^ rest));
}

constexpr size_t kHashed = offsetof(Head, quality);

}  // namespace

std::optional<StoreKey> StoreKeyOf(const Book& book, uint32_t page) {
  if (book.document().locked) return std::nullopt;
  const PageMaker maker = MakerOf(book, page);
  if (book.layout() == nullptr || (maker != PageMaker::kWorker && maker != PageMaker::kPlain)) {
    return std::nullopt;
  }
  std::string facts = book.layout()->PageFacts(page);
  const SourceKey& source = book.key();
  for (const uint64_t fact :
       {kForm, static_cast<uint64_t>(book.format()), static_cast<uint64_t>(book.rendition()),
        uint64_t{book.row_index(page)}, static_cast<uint64_t>(source.size),
        static_cast<uint64_t>(source.mtime_ns / 1'000'000'000),
        book.layout()->Body(page).max_payload}) {
    facts.append(reinterpret_cast<const char*>(&fact), sizeof(fact));
  }
  return Canonical(XXH3_128bits(facts.data(), facts.size()));
}

std::string EncodeStoredPage(const StoreKey& key, const Drawn& drawn) {
  Head head;
  head.quality = drawn.quality;
  head.softened = drawn.softened ? 1 : 0;
  head.note_bytes = static_cast<uint32_t>(drawn.note.size());
  head.payload_bytes = static_cast<uint32_t>(drawn.payload.size());
  std::string value;
  value.reserve(sizeof(head) + drawn.note.size() + drawn.payload.size());
  value.append(reinterpret_cast<const char*>(&head), sizeof(head));
  value += drawn.note;
  value += drawn.payload;
  head.hash = HashOf(key, std::string_view(value).substr(kHashed));
  std::memcpy(value.data(), &head, sizeof(head));
  return value;
}

std::optional<Drawn> DecodeStoredPage(const StoreKey& key, std::string_view value) {
  Head head;
  if (value.size() < sizeof(head)) return std::nullopt;
  std::memcpy(&head, value.data(), sizeof(head));
  if (head.form != kForm || head.hash != HashOf(key, value.substr(kHashed)) ||
      uint64_t{head.note_bytes} + head.payload_bytes != value.size() - sizeof(head)) {
    return std::nullopt;
  }
  Drawn drawn;
  drawn.quality = head.quality;
  drawn.softened = head.softened != 0;
  drawn.note = std::string(value.substr(sizeof(head), head.note_bytes));
  drawn.payload = std::string(value.substr(sizeof(head) + head.note_bytes));
  return drawn;
}

}  // namespace cbzfs
