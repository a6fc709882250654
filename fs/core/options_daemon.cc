// Options of how the work is done: processes, memory, files, times, messages.

#include <string>
#include <string_view>

#include "fs/core/option_value.h"
#include "fs/core/own_option.h"

namespace cbzfs {
namespace {

// Below this not even a page of kMaxPagePixels in gray, with the JPEG made from it, is admitted.
constexpr uint64_t kLeastMemory = 64ull << 20;
constexpr uint64_t kLeastStore = 16ull << 20;

bool SetWorkers(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 1, 256), &o->workers);
}

bool SetCache(std::string_view value, Options* o) {
  o->cache_given = true;
  return Assign(ParseSize(value), &o->cache_bytes);
}

// CheckOptions() looks at the rest of it, and says what is wrong.
bool SetStore(std::string_view value, Options* o) {
  o->store = std::string(value);
  return value.starts_with("dir:") || value.find("://") != std::string_view::npos;
}

bool SetStoreSize(std::string_view value, Options* o) {
  const std::optional<uint64_t> size = ParseSize(value);
  if (!size.has_value() || *size < kLeastStore) return false;
  o->store_bytes = *size;
  o->store_size_given = true;
  return true;
}

bool SetMemory(std::string_view value, Options* o) {
  const std::optional<uint64_t> size = ParseSize(value);
  if (!size.has_value() || *size < kLeastMemory) return false;
  o->memory_bytes = *size;
  if (!o->cache_given) o->cache_bytes = std::min(Options().cache_bytes, *size / 2);
  return true;
}

bool SetMemoryWarn(std::string_view value, Options* o) {
  return Assign(ParseSize(value), &o->memory_warn) && o->memory_warn > 0;
}

bool SetMemoryTrim(std::string_view value, Options* o) {
  return Assign(ParseSize(value), &o->memory_trim) && o->memory_trim > 0;
}

bool SetIndex(std::string_view value, Options* o) {
  o->index = std::string(value);
  return !value.empty();
}

bool SetPasswords(std::string_view value, Options* o) {
  o->passwords = std::string(value);
  return !value.empty();
}

bool SetReadAhead(std::string_view value, Options* o) {
  return Assign(ParseCount(value, 0, 1000), &o->read_ahead);
}

bool SetTtl(std::string_view value, Options* o) { return Assign(ParseSeconds(value), &o->ttl); }

bool SetWatch(std::string_view value, Options* o) {
  if (value == "no") {
    o->watch = 0;
    return true;
  }
  return Assign(ParseCount(value, 1, 1'000'000), &o->watch);
}

bool SetTimeout(std::string_view value, absl::Duration* timeout) {
  const std::optional<absl::Duration> seconds = ParseSeconds(value);
  if (!seconds.has_value() || *seconds <= absl::ZeroDuration()) return false;
  *timeout = *seconds;
  return true;
}

bool SetDrawTimeout(std::string_view value, Options* o) {
  return SetTimeout(value, &o->draw_timeout);
}

bool SetAnalyseTimeout(std::string_view value, Options* o) {
  return SetTimeout(value, &o->analyse_timeout);
}

bool SetOnError(std::string_view value, Options* o) {
  static constexpr Word<OnError> kWords[] = {
      {"auto", OnError::kAuto}, {"page", OnError::kPage}, {"eio", OnError::kEio}};
  return Choose(value, kWords, &o->on_error);
}

bool SetSandbox(std::string_view value, Options* o) {
  static constexpr Word<bool> kWords[] = {{"strict", true}, {"off", false}};
  return Choose(value, kWords, &o->sandbox);
}

bool SetLog(std::string_view value, Options* o) {
  for (const std::string_view target : {"auto", "journal", "stderr", "syslog"}) {
    if (value == target) o->log = std::string(target);
  }
  return o->log == value;
}

bool SetLogLevel(std::string_view value, Options* o) {
  for (const std::string_view level : {"trace", "debug", "info", "warn", "error"}) {
    if (value == level) o->log_level = std::string(level);
  }
  return o->log_level == value;
}

constexpr std::string_view kSize = "bytes, or a number with K, M or G after it";
constexpr std::string_view kSeconds = "a number of seconds";

constexpr OwnOption kDaemonOptions[] = {
    {"workers", "N", "a number from 1 to 256", SetWorkers,
     "processes that draw pages (one a processor core)"},
    {"sandbox", "strict|off", "strict or off", SetSandbox,
     "whether these can reach files, network and processes; strict: they cannot (strict)"},
    {"cache", "SIZE", kSize, SetCache, "memory for finished pages (256M)"},
    {"memory", "SIZE", "64M or more: bytes, or a number with K, M or G after it", SetMemory,
     "memory of the daemon and its workers together (512M)"},
    {"memory_warn", "SIZE", kSize, SetMemoryWarn,
     "warn when all processes together take more than this (1000M)"},
    {"memory_trim", "SIZE", kSize, SetMemoryTrim,
     "let go of finished pages when all processes take more (500M)"},
    {"index", "PATH|none", "the path of a file, or none", SetIndex,
     "file that remembers what is known of each comic ($XDG_CACHE_HOME/cbzfs/...)"},
    {"store", "dir:PATH|redis://HOST:PORT/DB", "dir:PATH or redis://HOST:PORT/DB", SetStore,
     "keep drawn pages in a folder too, or on a server that several hosts share (no)"},
    {"size", "SIZE", "16M or more: bytes, or a number with K, M or G after it", SetStoreSize,
     "of the folder that store=dir: names (20G)"},
    {"passwords", "FILE", "the path of a file", SetPasswords,
     "file with passwords of PDFs, by patterns of their names (none)"},
    {"read_ahead", "N", "a number from 0 to 1000", SetReadAhead,
     "pages drawn ahead of a reader (two a worker)"},
    {"ttl", "SECONDS", kSeconds, SetTtl, "how long the kernel may keep names and attributes (1)"},
    {"watch", "N|no", "no or a number from 1 to 1000000", SetWatch,
     "folders watched for changes (a quarter of the user's inotify watches)"},
    {"draw_timeout", "SECONDS", "a number of seconds, more than 0", SetDrawTimeout,
     "how long a page may take to be drawn (20)"},
    {"analyse_timeout", "SECONDS", "a number of seconds, more than 0", SetAnalyseTimeout,
     "how long the first look at a document may take (10)"},
    {"on_error", "auto|page|eio", "auto, page or eio", SetOnError,
     "a page that cannot be made: one that says why, or EIO; auto: as the cause is (auto)"},
    {"log", "auto|journal|stderr|syslog", "auto, journal, stderr or syslog", SetLog,
     "where the log goes; auto: with -f stderr, else the journal or syslog (auto)"},
    {"log_level", "LEVEL", "trace, debug, info, warn or error", SetLogLevel,
     "trace, debug, info, warn or error (info)"},
};

}  // namespace

absl::Span<const OwnOption> DaemonOptions() { return kDaemonOptions; }

}  // namespace cbzfs
