// Runs the archive programs of the distribution. A program that is missing is a failed test that
// names the package to install, never a silent pass.

#ifndef CBZFS_TESTS_CODECS_ZIP_TOOL_H_
#define CBZFS_TESTS_CODECS_ZIP_TOOL_H_

#include <string>

namespace cbzfs::testing {

struct ToolResult {
  int status = -1;     // exit code; -1 when it did not exit by itself or is not there
  std::string output;  // standard output and error
};

// `command` goes to the shell; its first word is the program, which `package` brings.
ToolResult RunTool(const std::string& package, const std::string& command);

// A directory of its own, removed with all that is in it.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& bytes);

}  // namespace cbzfs::testing

#endif  // CBZFS_TESTS_CODECS_ZIP_TOOL_H_
