#include "server.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "child.h"

namespace bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds kStartWait{60};
constexpr std::chrono::microseconds kHealthRetry{100};
constexpr std::string_view kAnnouncement = "http://127.0.0.1:";
constexpr std::size_t kLogTail = 600;  // characters of the server's log in an error

// What the child tells its parent through a pipe that exec closes.
struct ExecReport {
  std::int64_t executed_at_ns = 0;
  int failure = 0;  // errno of the step that failed
};

std::vector<char*> to_pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> to_environment(const fs::path& directory) {
  std::vector<std::string> environment = environment_in(directory);
  environment.emplace_back("AGENTMONITOR_AUTO_IMPORT_MINUTES=0");
  environment.emplace_back("AGENTMONITOR_MAX_SSE_CLIENTS=60");
  return environment;
}

std::vector<std::string> to_arguments(const ServerOptions& options) {
  std::vector<std::string> arguments = {options.program.string()};
  const auto add = [&arguments](std::vector<std::string> more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
  };
  const bool is_tasks = options.kind == ServerOptions::Kind::tasks;
  add(is_tasks ? std::vector<std::string>{"tasks", "start", "--db-path"}
               : std::vector<std::string>{"serve", "--db"});
  add({options.database.string(), "--host", "127.0.0.1", "--port", "0"});
  add(options.arguments);
  return arguments;
}

std::string tail_of(const fs::path& log) {
  std::ifstream file(log);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  return all.size() > kLogTail ? all.substr(all.size() - kLogTail) : all;
}

// Between fork and exec: nothing here may allocate.
[[noreturn]] void become_server(char* const* arguments, char* const* environment,
                                const char* directory, int output, int log, int report) {
  ExecReport told;
  ::setpgid(0, 0);  // Ctrl-C reaches the benchmark, which then stops the server in order
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::chdir(directory) != 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
      ::dup2(log, STDERR_FILENO) < 0) {
    told.failure = errno;
  } else {
    told.executed_at_ns = nanoseconds(Clock::now().time_since_epoch()).count();
    [[maybe_unused]] const ssize_t first = ::write(report, &told, sizeof told);
    ::execve(arguments[0], arguments, environment);
    told.failure = errno;
  }
  [[maybe_unused]] const ssize_t last = ::write(report, &told, sizeof told);
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<TempDir>> TempDir::create(const fs::path& parent) {
  std::string pattern = (parent / "sightline-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return Error{"cannot make a directory in " + parent.string() + ": " + strerror(errno)};
  return std::make_unique<TempDir>(fs::path(pattern));
}

TempDir::~TempDir() {
  std::error_code ignored;  // a file left behind is no reason to lose the figures
  fs::remove_all(path_, ignored);
}

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(const ServerOptions& options) {
  std::unique_ptr<ServerProcess> server(new ServerProcess);
  TRY_OK(server->launch(options));
  TRY_OK(server->read_port(options.directory / "server.log"));
  const bool is_tasks = options.kind == ServerOptions::Kind::tasks;
  TRY_OK(server->await_health(is_tasks ? "/health" : "/api/health"));
  const int output = server->output_.get();
  server->drain_ = std::thread([output] {
    char buffer[4096];
    while (::read(output, buffer, sizeof buffer) > 0) {
    }
  });
  return server;
}

ServerProcess::~ServerProcess() {
  if (const Result<void> stopped = stop(); !stopped.ok()) return;  // told to whoever called stop()
}

Result<void> ServerProcess::launch(const ServerOptions& options) {
  std::vector<std::string> arguments = to_arguments(options);
  std::vector<std::string> environment = to_environment(options.directory);
  environment.insert(environment.end(), options.environment.begin(), options.environment.end());
  const std::vector<char*> argument_list = to_pointers(arguments);
  const std::vector<char*> environment_list = to_pointers(environment);

  int output[2];
  int report[2];
  if (::pipe2(output, O_CLOEXEC) != 0) return Error{"cannot make a pipe"};
  output_ = Fd(output[0]);
  const Fd output_end(output[1]);
  if (::pipe2(report, O_CLOEXEC) != 0) return Error{"cannot make a pipe"};
  const Fd report_start(report[0]);
  Fd report_end(report[1]);
  const Fd log(::open((options.directory / "server.log").c_str(),
                      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!log) return Error{"cannot write in " + options.directory.string()};

  pid_ = ::fork();
  if (pid_ < 0) return Error{"cannot fork"};
  if (pid_ == 0)
    become_server(argument_list.data(), environment_list.data(), options.directory.c_str(),
                  output_end.get(), log.get(), report_end.get());
  report_end.reset();

  ExecReport told;
  while (::read(report_start.get(), &told, sizeof told) == sizeof told) {
  }
  if (told.failure != 0)
    return Error{"cannot run " + options.program.string() + ": " + strerror(told.failure)};
  executed_at_ = nanoseconds(told.executed_at_ns);
  return {};
}

Result<void> ServerProcess::read_port(const fs::path& log) {
  const Clock::time_point deadline = Clock::now() + kStartWait;
  std::string output;
  while (Clock::now() < deadline && !stop_requested()) {
    pollfd readable{.fd = output_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, 100) <= 0) continue;
    char buffer[1024];
    const ssize_t got = ::read(output_.get(), buffer, sizeof buffer);
    if (got <= 0) return Error{"the server ended at start: " + output + tail_of(log)};
    output.append(buffer, static_cast<std::size_t>(got));
    const std::size_t address = output.find(kAnnouncement);
    if (address == std::string::npos) continue;
    const char* digits = output.data() + address + kAnnouncement.size();
    const char* end = output.data() + output.size();
    const auto [after, error] = std::from_chars(digits, end, port_);
    if (error == std::errc{} && after != end) return {};  // a cut number could still go on
  }
  return Error{"the server did not tell its address: " + output + tail_of(log)};
}

Result<void> ServerProcess::await_health(std::string_view path) {
  const Clock::time_point deadline = Clock::now() + kStartWait;
  while (Clock::now() < deadline && !stop_requested()) {
    const Result<int> status = get_status(port_, path);
    if (status.ok() && status.value() == 200) {
      start_time_ = Clock::now().time_since_epoch() - executed_at_;
      return {};
    }
    std::this_thread::sleep_for(kHealthRetry);
  }
  return Error{"the server did not become healthy"};
}

Result<void> ServerProcess::stop() {
  if (pid_ < 0) return {};
  Result<void> ended = end_process(std::exchange(pid_, -1));
  if (drain_.joinable()) drain_.join();
  if (!ended.ok()) return Error{"the server: " + ended.error().what};
  return {};
}

Result<std::uint64_t> ServerProcess::memory_bytes(const std::string& field) const {
  return memory_of(pid_, field);
}

Result<std::uint64_t> stripped_bytes(const fs::path& program, const fs::path& directory) {
  std::vector<std::string> arguments = {"strip", "-o", (directory / "stripped").string(),
                                        program.string()};
  pid_t pid = -1;
  int status = 0;
  if (::posix_spawnp(&pid, "strip", nullptr, nullptr, to_pointers(arguments).data(), environ) !=
          0 ||
      ::waitpid(pid, &status, 0) != pid || status != 0)
    return Error{"strip failed on " + program.string()};
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(directory / "stripped", error);
  if (error) return Error{"strip left no file: " + error.message()};
  return std::uint64_t{bytes};
}

}  // namespace bench
