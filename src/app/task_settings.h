#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "net/http_server.h"

namespace app {

/// How callers of the task server prove who they are.
struct TaskAuthSettings {
  enum class Mode { none, jwt };
  struct Service {
    std::string name, key;
    std::optional<std::vector<std::string>> task_ids;  // absent: every task
    std::vector<std::string> scopes;
  };

  Mode mode = Mode::none;
  std::string algorithm = "HS256";
  std::string secret, public_key, public_key_file;  // the first that is set counts
  std::string issuer, audience;                     // empty: not looked at
  std::chrono::seconds clock_skew{0};               // by which a token's times may be missed
  std::vector<Service> services;                    // keys that need no token
};

/// The task server's configuration: docs/configuration.md, "Task server".
struct TaskSettings {
  enum class Storage { memory, sqlite };

  std::string path;  // of the file that was read; empty: none
  std::string host = "127.0.0.1";
  std::uint16_t port = 3721;
  Storage storage = Storage::memory;
  std::string db_path;
  bool has_admin_api = false;
  std::string admin_token;  // made for this start where none is set
  bool has_made_admin_token = false;
  TaskAuthSettings auth;
  std::vector<std::string> cors_origins;   // `*`: every one
  std::vector<std::string> allowed_hosts;  // further names for the Host header
  std::size_t max_body_bytes = std::size_t{10} << 20;
  std::size_t max_connections = net::ServerOptions().max_connections;  // of a server of its own
  bool resumes_by_header = false;  // Last-Event-ID where the query names no past
  base::log::Level log_level = base::log::Level::info;  // of a server of its own
};

/// What the command line sets; over everything else.
struct TaskFlags {
  std::string config, host, storage, db_path;
  std::optional<std::uint16_t> port;
  std::optional<std::uint32_t> max_connections;
  bool resumes_by_header = false;
  bool is_verbose = false;                                  // a line for each request
  std::vector<std::string> allowed_hosts, allowed_origins;  // beside those of the file
};

/// Where tasks are kept that nothing says a place for.
struct TaskDefaults {
  TaskSettings::Storage storage = TaskSettings::Storage::memory;
  std::string db_path = "./taskcast.db";
};

/// The defaults, over them the file, over that the TASKCAST_* variables, over that the flags.
///
/// The file is that of the flag, else the first of ./taskcast.config.{yaml,yml,json} and the same
/// in TASKCAST_CONFIG_DIR, or ~/.taskcast. Unknown keys are ignored. `invalid_argument`,
/// `not_found`: the text names the key and what it must be.
base::Result<TaskSettings> load_task_settings(
    const TaskFlags& flags,
    const std::function<std::optional<std::string>(const std::string&)>& environment,
    const TaskDefaults& defaults = {});

}  // namespace app
