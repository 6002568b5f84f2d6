#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

#include "load.h"
#include "socket.h"

namespace bench {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kMaxComplaint = 400;  // characters of its standard error
constexpr std::chrono::seconds kStopWait{15};

std::vector<char*> to_pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// The read end of a pipe that holds `input` and nothing behind it.
Result<Fd> pipe_of(std::string_view input) {
  if (input.size() > Command::kMaxInput) return Error{"the input does not fit into a pipe"};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error{"cannot make a pipe"};
  Fd read_end(ends[0]);
  const Fd write_end(ends[1]);
  if (::write(write_end.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size()))
    return Error{"cannot write to a pipe"};
  return read_end;
}

// What the kernel tells of a child's peak begins with that of its parent, which shares its memory
// until the exec: so the parent's is set back to what it holds now.
void forget_own_peak() {
  const Fd file(::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC));
  [[maybe_unused]] const ssize_t written = ::write(file.get(), "5", 1);
}

/// False when the time is over or a signal came first.
bool wait_for_end(pid_t pid) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd entry{.fd = process.get(), .events = POLLIN, .revents = 0};
  const auto limit = static_cast<int>(milliseconds(Command::kLimit).count());
  return ::poll(&entry, 1, limit) == 1 && !stop_requested();
}

std::string start_of(const Fd& file) {
  std::array<char, kMaxComplaint> text;
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

/// The three standard files of a child, open in this process.
struct Files {
  Fd input, output, errors;

  static Result<Files> of(const Command& command) {
    Files files;
    TRY(files.input, pipe_of(command.input));
    const char* output = command.output.empty() ? "/dev/null" : command.output.c_str();
    files.output = Fd(::open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!files.output) return Error{"cannot write " + command.output.string()};
    files.errors = Fd(::memfd_create("errors", MFD_CLOEXEC));
    if (!files.errors) return Error{"cannot keep what the program says"};
    return files;
  }
};

Result<pid_t> start(const Command& command, const Files& files, const Fd& errors) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (!command.directory.empty())
    ::posix_spawn_file_actions_addchdir_np(&actions, command.directory.c_str());
  ::posix_spawn_file_actions_adddup2(&actions, files.input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, files.output.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
  pid_t pid = -1;
  const int failure = ::posix_spawnp(&pid, command.arguments.front().c_str(), &actions, nullptr,
                                     to_pointers(command.arguments).data(),
                                     to_pointers(command.environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0)
    return Error{"cannot run " + command.arguments.front() + ": " + ::strerror(failure)};
  return pid;
}

}  // namespace

std::vector<std::string> environment_in(const std::filesystem::path& directory) {
  const char* path = std::getenv("PATH");
  return {"PATH=" + std::string(path != nullptr ? path : "/usr/bin:/bin"),
          "HOME=" + directory.string(),
          "XDG_DATA_HOME=" + (directory / "data").string(),
          "XDG_CONFIG_HOME=" + (directory / "config").string(),
          "XDG_STATE_HOME=" + (directory / "state").string(),
          "XDG_CACHE_HOME=" + (directory / "cache").string(),
          "NO_COLOR=1"};
}

Result<Completed> run_command(const Command& command) {
  TRY(const Files files, Files::of(command));
  forget_own_peak();
  const Clock::time_point started = Clock::now();
  TRY(const pid_t pid, start(command, files, files.errors));
  const bool has_ended = wait_for_end(pid);
  const Clock::time_point ended = Clock::now();
  if (!has_ended) ::kill(pid, SIGKILL);
  int status = 0;
  rusage usage{};
  while (::wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  if (!has_ended) return Error{command.arguments.front() + " was stopped before its end"};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Error{command.arguments.front() + " ended with wait status " + std::to_string(status) +
                 ": " + start_of(files.errors)};
  return Completed{.time = duration_cast<nanoseconds>(ended - started),
                   .peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

Result<std::unique_ptr<RunningCommand>> RunningCommand::start(const Command& command) {
  TRY(Files files, Files::of(command));
  // What it says goes into one file, to be shown when it fails.
  TRY(const pid_t pid, bench::start(command, files, files.output));
  return std::make_unique<RunningCommand>(pid);
}

RunningCommand::~RunningCommand() {
  if (const Result<void> stopped = stop(); !stopped.ok()) return;  // told to whoever called stop()
}

Result<void> RunningCommand::stop() {
  if (pid_ < 0) return {};
  return end_process(std::exchange(pid_, -1));
}

Result<void> end_process(pid_t pid) {
  ::kill(pid, SIGTERM);
  const Clock::time_point deadline = Clock::now() + kStopWait;
  int status = 0;
  bool killed = false;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (!killed && Clock::now() > deadline) {
      ::kill(pid, SIGKILL);
      killed = true;
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
  if (killed) return Error{"the program did not stop on SIGTERM and was killed"};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Error{"the program ended with wait status " + std::to_string(status)};
  return {};
}

Result<std::uint64_t> memory_of(pid_t pid, std::string_view field) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(std::string(field) + ":")) continue;
    return std::strtoull(line.c_str() + field.size() + 1, nullptr, 10) * 1024;
  }
  return Error{"no " + std::string(field) + " of process " + std::to_string(pid)};
}

void add_times(Report& report, std::string_view figure, std::string_view prefix,
               std::vector<std::int64_t> times_ns) {
  for (const int percent : {50, 90, 99})
    report.add(figure, std::string(prefix) + "p" + std::to_string(percent) + "_ms",
               to_ms(percentile(times_ns, percent)));
}

}  // namespace bench
