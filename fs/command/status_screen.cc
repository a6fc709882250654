#include "fs/command/status_screen.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "fs/command/text.h"

namespace cbzfs {
namespace {

using Json = nlohmann::json;

constexpr size_t kBarCells = 20;

// A figure of the status, such as "/cache/hits"; 0 where there is none.
uint64_t Figure(const Json& status, const char* path) {
  const Json::json_pointer pointer(path);
  if (!status.contains(pointer)) return 0;
  const Json& value = status[pointer];
  return value.is_number() ? value.get<uint64_t>() : 0;
}

std::string Words(const Json& status, const char* path) {
  const Json::json_pointer pointer(path);
  if (!status.contains(pointer) || !status[pointer].is_string()) return "";
  return status[pointer].get<std::string>();
}

std::string Line(std::string_view name, const std::string& text) {
  return absl::StrFormat("%-9s %s", std::string(name), text);
}

std::string Bar(uint64_t part, uint64_t whole) {
  const double share = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  const auto cells = static_cast<size_t>(std::lround(std::clamp(share, 0.0, 1.0) * kBarCells));
  return "[" + std::string(cells, '#') + std::string(kBarCells - cells, '-') + "]";
}

class Screen {
 public:
  Screen(const Json& now, const Json& before, double seconds)
      : now_(now), before_(before), seconds_(seconds) {}

  uint64_t operator()(const char* path) const { return Figure(now_, path); }

  // " (+12.5/s)", or nothing where nothing happened or is known.
  std::string Rate(const char* path) const {
    if (before_.is_null() || seconds_ <= 0) return "";
    const uint64_t now = Figure(now_, path);
    const uint64_t before = Figure(before_, path);
    if (now <= before) return "";
    return absl::StrFormat(" (+%.1f/s)", static_cast<double>(now - before) / seconds_);
  }

  // "drawn 12 (+3.0/s)"
  std::string Counter(const char* path, const char* name) const {
    return absl::StrCat(name, " ", (*this)(path), Rate(path));
  }

  std::string Pages() const {
    std::string text = absl::StrJoin(
        {Counter("/pages/drawn", "drawn"), Counter("/pages/enhanced", "enhanced"),
         Counter("/pages/thumbnails", "thumbnails"), Counter("/pages/original", "original"),
         Counter("/pages/entries", "unpacked")},
        "  ");
    if ((*this)("/pages/failed") > 0) {
      absl::StrAppend(&text, "  ", Counter("/pages/failed", "failed"), "  ",
                      Counter("/pages/notices", "notices"));
    }
    return text;
  }

  std::string Cache() const {
    const uint64_t hits = (*this)("/cache/hits");
    const uint64_t asked = hits + (*this)("/cache/misses");
    std::string text = absl::StrCat(
        Bar((*this)("/cache/bytes"), (*this)("/cache/limit")), " ",
        BytesText((*this)("/cache/bytes")), " of ", BytesText((*this)("/cache/limit")), ", ",
        CountText((*this)("/cache/entries"), "page"), "  hits ", hits, " of ", asked);
    if (asked > 0) {
      absl::StrAppendFormat(&text, " (%.1f %%)",
                            100.0 * static_cast<double>(hits) / static_cast<double>(asked));
    }
    return absl::StrCat(text, Rate("/cache/hits"), "  evicted ", (*this)("/cache/evicted"));
  }

  std::string Memory() const {
    const uint64_t daemon = (*this)("/memory/daemon_pss");
    const uint64_t workers = (*this)("/memory/workers_pss");
    const uint64_t limit = (*this)("/memory/limit");
    std::string text;
    if (daemon + workers > 0) {
      text = absl::StrCat(Bar(daemon + workers, limit), " ", BytesText(daemon + workers), " of ",
                          BytesText(limit), ": daemon ", BytesText(daemon), ", workers ",
                          BytesText(workers));
    } else {
      text = absl::StrCat(Bar((*this)("/memory/reserved"), limit), " ",
                          BytesText((*this)("/memory/reserved")), " of ", BytesText(limit),
                          " promised");
    }
    if (now_.contains("memory") && now_["memory"].value("pressed", false)) {
      text += "  the machine runs short";
    }
    return text;
  }

  std::string Workers() const {
    std::string text = absl::StrCat((*this)("/workers/alive"), " alive");
    const auto add = [&](const char* path, const char* what) {
      if (const uint64_t count = (*this)(path); count > 0) {
        absl::StrAppend(&text, "  ", what, " ", count);
      }
    };
    add("/workers/slow", "on slow pages");
    add("/workers/put_aside", "documents put aside");
    add("/workers/restarts", "started anew");
    add("/workers/timeouts", "out of time");
    add("/workers/crashed", "crashed");
    add("/workers/killed", "killed");
    add("/workers/sandboxed", "stopped by the sandbox");
    return text;
  }

  std::string Store() const {
    std::string text =
        absl::StrCat(BytesText((*this)("/store/bytes")), "  pages from it ",
                     (*this)("/store/pages"), Rate("/store/pages"), "  misses ",
                     (*this)("/store/misses"), "  kept ", (*this)("/store/kept"),
                     Rate("/store/kept"), "  waiting ", BytesText((*this)("/store/waiting_bytes")));
    const std::string trouble = Words(now_, "/store/trouble");
    return trouble.empty() ? text : absl::StrCat(text, "  trouble: ", trouble);
  }

 private:
  const Json& now_;
  const Json& before_;
  const double seconds_;
};

std::string ViewsOf(const Json& now) {
  std::vector<std::string> views;
  if (now.contains("views") && now["views"].is_array()) {
    for (const Json& view : now["views"]) {
      if (view.is_string()) views.push_back(view.get<std::string>());
    }
  }
  return absl::StrJoin(views, " ");
}

}  // namespace

std::vector<std::string> StatusLines(const std::string& mount_point, const Json& now,
                                     const Json& before, double seconds) {
  const Screen screen(now, before, seconds);
  std::vector<std::string> lines = {
      absl::StrCat("cbzfs ", Words(now, "/version"), "  ", Words(now, "/library"), " at ",
                   mount_point, "  pid ", Figure(now, "/pid")),
      Line("views", ViewsOf(now)),
      Line("pages", screen.Pages()),
      Line("cache", screen.Cache()),
      Line("memory", screen.Memory()),
      Line("queue", absl::StrCat(screen("/queue/waiting"), " waiting, ", screen("/queue/running"),
                                 " at workers")),
      Line("workers", screen.Workers()),
      Line("index", absl::StrCat(CountText(screen("/index/documents"), "comic"), "  ",
                                 screen.Counter("/index/analysed", "looked into"))),
  };
  if (now.contains("store")) lines.push_back(Line("store", screen.Store()));
  const uint64_t errors = screen("/errors");
  lines.push_back(
      Line("errors",
           errors == 0 ? "none" : absl::StrCat(errors, ": see ", mount_point, "/.cbzfs/errors")));
  return lines;
}

}  // namespace cbzfs
