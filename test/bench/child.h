#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "report.h"
#include "result.h"

namespace bench {

/// The environment of every program that is measured: PATH as it is, HOME and the XDG folders below
/// `directory`, and nothing else of whoever runs the benchmark. `NAME=VALUE` each.
std::vector<std::string> environment_in(const std::filesystem::path& directory);

/// A program that runs to its end.
struct Command {
  static constexpr std::size_t kMaxInput = 32 * 1024;  // what a pipe takes at once
  static constexpr std::chrono::minutes kLimit{15};

  std::vector<std::string> arguments;    // the program first; without a slash PATH is searched
  std::vector<std::string> environment;  // NAME=VALUE
  std::filesystem::path directory;       // where it works; empty: where this program does
  std::string input;                     // on its standard input; at most kMaxInput
  std::filesystem::path output;          // takes its standard output; empty: thrown away
};

struct Completed {
  std::chrono::nanoseconds time{};  // from just before it is started to its end
  std::uint64_t peak_bytes = 0;     // resident
};

/// Runs `command` and waits for it. Fails when it cannot be started, is stopped by a signal, does
/// not end in kLimit (then it is killed), or has an exit code other than 0: with the start of what
/// it wrote to standard error.
Result<Completed> run_command(const Command& command);

/// A program that runs until it is stopped. Its output goes where `Command::output` says, with what
/// it writes to standard error. Owner: whoever started it; the destructor stops it.
class RunningCommand {
 public:
  static Result<std::unique_ptr<RunningCommand>> start(const Command& command);
  explicit RunningCommand(pid_t pid) : pid_(pid) {}
  RunningCommand(const RunningCommand&) = delete;
  ~RunningCommand();

  /// SIGTERM, and SIGKILL after 15 s. Fails when it had to be killed or its exit code is not 0.
  /// May be called twice.
  Result<void> stop();

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

/// Waits for the process `pid` after SIGTERM; see RunningCommand::stop.
Result<void> end_process(pid_t pid);

/// A field of /proc/PID/status in bytes, "VmRSS" for one.
Result<std::uint64_t> memory_of(pid_t pid, std::string_view field);

/// The median and the slow end of `times_ns` as PREFIXp50_ms, PREFIXp90_ms, PREFIXp99_ms.
void add_times(Report& report, std::string_view figure, std::string_view prefix,
               std::vector<std::int64_t> times_ns);

}  // namespace bench
