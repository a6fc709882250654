// Passwords of PDFs, from the file that -o passwords= names.
//
// A TOML file. Each key is a pattern as the shell has them (fnmatch(3)), each value a password or a
// list of them, in UTF-8:
//
//   "Contract.pdf" = "swordfish"            # files of this name, wherever they are
//   "Series X/*" = ["first", "second"]      # with a '/': the path inside the library, in which
//                                           # '*' stands for '/' as well
//
// All passwords whose pattern fits are tried, in the order of the file. Each may be the user's or
// the owner's.
//
// Immutable once read: any thread.

#ifndef CBZFS_FS_CORE_PASSWORDS_H_
#define CBZFS_FS_CORE_PASSWORDS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "codecs/worker/source_file.h"

namespace cbzfs {

class Passwords {
 public:
  Passwords() = default;  // none

  // kInvalidArgument with a message that names the file, the line and what is wrong; also when
  // somebody else may read the file, or it belongs to somebody else but root: it must be 0600.
  static absl::StatusOr<Passwords> Read(const std::string& path);

  // For the file at `path` in the library; null: none. At most kMostPasswords (source_file.h).
  PasswordList For(std::string_view path) const;

 private:
  struct Rule {
    std::string pattern;
    std::vector<std::string> passwords;
  };
  std::vector<Rule> rules_;
};

}  // namespace cbzfs

#endif  // CBZFS_FS_CORE_PASSWORDS_H_
