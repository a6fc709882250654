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

std::string Shorten(std::string text, size_t max_bytes) {
  constexpr std::string_view kDots = "...";
  if (text.size() <= max_bytes || max_bytes < kDots.size()) return text;
  size_t end = max_bytes - kDots.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text += kDots;
}

ErrorLog::Line ErrorLog::MakeLine(std::string_view path, uint32_t page, std::string_view reason) {
  return {.path = Escape(path),
          .failure = fmt::format("{}\t{}", page == 0 ? "-" : std::to_string(page),
                                 Shorten(Escape(reason), kMaxReasonBytes)),
          .advice = {}};
}

void ErrorLog::Forget(const Line& line) {
  seen_.erase(line.Key());
  bytes_ -= line.bytes();
  const auto of_path = lines_of_.find(line.path);
  if (--of_path->second == 0) lines_of_.erase(of_path);
}

void ErrorLog::Report(std::string_view path, uint32_t page, std::string_view reason,
                      std::string_view advice, std::string_view outcome) {
  Line line = MakeLine(path, page, reason);
  line.advice = Shorten(Escape(advice), kMaxAdviceBytes);
  {
    absl::MutexLock lock(&mu_);
    if (!seen_.insert(line.Key()).second) return;
    lines_.push_back(line);
    ++lines_of_[line.path];
    bytes_ += line.bytes();
    while (lines_.size() > max_lines_ || (bytes_ > max_bytes_ && lines_.size() > 1)) {
      Forget(lines_.front());
      lines_.pop_front();
      ++dropped_;
    }
  }
  std::string text = line.path;
  if (page != 0) text += fmt::format(", page {}", page);
  text += fmt::format(": {}", Shorten(Escape(reason), kMaxReasonBytes));
  if (!line.advice.empty()) text += fmt::format(" ({})", line.advice);
  if (!outcome.empty()) text += fmt::format("; {}", outcome);
  spdlog::warn("{}", text);
}

void ErrorLog::Clear(std::string_view path) {
  const std::string escaped = Escape(path);
  absl::MutexLock lock(&mu_);
  // Every analysis ends here, and most files have no line.
  if (!lines_of_.contains(escaped)) return;
  for (auto it = lines_.begin(); it != lines_.end();) {
    if (it->path != escaped) {
      ++it;
      continue;
    }
    Forget(*it);
    it = lines_.erase(it);
  }
}

void ErrorLog::Withdraw(std::string_view path, uint32_t page, std::string_view reason) {
  const Line line = MakeLine(path, page, reason);
  absl::MutexLock lock(&mu_);
  if (!seen_.contains(line.Key())) return;
  for (auto it = lines_.begin(); it != lines_.end(); ++it) {
    if (it->path != line.path || it->failure != line.failure) continue;
    Forget(*it);
    lines_.erase(it);
    return;
  }
}

std::string ErrorLog::Text() const {
  absl::MutexLock lock(&mu_);
  std::string text;
  if (dropped_ > 0) text = fmt::format("# {} older failures are not shown\n", dropped_);
  for (const Line& line : lines_) {
    text += fmt::format("{}\t{}\t{}\n", line.path, line.failure, line.advice);
  }
  return text;
}

uint64_t ErrorLog::size() const {
  absl::MutexLock lock(&mu_);
  return lines_.size();
}

}  // namespace cbzfs
