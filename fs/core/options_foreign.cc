// The options of mount(8), the kernel and libfuse: which are passed on and which are ignored.

#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>

#include "fs/core/option_value.h"
#include "fs/core/options_internal.h"

namespace cbzfs {
namespace {

enum class Foreign : uint8_t {
  kIgnore,     // for others: fstab's readers, or without meaning for a read-only mount
  kPass,       // as it is, to libfuse
  kPassValue,  // the same, with a value
  kPassCount,  // the same, and the value is a number
  kAllow,      // lets other users in
};

struct ForeignOption {
  std::string_view name;
  Foreign what;
};

// What libfuse 3.14 takes: lib/mount.c, lib/helper.c. It refuses the words it does not know, also
// those of mount(8) that an fstab line may well have.
//
// `rw`, `suid` and `dev` are ignored instead of refused or passed on: mount(8) and mount.fuse3 put
// them into every list that does not say the opposite, and the mount stays ro,nosuid,nodev.
constexpr ForeignOption kForeign[] = {
    {"ro", Foreign::kIgnore},
    {"rw", Foreign::kIgnore},
    {"suid", Foreign::kIgnore},
    {"nosuid", Foreign::kPass},
    {"dev", Foreign::kIgnore},
    {"nodev", Foreign::kPass},
    {"exec", Foreign::kPass},
    {"noexec", Foreign::kPass},
    {"atime", Foreign::kPass},
    {"noatime", Foreign::kPass},
    {"sync", Foreign::kPass},
    {"async", Foreign::kPass},
    {"dirsync", Foreign::kPass},
    {"diratime", Foreign::kIgnore},
    {"nodiratime", Foreign::kIgnore},
    {"relatime", Foreign::kIgnore},
    {"norelatime", Foreign::kIgnore},
    {"strictatime", Foreign::kIgnore},
    {"nostrictatime", Foreign::kIgnore},
    {"lazytime", Foreign::kIgnore},
    {"nolazytime", Foreign::kIgnore},
    {"allow_other", Foreign::kAllow},
    {"allow_root", Foreign::kAllow},
    {"default_permissions", Foreign::kPass},
    {"auto_unmount", Foreign::kPass},
    {"fsname", Foreign::kPassValue},
    {"subtype", Foreign::kPassValue},
    {"context", Foreign::kPassValue},
    {"fscontext", Foreign::kPassValue},
    {"defcontext", Foreign::kPassValue},
    {"rootcontext", Foreign::kPassValue},
    {"max_read", Foreign::kPassCount},
    {"max_readahead", Foreign::kPassCount},
    {"max_background", Foreign::kPassCount},
    {"congestion_threshold", Foreign::kPassCount},
    {"nofail", Foreign::kIgnore},
    {"_netdev", Foreign::kIgnore},
    {"auto", Foreign::kIgnore},
    {"noauto", Foreign::kIgnore},
    {"user", Foreign::kIgnore},
    {"users", Foreign::kIgnore},
    {"nouser", Foreign::kIgnore},
    {"owner", Foreign::kIgnore},
    {"group", Foreign::kIgnore},
    {"defaults", Foreign::kIgnore},
    {"comment", Foreign::kIgnore},
};

// The foreign options worth a line of help.
const OptionHelp kForeignHelp[] = {
    {"allow_other", "let other users in (needs user_allow_other in /etc/fuse.conf)"},
    {"allow_root", "let root in, under the same condition"},
    {"default_permissions", "let the kernel check the modes of files; allow_other sets it too"},
    {"auto_unmount", "unmount even when cbzfs is killed"},
    {"fsname=NAME", "first field in /proc/mounts (the library)"},
    {"subtype=NAME", "type in /proc/mounts, after \"fuse.\" (cbzfs)"},
    {"max_read=N", "largest read that the kernel may ask for"},
    {"max_background=N", "reads ahead that the kernel may have under way at once (64)"},
    {"ro, nosuid, nodev, noexec, noatime", "as in mount(8); a mount is always ro,nosuid,nodev"},
    {"nofail, _netdev, auto, noauto, user, users, x-*", "accepted and ignored, for fstab's sake"},
};

absl::Status ApplyForeign(const ForeignOption& option, const OptionItem& item, Options* options) {
  switch (option.what) {
    case Foreign::kIgnore:
      return absl::OkStatus();
    case Foreign::kPassCount:
      if (!item.value.has_value()) return NeedsValue(option.name, "a number");
      if (!ParseCount(*item.value, 0, std::numeric_limits<uint32_t>::max()).has_value()) {
        return WrongValue(option.name, *item.value, "a number");
      }
      break;
    case Foreign::kPassValue:
      if (!item.value.has_value() || item.value->empty()) return NeedsValue(option.name, "a name");
      break;
    case Foreign::kPass:
      if (item.value.has_value()) return HasNoValue(option.name);
      break;
    case Foreign::kAllow:
      if (item.value.has_value()) return HasNoValue(option.name);
      // Without it every user could read what only the mounting one may.
      options->kernel.emplace_back("default_permissions");
      options->allow_other = true;
      break;
  }
  options->kernel.emplace_back(item.text);
  return absl::OkStatus();
}

}  // namespace

std::optional<absl::Status> ApplyForeignOption(const OptionItem& item, Options* options) {
  for (const ForeignOption& foreign : kForeign) {
    if (foreign.name == item.name) return ApplyForeign(foreign, item, options);
  }
  // x-systemd.automount, x-gvfs-show, ...: comments for the readers of fstab.
  if (item.name.starts_with("x-") || item.name.starts_with("X-")) return absl::OkStatus();
  return std::nullopt;
}

void AppendForeignNames(std::vector<std::string_view>* names) {
  for (const ForeignOption& foreign : kForeign) names->push_back(foreign.name);
}

void AppendForeignHelp(std::vector<OptionHelp>* lines) {
  lines->insert(lines->end(), std::begin(kForeignHelp), std::end(kForeignHelp));
}

}  // namespace cbzfs
