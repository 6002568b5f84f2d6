#include "lab.h"

#include "events.h"
#include "load.h"
#include "yardstick.h"

namespace bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr int kFillBatch = 500;
constexpr int kFillConnections = 4;
constexpr minutes kFillLimit{10};

}  // namespace

Scale Scale::full() {
  return {.ingest = milliseconds(5000),
          .paced = milliseconds(10'000),
          .replies = milliseconds(3000),
          .queries = milliseconds(3000),
          .many_events = 1'000'000,
          .starts = 20,
          .runs = 1000,
          .logs_mb = 500,
          .parsed_mb = 64,
          .followed_lines = 1000,
          .large_log_mb = 2000,
          .many_logs = 10'000,
          .missed_events = 2000};
}

Scale Scale::quick() {
  return {.ingest = milliseconds(1500),
          .paced = milliseconds(2000),
          .replies = milliseconds(1000),
          .queries = milliseconds(500),
          .many_events = 100'000,
          .starts = 5,
          .runs = 300,
          .logs_mb = 50,
          .parsed_mb = 16,
          .followed_lines = 300,
          .large_log_mb = 200,
          .many_logs = 10'000,
          .missed_events = 500};
}

Lab::Lab(fs::path program, fs::path directory, fs::path test_folder, Scale scale)
    : program_(std::move(program)),
      directory_(std::move(directory)),
      test_folder_(std::move(test_folder)),
      scale_(scale) {}

Result<RunningServer> Lab::start_new(std::vector<std::string> arguments,
                                     std::vector<std::string> environment) {
  return start({}, std::move(arguments), std::move(environment));
}

Result<RunningServer> Lab::start_tasks(const std::string& storage) {
  return start({}, {"--storage", storage}, {}, ServerOptions::Kind::tasks);
}

Result<RunningServer> Lab::start_on(const fs::path& database) { return start(database, {}); }

Result<fs::path> Lab::filled_database(std::uint64_t events, std::uint64_t sessions) {
  const std::string name = std::to_string(events) + "-events-" + std::to_string(sessions) + ".db";
  if (const auto found = filled_.find(name); found != filled_.end()) return found->second;
  const fs::path database = directory_ / name;
  TRY_OK(fill(database, events, sessions));
  filled_.emplace(name, database);
  return database;
}

Result<AgentLogs> Lab::agent_logs() {
  if (!agent_logs_) {
    const fs::path home = directory_ / "logs";
    fs::create_directory(home);
    TRY(agent_logs_, write_agent_logs(log_generator(), home, scale_.logs_mb));
  }
  return *agent_logs_;
}

Result<std::vector<std::string>> Lab::schema() {
  if (schema_.empty()) {
    TRY(RunningServer server, start_new());
    TRY_OK(server.process->stop());
    TRY(schema_, read_schema(server.database));
  }
  return schema_;
}

Result<RunningServer> Lab::start(const fs::path& database, std::vector<std::string> arguments,
                                 std::vector<std::string> environment, ServerOptions::Kind kind) {
  RunningServer server;
  TRY(server.directory, TempDir::create(directory_));
  server.database = database.empty() ? server.directory->path() / "monitor.db" : database;
  TRY(server.process, ServerProcess::start({.program = program_,
                                            .directory = server.directory->path(),
                                            .database = server.database,
                                            .arguments = std::move(arguments),
                                            .environment = std::move(environment),
                                            .kind = kind}));
  return server;
}

Result<void> Lab::fill(const fs::path& database, std::uint64_t events, std::uint64_t sessions) {
  TRY(RunningServer server, start_on(database));
  EventRequests source({.port = server.process->port(),
                        .connections = kFillConnections,
                        .events_per_request = kFillBatch,
                        .variety = EventRequests::Variety::many,
                        .total = events,
                        .sessions = sessions});
  TRY(const LoadResult load, run_load({.port = server.process->port(),
                                       .connections = kFillConnections,
                                       .max_requests = events / kFillBatch,
                                       .max_time = kFillLimit},
                                      source));
  TRY_OK(server.process->stop());
  TRY(const std::uint64_t stored, count_events(database));
  if (stored != events)
    return Error{"of " + std::to_string(events) + " events sent to fill a database " +
                 std::to_string(stored) +
                 " were stored; requests refused: " + std::to_string(load.failed)};
  return {};
}

}  // namespace bench
