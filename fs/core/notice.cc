#include "fs/core/notice.h"

#include "absl/strings/str_cat.h"
#include "fs/core/error_log.h"

namespace cbzfs {
namespace {

// Together well under 4 KiB, and more than a page of reasonable size has room for.
constexpr size_t kMaxName = 600;
constexpr size_t kMaxReason = 900;

std::string Field(std::string_view text, size_t max_bytes) {
  return Shorten(Escape(text), max_bytes);
}

// A document that was put aside says until when. On a page that would be out of date at once.
std::string WithoutClock(std::string_view reason) {
  constexpr std::string_view kUntil = "put aside until ";
  const size_t colon = reason.find(": ");
  if (!reason.starts_with(kUntil) || colon == std::string_view::npos) return std::string(reason);
  return absl::StrCat("put aside for a while", std::string(reason.substr(colon)));
}

}  // namespace

std::string NoticeText(const NoticeFacts& facts) {
  const size_t slash = facts.path.rfind('/');
  const std::string_view name =
      slash == std::string_view::npos ? facts.path : facts.path.substr(slash + 1);
  std::string text = "This page could not be made\n";
  absl::StrAppend(&text, "File\t", Field(name, kMaxName), "\n");
  if (facts.page > 0) absl::StrAppend(&text, "Page\t", facts.page, "\n");
  absl::StrAppend(&text, "What is wrong\t", Field(WithoutClock(facts.reason), kMaxReason), "\n");
  absl::StrAppend(&text, "What can be done\t", Field(facts.advice, kMaxReason));
  return text;
}

}  // namespace cbzfs
