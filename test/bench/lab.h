#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "history.h"
#include "result.h"
#include "server.h"

namespace bench {

/// How much of everything: a repeat of the full run takes some five minutes, the quick one two.
struct Scale {
  std::chrono::milliseconds ingest;           // of each ingest figure
  std::chrono::milliseconds paced;            // of delivery_latency
  std::chrono::milliseconds replies;          // of small_reply
  std::chrono::milliseconds queries;          // at most, for each path of the stats figures
  std::chrono::milliseconds yardstick{2000};  // shorter and one checkpoint more or less shows
  std::uint64_t few_events = 10'000;
  std::uint64_t many_events;
  int starts;
  int runs;            // of each short command
  int logs_mb;         // of agents' logs to import
  int parsed_mb;       // of each format
  int followed_lines;  // of a log that grows
  int large_log_mb;
  int many_logs;
  int missed_events;  // of each stream that resumes

  static Scale full();
  static Scale quick();
};

/// A server and where it lives; going out of scope stops the one and removes the other.
struct RunningServer {
  std::unique_ptr<TempDir> directory;
  std::filesystem::path database;
  std::unique_ptr<ServerProcess> process;
};

/// The program under test, and what several figures need of it.
class Lab {
 public:
  static constexpr std::uint64_t kSessions = 400;  // of a filled database

  /// `directory` outlives the lab; everything is made below it. `test_folder` is that of the
  /// project's tests, empty without one: it has the generator of logs, and node_modules.
  Lab(std::filesystem::path program, std::filesystem::path directory,
      std::filesystem::path test_folder, Scale scale);

  const std::filesystem::path& program() const { return program_; }
  const std::filesystem::path& directory() const { return directory_; }
  const std::filesystem::path& test_folder() const { return test_folder_; }
  const Scale& scale() const { return scale_; }

  /// A server with a database that does not exist yet.
  Result<RunningServer> start_new(std::vector<std::string> arguments = {},
                                  std::vector<std::string> environment = {});

  /// A task server, `sightline tasks start`, that keeps its tasks in `storage`: memory or sqlite.
  Result<RunningServer> start_tasks(const std::string& storage);

  /// A server on a database of its own that stays when the server is gone.
  Result<RunningServer> start_on(const std::filesystem::path& database);

  /// A database with so many events of EventRequests::Variety::many, ingested by the server through
  /// the batch API; made at the first call. Its users must not add to it.
  Result<std::filesystem::path> filled_database(std::uint64_t events,
                                                std::uint64_t sessions = kSessions);

  /// Agents' logs of Scale::logs_mb; made at the first call. Needs log_generator() and node.
  Result<AgentLogs> agent_logs();
  std::filesystem::path log_generator() const { return test_folder_ / "support/agent_logs.mjs"; }

  /// The schema of a database that the server has just made.
  Result<std::vector<std::string>> schema();

 private:
  Result<RunningServer> start(const std::filesystem::path& database,
                              std::vector<std::string> arguments,
                              std::vector<std::string> environment = {},
                              ServerOptions::Kind kind = ServerOptions::Kind::serve);
  Result<void> fill(const std::filesystem::path& database, std::uint64_t events,
                    std::uint64_t sessions);

  const std::filesystem::path program_;
  const std::filesystem::path directory_;
  const std::filesystem::path test_folder_;
  const Scale scale_;
  std::map<std::string, std::filesystem::path> filled_;  // by file name
  std::optional<AgentLogs> agent_logs_;
  std::vector<std::string> schema_;
};

}  // namespace bench
