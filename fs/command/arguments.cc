#include "fs/command/arguments.h"

#include <algorithm>
#include <cstdio>

#include "absl/status/status.h"
#include "fs/exit_codes.h"

namespace cbzfs {

std::optional<int> Parse(CLI::App* app, const Arguments& arguments) {
  Arguments reversed(arguments.rbegin(), arguments.rend());  // as CLI11 takes them
  try {
    app->parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app->exit(error);  // help was asked for
    fprintf(stderr, "%s: %s\nTry \"%s --help\".\n", app->get_name().c_str(), error.what(),
            app->get_name().c_str());
    return kExitUsage;
  }
  return std::nullopt;
}

int Complain(const CLI::App& app, int exit_code, const std::string& message) {
  fprintf(stderr, "%s: %s\n", app.get_name().c_str(), message.c_str());
  return exit_code;
}

std::optional<int> TakeMountOptions(const CLI::App& app, const std::vector<std::string>& lists,
                                    Options* options) {
  absl::Status status;
  for (const std::string& list : lists) status.Update(ParseMountOptions(list, options));
  if (status.ok()) status = LoadConfig(options);
  status.Update(CheckOptions(*options));
  if (status.ok()) return std::nullopt;
  return Complain(app, kExitUsage, std::string(status.message()));
}

}  // namespace cbzfs
