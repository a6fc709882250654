#include "codecs/pdf/color_profiles.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "codecs/pdf/pdf_internal.h"

namespace cbzfs {
namespace {

// Of one profile, and of all of a document: they are kept in the index and in memory. Profiles of
// cameras and scanners have 0.5 to 600 kB.
constexpr size_t kMaxProfile = size_t{4} << 20;
constexpr size_t kMaxProfiles = size_t{16} << 20;

constexpr size_t kProfileHeader = 128;
// A segment's length field counts itself; the tag and the two numbers take 14 of the rest.
constexpr size_t kMaxChunk = 65'535 - 2 - 14;

// At most `limit` bytes of a decoded stream; null when there are more.
fz_buffer* ReadBounded(fz_context* ctx, pdf_document* doc, int object, size_t limit) {
  fz_stream* in = pdf_open_stream_number(ctx, doc, object);
  fz_buffer* out = nullptr;
  bool fits = false;
  fz_var(out);
  fz_var(fits);
  fz_try(ctx) {
    out = fz_new_buffer(ctx, 4096);
    unsigned char chunk[4096];
    size_t got = 1;
    while (got != 0 && out->len <= limit) {
      got = fz_read(ctx, in, chunk, sizeof chunk);
      fz_append_data(ctx, out, chunk, got);
    }
    fits = out->len <= limit;
  }
  fz_always(ctx) { fz_drop_stream(ctx, in); }
  fz_catch(ctx) {
    fz_drop_buffer(ctx, out);
    fz_rethrow(ctx);
  }
  if (fits) return out;
  fz_drop_buffer(ctx, out);
  return nullptr;
}

ColorProfiles::Verdict Judge(std::string_view profile, int components) {
  using Verdict = ColorProfiles::Verdict;
  if (profile.size() < kProfileHeader || profile.substr(36, 4) != "acsp") return Verdict::kIgnore;
  const std::string_view space = profile.substr(16, 4);
  return space == (components == 1 ? "GRAY" : "RGB ") ? Verdict::kUse : Verdict::kRefuse;
}

std::string Segments(std::string_view profile) {
  const size_t count = (profile.size() + kMaxChunk - 1) / kMaxChunk;
  std::string out;
  out.reserve(profile.size() + count * 18);
  for (size_t i = 0; i < count; ++i) {
    const std::string_view chunk = profile.substr(i * kMaxChunk, kMaxChunk);
    const size_t length = chunk.size() + 2 + 14;
    out += "\xFF\xE2";
    out += static_cast<char>(length >> 8);
    out += static_cast<char>(length & 0xFF);
    out.append("ICC_PROFILE", 12);
    out += static_cast<char>(i + 1);
    out += static_cast<char>(count);
    out += chunk;
  }
  return out;
}

}  // namespace

ColorProfiles::Lookup ColorProfiles::Find(int object, int components) {
  const auto [at, is_new] = known_.try_emplace(object);
  if (is_new) at->second = Load(object, components);
  return at->second;
}

ColorProfiles::Lookup ColorProfiles::Load(int object, int components) {
  fz_buffer* buffer = nullptr;
  const absl::Status status = Try(ctx_, absl::StatusCode::kDataLoss,
                                  [&] { buffer = ReadBounded(ctx_, doc_, object, kMaxProfile); });
  if (!status.ok()) return {.verdict = Verdict::kIgnore};
  if (buffer == nullptr) return {.verdict = Verdict::kRefuse};
  std::string_view profile(reinterpret_cast<const char*>(buffer->data), buffer->len);
  Lookup found = {.verdict = Judge(profile, components)};
  if (found.verdict == Verdict::kUse) {
    std::string segments = Segments(profile);
    if (bytes_ + segments.size() > kMaxProfiles) {
      found.verdict = Verdict::kRefuse;
    } else {
      bytes_ += segments.size();
      found.insert = static_cast<int>(inserts_.size());
      inserts_.push_back(std::move(segments));
    }
  }
  fz_drop_buffer(ctx_, buffer);
  return found;
}

}  // namespace cbzfs
