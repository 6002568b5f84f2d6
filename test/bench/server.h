#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "result.h"
#include "socket.h"

namespace bench {

/// A new, empty directory that is removed with all it holds.
class TempDir {
 public:
  static Result<std::unique_ptr<TempDir>> create(const std::filesystem::path& parent);
  explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// How to start the server under test.
struct ServerOptions {
  enum class Kind {
    serve,  // everything, `sightline serve`
    tasks,  // the task server alone, `sightline tasks start`
  };

  std::filesystem::path program;
  std::filesystem::path directory;  // its working directory, HOME and XDG directories
  std::filesystem::path database;
  std::vector<std::string> arguments;         // after those that every run has
  std::vector<std::string> environment = {};  // NAME=VALUE, beside the clean one
  Kind kind = Kind::serve;
};

/// The server as a child process on a free port, with an environment of its own: neither the
/// agents' logs nor the settings of whoever runs the benchmark change what is measured.
///
/// Owner: whoever started it; the destructor stops it. It dies with this program, too.
class ServerProcess {
 public:
  /// Returns after the first 200 on /api/health, or /health of tasks alone; fails after 60 s, with
  /// the end of its log.
  static Result<std::unique_ptr<ServerProcess>> start(const ServerOptions& options);
  ~ServerProcess();

  /// SIGTERM, and SIGKILL after 15 s. Fails when it had to be killed or its exit code is not 0.
  /// May be called twice.
  Result<void> stop();

  std::uint16_t port() const { return port_; }

  /// From just before exec to that 200.
  std::chrono::nanoseconds start_time() const { return start_time_; }

  /// A field of /proc/PID/status in bytes, "VmRSS" for one.
  Result<std::uint64_t> memory_bytes(const std::string& field) const;

 private:
  ServerProcess() = default;
  Result<void> launch(const ServerOptions& options);
  Result<void> read_port(const std::filesystem::path& log);
  Result<void> await_health(std::string_view path);

  pid_t pid_ = -1;
  Fd output_;  // read end of its standard output
  std::uint16_t port_ = 0;
  std::chrono::nanoseconds executed_at_{};  // steady clock
  std::chrono::nanoseconds start_time_{};
  std::thread drain_;  // keeps a talkative server from blocking on a full pipe
};

/// Bytes of a copy of `program` after strip(1); the copy goes into `directory`.
Result<std::uint64_t> stripped_bytes(const std::filesystem::path& program,
                                     const std::filesystem::path& directory);

}  // namespace bench
