// cbzfs: mounts a folder of comics such that every PDF in it reads as a CBZ.
//
// The order matters: fork before there are threads, the workers' zygote before there is a cache,
// the mount when everything else stands, and the report when the mount can be used.

#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "fs/cli.h"
#include "fs/command/command.h"
#include "fs/command/commands.h"
#include "fs/core/filesystem.h"
#include "fs/core/version.h"
#include "fs/daemonize.h"
#include "fs/exit_codes.h"
#include "fs/fuse/session.h"
#include "fs/logging.h"
#include "fs/preflight.h"
#include "fs/service_notify.h"
#include "fs/signals.h"

namespace cbzfs {
namespace {

// A program that hangs in a system call (a network share that is gone) must not keep the mount.
void StopOrDie(Session* session, int signal_number) {
  TellServiceStopping("unmounting");
  spdlog::info("signal {}: unmounting", signal_number);
  if (session->RequestStop(absl::Seconds(10))) return;
  spdlog::error("a request hangs; giving up without waiting for it");
  session->Abandon();
  _exit(kExitFailure);
}

// Unmounted by others meanwhile.
void Die() {
  spdlog::error("unmounted, but a request hangs; giving up without waiting for it");
  _exit(kExitFailure);
}

// A read's buffer has 128 KiB, which is just where glibc begins to map each one afresh and to give
// it back at once: 32 page faults a read.
void TuneAllocator() {
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

// Debian's Abseil looks at every lock for cycles of them, under one lock for all. That is for tests
// of what takes locks, which sanitizers and debug builds go on with.
void TuneLocks() {
#ifdef NDEBUG
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
}

bool IsSet(const char* variable) {
  const char* const value = getenv(variable);
  return value != nullptr && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

// What the program cbzfs descends from took from its environment.
void TakeEnvironment(Options* options) {
  options->report_memory = IsSet("MONITOR");
  options->trace_memory = IsSet("DEBUG");
  if (options->trace_memory && options->log_level != "trace") options->log_level = "debug";
}

int Run(const CommandLine& command, Launch* launch) {
  const EndSignals signals;
  auto filesystem = Filesystem::Create(command.library, command.options, FindWorkerProgram());
  if (!filesystem.ok()) {
    return launch->Fail(ExitCodeOfCreate(filesystem.status()),
                        std::string(filesystem.status().message()));
  }
  auto session = Session::Mount(filesystem->get(), {.mountpoint = command.mountpoint,
                                                    .fsname = command.library,
                                                    .kernel = command.options.kernel,
                                                    .ttl = command.options.ttl,
                                                    .debug = command.debug,
                                                    .on_stuck = Die});
  if (!session.ok()) {
    return launch->Fail(ExitCodeOfMount(session.status()), std::string(session.status().message()));
  }
  // Their programs were being loaded meanwhile.
  if (const absl::Status ready = (*filesystem)->WaitUntilReady(); !ready.ok()) {
    session->reset();
    return launch->Fail(ExitCodeOfCreate(ready), std::string(ready.message()));
  }
  if (!launch->Ready()) return kExitFailure;
  TellServiceReady(absl::StrCat(command.library, " mounted at ", command.mountpoint));
  spdlog::info("cbzfs {}: {} mounted at {}", kVersion, command.library, command.mountpoint);
  const EndListener listener([&](int number) { StopOrDie(session->get(), number); });
  const absl::Status served = (*session)->Serve();
  TellServiceStopping("unmounted");
  if (!served.ok()) spdlog::error("{}", served.ToString());
  spdlog::info("{} unmounted", command.mountpoint);
  return served.ok() ? kExitOk : kExitFailure;
}

// Before there is a Launch.
int ComplainAndEnd(int exit_code, const std::string& message) {
  fprintf(stderr, "cbzfs: %s\n", message.c_str());
  TellServiceFailed(message);
  return exit_code;
}

int Main(int argc, const char* const* argv) {
  if (FindCommand(argc, argv) != nullptr) {
    RaiseDescriptorLimit();
    TuneAllocator();
    TuneLocks();
    return RunCommand(argc, argv, FindWorkerProgram());
  }
  ParsedCommandLine parsed = ParseCommandLine(argc, argv);
  if (parsed.done) {
    fputs(parsed.text.c_str(), parsed.exit_code == kExitOk ? stdout : stderr);
    return parsed.exit_code;
  }
  CommandLine& command = parsed.command;
  if (const auto failure = Prepare(ThisSystem(), &command)) {
    return ComplainAndEnd(failure->exit_code, failure->message);
  }
  TakeEnvironment(&command.options);
  const absl::StatusOr<LogTarget> log =
      ChooseLogTarget(command.options.log, command.foreground, FindLogSurroundings());
  if (!log.ok()) return ComplainAndEnd(kExitUsage, std::string(log.status().message()));
  RaiseDescriptorLimit();
  TuneAllocator();
  TuneLocks();
  Launch launch(command.foreground);
  StartLogging(*log, command.options.log_level);
  return Run(command, &launch);
}

}  // namespace
}  // namespace cbzfs

int main(int argc, char** argv) { return cbzfs::Main(argc, argv); }
