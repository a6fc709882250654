#include "fs/core/error_log.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "codecs/document/utf8.h"

namespace cbzfs {

std::string Escape(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const Utf8Char c = DecodeUtf8(bytes);
    const auto byte = static_cast<unsigned char>(bytes[0]);
    if (c.bytes == 0 || c.code < 0x20 || c.code == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (byte == '\\') {
      out += "\\\\";
    } else {
      out += bytes.substr(0, c.bytes);
    }
    bytes.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return out;
}

void ErrorLog::Report(std::string_view path, uint32_t page, std::string_view reason) {
  Line line{Escape(path), fmt::format("{}\t{}", page == 0 ? "-" : std::to_string(page),
                                      Escape(reason))};
  {
    absl::MutexLock lock(&mu_);
    if (!seen_.insert(line.path + '\t' + line.rest).second) return;
    if (lines_.size() == max_lines_) {
      seen_.erase(lines_.front().path + '\t' + lines_.front().rest);
      lines_.pop_front();
      ++dropped_;
    }
    lines_.push_back(line);
  }
  if (page == 0) {
    spdlog::warn("{}: {}", line.path, Escape(reason));
  } else {
    spdlog::warn("{}, page {}: {}", line.path, page, Escape(reason));
  }
}

void ErrorLog::Clear(std::string_view path) {
  const std::string escaped = Escape(path);
  absl::MutexLock lock(&mu_);
  for (auto it = lines_.begin(); it != lines_.end();) {
    if (it->path != escaped) {
      ++it;
      continue;
    }
    seen_.erase(it->path + '\t' + it->rest);
    it = lines_.erase(it);
  }
}

std::string ErrorLog::Text() const {
  absl::MutexLock lock(&mu_);
  std::string text;
  if (dropped_ > 0) text = fmt::format("# {} older failures are not shown\n", dropped_);
  for (const Line& line : lines_) text += fmt::format("{}\t{}\n", line.path, line.rest);
  return text;
}

uint64_t ErrorLog::size() const {
  absl::MutexLock lock(&mu_);
  return lines_.size();
}

}  // namespace cbzfs
