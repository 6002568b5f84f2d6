#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace monitor {

/// Windows and limits of one kind of agent in the usage monitor; a limit of 0 is none.
struct UsageLimits {
  int session_window_hours = 5;
  double session_limit = 0;
  int extended_window_hours = 24;
  double extended_limit = 0;
  int weekly_window_hours = 168;
  double weekly_limit = 0;
};

/// What can be set about the monitor. docs/configuration.md has names, units and limits.
struct Settings {
  std::size_t max_metadata_bytes = 10 * 1024;
  std::chrono::minutes session_timeout{5};  // idle after this, ended after twice this
  std::chrono::milliseconds stats_interval{5000};
  std::chrono::milliseconds heartbeat{15000};
  std::size_t max_stream_clients = 1000;
  std::chrono::minutes auto_import_interval{10};          // zero: off
  std::string projects_dir;                               // parent of project checkouts
  UsageLimits claude_code{5, 44000, 24, 0, 168, 293000};  // tokens
  UsageLimits codex{5, 500, 168, 1500, 168, 0};           // USD
};

}  // namespace monitor
