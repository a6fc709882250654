#include "fs/core/passwords.h"

#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <toml++/toml.h>

#include "absl/strings/str_cat.h"
#include "fs/core/settings_file.h"

namespace cbzfs {
namespace {

absl::Status Bad(const std::string& path, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("passwords ", path, ": ", what));
}

absl::Status Bad(const std::string& path, const toml::source_position& at,
                 const std::string& what) {
  return Bad(path, absl::StrCat("line ", at.line, ": ", what));
}

// Why a file of passwords is not taken, if it is not.
std::string Objection(const struct stat& st) {
  if (st.st_uid != geteuid() && st.st_uid != 0) return "belongs to somebody else";
  if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) return "others may read it: `chmod 600` it";
  return "";
}

}  // namespace

absl::StatusOr<Passwords> Passwords::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadSettingsFile(path, Objection);
  if (!text.ok()) return Bad(path, std::string(text.status().message()));
  toml::table table;
  try {
    table = toml::parse(std::string_view(*text));
  } catch (const toml::parse_error& error) {
    return Bad(path, error.source().begin, std::string(error.description()));
  }
  // The table is sorted by its keys; what counts is the order of the file.
  std::vector<std::pair<toml::source_position, Rule>> found;
  for (const auto& [key, value] : table) {
    Rule rule{std::string(key.str()), {}};
    const toml::source_position at = key.source().begin;
    const auto add = [&](const toml::node& node) {
      const auto* const password = node.as_string();
      if (password != nullptr) rule.passwords.push_back(password->get());
      return password != nullptr;
    };
    bool valid = true;
    if (const toml::array* const list = value.as_array()) {
      for (const toml::node& node : *list) valid = add(node) && valid;
    } else {
      valid = add(value);
    }
    if (!valid) return Bad(path, at, "the value must be a password or a list of them, in quotes");
    for (const std::string& password : rule.passwords) {
      if (password.empty()) return Bad(path, at, "an empty password: it is always tried");
      if (password.size() > kMostPasswordBytes) {
        return Bad(path, at,
                   absl::StrCat("a PDF's password has at most ", kMostPasswordBytes, " bytes"));
      }
    }
    if (rule.pattern.empty()) return Bad(path, at, "an empty pattern");
    found.emplace_back(at, std::move(rule));
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first.line != b.first.line ? a.first.line < b.first.line
                                        : a.first.column < b.first.column;
  });
  Passwords passwords;
  for (auto& [at, rule] : found) passwords.rules_.push_back(std::move(rule));
  return passwords;
}

PasswordList Passwords::For(std::string_view path) const {
  if (rules_.empty()) return nullptr;
  const std::string whole(path);
  const std::string name(path.substr(path.rfind('/') + 1));
  std::vector<std::string> fitting;
  for (const Rule& rule : rules_) {
    const bool by_path = rule.pattern.find('/') != std::string::npos;
    if (fnmatch(rule.pattern.c_str(), (by_path ? whole : name).c_str(), 0) != 0) continue;
    for (const std::string& password : rule.passwords) {
      if (fitting.size() == kMostPasswords) break;
      if (std::find(fitting.begin(), fitting.end(), password) == fitting.end()) {
        fitting.push_back(password);
      }
    }
  }
  if (fitting.empty()) return nullptr;
  return std::make_shared<const std::vector<std::string>>(std::move(fitting));
}

}  // namespace cbzfs
