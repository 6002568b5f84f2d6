#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <iterator>
#include <string>

#include "child.h"
#include "events.h"
#include "figures.h"
#include "yardstick.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr int kWarmUp = 10;  // runs

/// A checkout to work in, as an agent has one.
Result<std::unique_ptr<TempDir>> make_checkout(Lab& lab) {
  TRY(auto directory, TempDir::create(lab.directory()));
  std::error_code error;
  fs::create_directory(directory->path() / ".git", error);
  std::ofstream(directory->path() / ".git" / "HEAD") << "ref: refs/heads/main\n";
  if (error) return Error{"cannot make a checkout in " + directory->path().string()};
  return directory;
}

/// A port of 127.0.0.1 where nobody listens, and nobody will while the socket lives.
struct SilentPort {
  Fd socket;
  std::string text;

  static Result<SilentPort> take() {
    SilentPort port{Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), {}};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(port.socket.get(), generic, bytes) != 0 ||
        ::getsockname(port.socket.get(), generic, &bytes) != 0)
      return Error{"cannot take a port"};
    port.text = std::to_string(ntohs(address.sin_port));
    return port;
  }
};

/// What Claude Code writes to a PostToolUse hook, with the output of a small tool call.
std::string post_tool_use(const fs::path& checkout, int number) {
  return R"({"session_id":"11111111-2222-4333-8444-555555555555","transcript_path":"/tmp/t.jsonl",)"
         R"("cwd":)" +
         to_json_string(checkout.string()) +
         R"(,"permission_mode":"default","hook_event_name":"PostToolUse","tool_name":"Bash",)"
         R"("tool_input":{"command":"make check","description":"Runs the tests"},)"
         R"("tool_response":{"stdout":")" +
         std::string(2000, 'x') +
         R"(","stderr":"","interrupted":false,"isImage":false},"tool_use_id":"toolu_)" +
         std::to_string(1'000'000 + number) + "\"}";
}

/// Runs `command` so many times, one after the other, with an input for each.
template <class Input>
Result<std::vector<std::int64_t>> time_runs(Command command, int runs, const Input& input) {
  std::vector<std::int64_t> times;
  for (int i = -kWarmUp; i < runs; ++i) {
    command.input = input(i + kWarmUp);
    TRY(const Completed done, run_command(command));
    if (i >= 0) times.push_back(done.time.count());
  }
  return times;
}

Result<std::vector<std::int64_t>> time_runs(const Command& command, int runs) {
  return time_runs(command, runs, [](int) { return std::string(); });
}

Result<std::vector<std::int64_t>> time_hooks(Lab& lab, const fs::path& checkout,
                                             const std::string& port) {
  return time_runs(
      {.arguments = {lab.program().string(), "hook", "--url", "http://127.0.0.1:" + port},
       .environment = environment_in(checkout),
       .directory = checkout,
       .input = {},
       .output = {}},
      lab.scale().runs, [&](int i) { return post_tool_use(checkout, i); });
}

std::uint64_t count_files(const fs::path& folder) {
  std::uint64_t files = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, error))
    files += entry.is_regular_file();
  return files;
}

// A hook that told nobody anything is quick, and no figure.
void check_arrived(Report& report, Lab& lab, std::uint64_t arrived, const char* where) {
  const auto sent = static_cast<std::uint64_t>(lab.scale().runs + kWarmUp);
  if (arrived < sent)
    report.add_problem(
        "hook", "of " + std::to_string(sent) + " events " + std::to_string(arrived) + " " + where);
}

Result<void> hook_with_server(Lab& lab, Report& report) {
  TRY(const auto checkout, make_checkout(lab));
  TRY(RunningServer server, lab.start_new());
  TRY(const auto times, time_hooks(lab, checkout->path(), std::to_string(server.process->port())));
  TRY_OK(server.process->stop());
  TRY(const std::uint64_t stored, count_events(server.database));
  const std::uint64_t spooled = count_files(checkout->path() / "data");
  check_arrived(report, lab, stored + spooled, "are stored");
  add_times(report, "hook", "up_", times);
  report.add("hook", "up_spooled", static_cast<double>(spooled));
  return {};
}

Result<void> hook_without_server(Lab& lab, Report& report) {
  TRY(const auto checkout, make_checkout(lab));
  TRY(const SilentPort port, SilentPort::take());
  TRY(const auto times, time_hooks(lab, checkout->path(), port.text));
  check_arrived(report, lab, count_files(checkout->path() / "data"), "are in the spool");
  add_times(report, "hook", "down_", times);
  return {};
}

Result<std::vector<std::int64_t>> time_statuslines(Lab& lab, const fs::path& folder,
                                                   const fs::path& database,
                                                   const std::string& port) {
  Command command{.arguments = {lab.program().string(), "statusline", "--host", "127.0.0.1",
                                "--port", port, "--db", database.string()},
                  .environment = environment_in(folder),
                  .directory = folder,
                  .input = {},
                  .output = folder / "line"};
  TRY(const auto times, time_runs(command, lab.scale().runs));
  std::ifstream file(folder / "line");
  const std::string line(std::istreambuf_iterator<char>(file), {});
  if (!line.starts_with("today $")) return Error{"no line but \"" + line + "\""};
  return times;
}

}  // namespace

Result<void> process(Lab& lab, Report& report) {
  TRY(const auto folder, TempDir::create(lab.directory()));
  Command command{.arguments = {"/bin/true"},
                  .environment = environment_in(folder->path()),
                  .directory = folder->path(),
                  .input = {},
                  .output = {}};
  TRY(const auto bare, time_runs(command, lab.scale().runs));
  add_times(report, "process", "true_", bare);
  command.arguments = {lab.program().string(), "version"};
  TRY(const auto version, time_runs(command, lab.scale().runs));
  add_times(report, "process", "version_", version);
  return {};
}

Result<void> hook(Lab& lab, Report& report) {
  TRY_OK(hook_with_server(lab, report));
  return hook_without_server(lab, report);
}

Result<void> statusline(Lab& lab, Report& report) {
  TRY(const fs::path database, lab.filled_database(lab.scale().few_events));
  TRY(const auto checkout, make_checkout(lab));
  {
    TRY(const RunningServer server, lab.start_on(database));
    TRY(const auto times,
        time_statuslines(lab, checkout->path(), database, std::to_string(server.process->port())));
    add_times(report, "statusline", "up_", times);
  }
  TRY(const SilentPort port, SilentPort::take());
  TRY(const auto times, time_statuslines(lab, checkout->path(), database, port.text));
  add_times(report, "statusline", "down_", times);
  return {};
}

}  // namespace bench
