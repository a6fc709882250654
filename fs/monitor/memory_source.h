// What the system says about memory: of a process, of the machine or container, and how hard memory
// is to get.
//
// Sources: /proc/meminfo and /proc/PID/smaps_rollup (proc(5)); memory.max, memory.current and
// memory.stat of control groups, version 2 (kernel documentation, admin-guide/cgroup-v2.rst); and
// pressure stall information (accounting/psi.rst).
//
// Threads: any.

#ifndef CBZFS_FS_MONITOR_MEMORY_SOURCE_H_
#define CBZFS_FS_MONITOR_MEMORY_SOURCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cbzfs {

class MemorySource {
 public:
  virtual ~MemorySource() = default;

  // Bytes that programs can still have without swapping; nothing where the system does not say.
  virtual std::optional<uint64_t> Available() const = 0;
  // Bytes of the process: its proportional share, or where that may not be read what is its alone.
  // Nothing: it is gone.
  virtual std::optional<uint64_t> BytesOf(int pid) const = 0;
  // Nothing when it is gone.
  virtual std::optional<int> ParentOf(int pid) const = 0;
  // Percent of the last ten seconds in which some process of the container, or the machine, waited
  // for memory. Nothing where the kernel does not count that.
  virtual std::optional<double> Pressure() const = 0;
  // The file to be watched for pressure; empty where there is none.
  virtual std::string PressureFile() const = 0;
};

// The kernel's files. `proc` and `cgroup` are where they are mounted; tests have their own.
class SystemMemory final : public MemorySource {
 public:
  explicit SystemMemory(std::string proc = "/proc", const std::string& cgroup = "/sys/fs/cgroup");

  std::optional<uint64_t> Available() const override;
  std::optional<uint64_t> BytesOf(int pid) const override;
  std::optional<int> ParentOf(int pid) const override;
  std::optional<double> Pressure() const override;
  std::string PressureFile() const override;

 private:
  // What the group may still have: its limit less what it has, page cache that can go not counted.
  std::optional<uint64_t> RoomOf(const std::string& group) const;

  const std::string proc_;
  std::vector<std::string> groups_;  // this process' own first, then upward
};

}  // namespace cbzfs

#endif  // CBZFS_FS_MONITOR_MEMORY_SOURCE_H_
