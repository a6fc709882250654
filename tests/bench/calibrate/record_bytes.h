// Plain data as bytes and back, as it lies in memory: both ends are the same program.

#ifndef CBZFS_TESTS_BENCH_CALIBRATE_RECORD_BYTES_H_
#define CBZFS_TESTS_BENCH_CALIBRATE_RECORD_BYTES_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace cbzfs {

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

class RecordReader {
 public:
  explicit RecordReader(const std::string& bytes) : bytes_(bytes) {}
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

}  // namespace cbzfs

#endif  // CBZFS_TESTS_BENCH_CALIBRATE_RECORD_BYTES_H_
