#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace bench {

/// The name of the file system that holds `directory`, "ext4" for one; "unknown" when it is rare.
std::string filesystem_name(const std::filesystem::path& directory);

/// What figures of two machines differ by, as a JSON object.
std::string describe_machine(const std::filesystem::path& directory);

/// How much of the processors something else took while the benchmark ran: figures of a machine
/// that was building at the same time are worth nothing.
class OtherUse {
 public:
  OtherUse();

  /// In cores, since this object was made: all busy time of the machine less that of this program
  /// and of its children that have ended. The kernel's own threads count as something else.
  double cores() const;

 private:
  double busy_seconds_;  // of the machine, when this object was made
  double own_seconds_;   // likewise
  std::chrono::steady_clock::time_point since_;
};

}  // namespace bench
