#include "tests/bench/calibrate/record.h"

#include <cstring>
#include <type_traits>

namespace cbzfs {
namespace {

template <typename T>
void Put(std::string* out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
void PutAll(std::string* out, const std::vector<T>& values) {
  Put(out, static_cast<uint64_t>(values.size()));
  for (const T& value : values) Put(out, value);
}

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }

  template <typename T>
  T Get() {
    T value{};
    if (bytes_.size() - at_ < sizeof value) {
      ok_ = false;
      return value;
    }
    std::memcpy(static_cast<void*>(&value), bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  template <typename T>
  std::vector<T> GetAll() {
    std::vector<T> values;
    const uint64_t count = Get<uint64_t>();
    for (uint64_t i = 0; i < count && ok_; ++i) values.push_back(Get<T>());
    return values;
  }

 private:
  const std::string& bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

std::string Serialise(const DocumentRecord& record) {
  std::string out;
  PutAll(&out, std::vector<char>(record.path.begin(), record.path.end()));
  Put(&out, record.quality);
  Put(&out, record.dpi);
  Put(&out, record.page_count);
  Put(&out, record.stat_ms);
  PutAll(&out, record.pages);
  PutAll(&out, record.small);
  PutAll(&out, record.sample);
  PutAll(&out, record.truths);
  return out;
}

std::optional<DocumentRecord> Parse(const std::string& bytes) {
  Reader reader(bytes);
  DocumentRecord record;
  const std::vector<char> path = reader.GetAll<char>();
  record.path.assign(path.begin(), path.end());
  record.quality = reader.Get<uint32_t>();
  record.dpi = reader.Get<uint32_t>();
  record.page_count = reader.Get<uint32_t>();
  record.stat_ms = reader.Get<double>();
  record.pages = reader.GetAll<SlotPage>();
  record.small = reader.GetAll<std::optional<SmallDrawing>>();
  record.sample = reader.GetAll<uint32_t>();
  record.truths = reader.GetAll<Truth>();
  if (!reader.ok() || record.small.size() != record.pages.size()) return std::nullopt;
  return record;
}

}  // namespace cbzfs
