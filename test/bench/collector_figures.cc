// Following agents' logs: how fast they are read, how soon a line is delivered, and what large and
// many logs cost.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "child.h"
#include "figures.h"
#include "load.h"
#include "log_shapes.h"
#include "receiver.h"

namespace bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kArrival{10};      // of what was written last
constexpr minutes kTakingLimit{30};  // of a whole history
constexpr milliseconds kLook{5};
constexpr milliseconds kBetweenLines{10};
constexpr int kFolders = 100;  // of many logs
constexpr const char* kProject = ".claude/projects/-home-dev-shop";

std::int64_t now_ns() { return nanoseconds(Clock::now().time_since_epoch()).count(); }

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Looks until `is_so` or the time is over; false: it is.
template <class Condition>
bool wait_until(std::chrono::nanoseconds limit, const Condition& is_so) {
  const Clock::time_point deadline = Clock::now() + limit;
  while (!is_so()) {
    if (Clock::now() > deadline || stop_requested()) return false;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

/// A prompt as Claude Code logs it, said now.
std::string prompt_line(std::string_view session, int number, std::string_view branch) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S.000Z", &utc);
  return R"({"parentUuid":null,"isSidechain":false,"userType":"external","cwd":"/home/dev/shop",)"
         R"("sessionId":")" +
         std::string(session) + R"(","version":"2.0.61","gitBranch":")" + std::string(branch) +
         R"(","type":"user","message":{"role":"user","content":"go on"},"uuid":")" +
         std::string(session) + "-" + std::to_string(number) + R"(","timestamp":")" + date +
         "\"}\n";
}

/// A log that grows, each line but the first with the time of its writing in it: as the branch,
/// which every event of it has.
class GrowingLog {
 public:
  static Result<GrowingLog> create(const fs::path& home) {
    fs::create_directories(home / kProject);
    const fs::path path = home / kProject / "session.jsonl";
    GrowingLog log{Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))};
    if (!log.file_) return Error{"cannot write " + path.string()};
    log.append("main");
    return log;
  }

  void append() { append(to_sent_mark(now_ns())); }

 private:
  void append(const std::string& branch) {
    const std::string line = prompt_line("session", number_++, branch);
    [[maybe_unused]] const ssize_t written = ::write(file_.get(), line.data(), line.size());
  }

  explicit GrowingLog(Fd file) : file_(std::move(file)) {}

  Fd file_;
  int number_ = 0;
};

/// A home with agents' logs in it, and `sightline serve` following them.
struct Home {
  std::unique_ptr<TempDir> directory;
  fs::path path;

  static Result<Home> create(Lab& lab) {
    Home home;
    TRY(home.directory, TempDir::create(lab.directory()));
    home.path = home.directory->path();
    return home;
  }
  Result<std::unique_ptr<ServerProcess>> serve(Lab& lab) const {
    return ServerProcess::start({.program = lab.program(),
                                 .directory = path,
                                 .database = path / "monitor.db",
                                 .arguments = {}});
  }
  /// `sightline collect start`, which sends to `receiver`.
  Result<std::unique_ptr<RunningCommand>> collect(Lab& lab, const Receiver& receiver,
                                                  int batch_size) const {
    std::ofstream(path / "collector.json")
        << R"({"backendUrl":"http://127.0.0.1:)" << receiver.port() << R"(","apiKey":"key",)"
        << R"("collection":{"batchSize":)" << batch_size << R"(,"batchInterval":"100ms"},)"
        << R"("buffer":{"dbPath":)" << to_json_string((path / "buffer.db").string())
        << R"(},"sync":{"initial_sync_days":36500}})";
    return RunningCommand::start({.arguments = {lab.program().string(), "collect", "start",
                                                "--config", (path / "collector.json").string()},
                                  .environment = environment_in(path),
                                  .directory = path,
                                  .input = {},
                                  .output = output()});
  }
  fs::path output() const { return path / "collector.txt"; }
};

/// Waits until the server has taken all that its logs hold.
Result<void> wait_until_taken(std::uint16_t port) {
  std::string failure;
  const bool is_taken = wait_until(kTakingLimit, [&] {
    const Result<std::string> body = get_body(port, "/api/collector");
    if (!body.ok()) failure = body.error().what;
    return !body.ok() || (body.value().find("\"is_done\":true") != std::string::npos &&
                          number_of(body.value(), "files_waiting") == std::uint64_t{0});
  });
  if (!failure.empty()) return Error{failure};
  if (!is_taken) return Error{"the logs were not taken in time"};
  return {};
}

void rest_an_hour(const fs::path& log) {
  fs::last_write_time(log, fs::file_time_type::clock::now() - std::chrono::hours(1));
}

// ---- how soon

Result<void> collect_latency(Lab& lab, Report& report) {
  TRY(const Home home, Home::create(lab));
  TRY(const auto receiver, Receiver::listen());
  TRY(GrowingLog log, GrowingLog::create(home.path));
  TRY(const auto collector, home.collect(lab, *receiver, 1));
  if (!wait_until(kArrival, [&] { return receiver->batches() > 0; }))
    return Error{"the collector sent nothing: " + text_of(home.output())};
  const auto lines = static_cast<std::uint64_t>(lab.scale().followed_lines);
  for (std::uint64_t i = 0; i < lines && !stop_requested(); ++i) {
    std::this_thread::sleep_for(kBetweenLines);
    log.append();
  }
  wait_until(kArrival, [&] { return receiver->marks() >= lines; });
  const std::vector<std::int64_t> ages = receiver->ages_ns();
  if (ages.size() != lines)
    report.add_problem("follow_latency", "of " + std::to_string(lines) + " lines " +
                                             std::to_string(ages.size()) + " were sent");
  add_times(report, "follow_latency", "collect_", ages);
  return collector->stop();
}

/// A live stream of the server, read by who writes the log.
class LiveStream {
 public:
  static Result<LiveStream> open(std::uint16_t port) {
    TRY(Fd socket, connect_to(port));
    TRY_OK(send_all(socket, to_get_request(port, "/api/stream")));
    return LiveStream(std::move(socket));
  }
  /// Reads until then, or until so many marks have come.
  void read(Clock::time_point until, std::size_t enough) {
    while (marks_.ages_ns().size() < enough && !stop_requested()) {
      const nanoseconds left = until - Clock::now();
      if (left <= nanoseconds(0)) return;
      const timespec wait{.tv_sec = left / seconds(1), .tv_nsec = (left % seconds(1)).count()};
      pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      if (::ppoll(&readable, 1, &wait, nullptr) <= 0) continue;
      char buffer[16 * 1024];
      const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) return;
      marks_.feed({buffer, static_cast<std::size_t>(got)}, now_ns());
    }
  }
  std::vector<std::int64_t>& ages_ns() { return marks_.ages_ns(); }

 private:
  explicit LiveStream(Fd socket) : socket_(std::move(socket)) {}

  Fd socket_;
  StreamedMarks marks_;
};

Result<void> serve_latency(Lab& lab, Report& report) {
  constexpr std::size_t kNoEnd = ~std::size_t{0};
  TRY(const Home home, Home::create(lab));
  TRY(GrowingLog log, GrowingLog::create(home.path));
  TRY(const auto server, home.serve(lab));
  TRY_OK(wait_until_taken(server->port()));
  TRY(LiveStream stream, LiveStream::open(server->port()));
  const auto lines = static_cast<std::size_t>(lab.scale().followed_lines);
  Clock::time_point due = Clock::now() + milliseconds(200);  // when the stream is there
  for (std::size_t i = 0; i < lines && !stop_requested(); ++i, due += kBetweenLines) {
    stream.read(due, kNoEnd);
    log.append();
  }
  stream.read(Clock::now() + kArrival, lines);
  if (stream.ages_ns().size() != lines)
    report.add_problem("follow_latency", "of " + std::to_string(lines) + " lines " +
                                             std::to_string(stream.ages_ns().size()) +
                                             " were streamed");
  add_times(report, "follow_latency", "serve_", stream.ages_ns());
  return server->stop();
}

// ---- large and many

struct LargeLog {
  std::string_view name;
  std::string path;  // below the home
  WriteLog* write;
};

Result<void> write_large_log(Lab& lab, const Home& home, const LargeLog& log) {
  const fs::path path = home.path / log.path;
  fs::create_directories(path.parent_path());
  log.write(path, static_cast<std::size_t>(lab.scale().large_log_mb) * 1'000'000);
  std::error_code error;
  if (fs::file_size(path, error) == 0 || error) return Error{"cannot write " + path.string()};
  rest_an_hour(path);
  return {};
}

void add_reading(Report& report, const std::string& prefix, std::uint64_t peak, std::uint64_t bytes,
                 Clock::time_point begin) {
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  report.add("large_log", prefix + "_peak_mb", to_mb(peak));
  report.add("large_log", prefix + "_mb_per_s", to_mb(bytes) / elapsed);
}

Result<void> serve_large_log(Lab& lab, Report& report, const LargeLog& log) {
  TRY(const Home home, Home::create(lab));
  TRY_OK(write_large_log(lab, home, log));
  const Clock::time_point begin = Clock::now();
  TRY(const auto server, home.serve(lab));
  TRY_OK(wait_until_taken(server->port()));
  TRY(const std::uint64_t peak, server->memory_bytes("VmHWM"));
  add_reading(report, "serve_" + std::string(log.name), peak, fs::file_size(home.path / log.path),
              begin);
  return server->stop();
}

Result<void> collect_large_log(Lab& lab, Report& report, const LargeLog& log) {
  constexpr int kBatch = 500;
  TRY(const Home home, Home::create(lab));
  TRY_OK(write_large_log(lab, home, log));
  TRY(const auto receiver, Receiver::listen());
  const Clock::time_point begin = Clock::now();
  TRY(const auto collector, home.collect(lab, *receiver, kBatch));
  const bool is_done = wait_until(kTakingLimit, [&] {
    return text_of(home.output()).find("sync complete") != std::string::npos;
  });
  if (!is_done) return Error{"the collector did not end: " + text_of(home.output())};
  TRY(const std::uint64_t peak, memory_of(collector->pid(), "VmHWM"));
  add_reading(report, "collect_" + std::string(log.name), peak, fs::file_size(home.path / log.path),
              begin);
  if (receiver->batches() == 0) report.add_problem("large_log", "the collector sent nothing");
  return collector->stop();
}

void write_many_logs(const fs::path& home, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string session = "session-" + std::to_string(i);
    const fs::path folder =
        home / ".claude/projects" / ("-home-dev-" + std::to_string(i % kFolders));
    fs::create_directories(folder);
    const fs::path path = folder / (session + ".jsonl");
    std::ofstream(path) << prompt_line(session, 0, "main") << prompt_line(session, 1, "main");
    rest_an_hour(path);
  }
}

}  // namespace

Result<void> parse_logs(Lab& lab, Report& report) {
  const fs::path program =
      fs::read_symlink("/proc/self/exe").parent_path() / "sightline_parse_logs";
  if (!fs::exists(program)) {
    report.add_note("parse_logs", "left out: no sightline_parse_logs beside this program");
    return {};
  }
  TRY(const auto folder, TempDir::create(lab.directory()));
  const fs::path output = folder->path() / "speeds";
  TRY_OK(run_command({.arguments = {program.string(), folder->path().string(),
                                    std::to_string(lab.scale().parsed_mb)},
                      .environment = environment_in(folder->path()),
                      .directory = folder->path(),
                      .input = {},
                      .output = output}));
  std::ifstream lines(output);
  std::string name;
  double mb_per_s = 0;
  std::uint64_t records = 0;
  while (lines >> name >> mb_per_s >> records)
    report.add("parse_logs", name + "_mb_per_s", mb_per_s);
  return {};
}

Result<void> follow_latency(Lab& lab, Report& report) {
  TRY_OK(collect_latency(lab, report));
  return serve_latency(lab, report);
}

Result<void> large_log(Lab& lab, Report& report) {
  const LargeLog claude{"claude", std::string(kProject) + "/session.jsonl", write_claude};
  const LargeLog copilot{"copilot",
                         "config/Code/User/globalStorage/emptyWindowChatSessions/session.json",
                         write_copilot_chat};
  report.add("large_log", "log_mb", lab.scale().large_log_mb);
  TRY_OK(serve_large_log(lab, report, claude));
  TRY_OK(serve_large_log(lab, report, copilot));
  TRY_OK(collect_large_log(lab, report, claude));
  return collect_large_log(lab, report, copilot);
}

// The second start is that of every day: all has been taken, and is in memory.
Result<void> many_logs(Lab& lab, Report& report) {
  constexpr std::string_view kName = "many_logs";
  TRY(const Home home, Home::create(lab));
  write_many_logs(home.path, lab.scale().many_logs);
  report.add(kName, "files", lab.scale().many_logs);
  {
    const Clock::time_point begin = Clock::now();
    TRY(const auto server, home.serve(lab));
    TRY_OK(wait_until_taken(server->port()));
    report.add(kName, "first_ms", to_ms(nanoseconds(Clock::now() - begin).count()));
    TRY(const std::uint64_t peak, server->memory_bytes("VmHWM"));
    report.add(kName, "first_peak_mb", to_mb(peak));
    TRY_OK(server->stop());
  }
  const Clock::time_point begin = Clock::now();
  TRY(const auto server, home.serve(lab));
  TRY_OK(wait_until_taken(server->port()));
  report.add(kName, "watching_ms", to_ms(nanoseconds(Clock::now() - begin).count()));
  TRY(const std::string status, get_body(server->port(), "/api/collector"));
  if (number_of(status, "watched_folders").value_or(0) < kFolders)
    report.add_problem(kName, "not all folders are watched");
  TRY(const std::uint64_t peak, server->memory_bytes("VmHWM"));
  TRY(const std::uint64_t resident, server->memory_bytes("VmRSS"));
  report.add(kName, "peak_mb", to_mb(peak));
  report.add(kName, "idle_mb", to_mb(resident));
  return server->stop();
}

}  // namespace bench
