#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/formats.h"
#include "base/result.h"
#include "collector/retry.h"

namespace collector {

/// The collector's configuration, as in docs/configuration.md, "Collector": every key, its default
/// and what it is checked for.
struct Settings {
  enum class Protocol { array, legacy };
  enum class Compression { automatic, gzip, none };

  struct Agent {
    bool enabled = true;
    std::string log_path = "auto";
    agents::FieldNames fields;  // of a generic log
  };

  std::string version = "1.0";
  std::string backend_url = "http://localhost:3200";
  std::string api_key;  // a secret: never logged
  std::string project_id = "default";

  std::int64_t batch_size = 100;
  std::string batch_interval_text = "5s";
  std::chrono::milliseconds batch_interval{5000};  // at least 1
  std::int64_t max_retries = 3;
  Backoff retry_backoff = Backoff::exponential;
  Protocol protocol = Protocol::array;
  Compression compression = Compression::automatic;

  bool buffer_enabled = true;
  std::int64_t buffer_max_size = 10000;
  std::string buffer_path;    // absolute, or relative to the working directory
  std::string backfill_path;  // the same; empty: what it would hold is in the buffer's

  std::map<std::string, Agent, std::less<>> agents;  // by the name in the file, such as `copilot`

  std::string log_level = "info";
  std::string log_file;

  std::int64_t initial_sync_days = 90;
  bool historical_sync = true;
  std::int64_t sync_batch_size = 100;
  bool background_sync = true;

  std::int64_t server_port = 0;  // 0: none
  std::string server_bind = "127.0.0.1";
  std::string server_ping_interval_text = "30s";
  std::chrono::milliseconds server_ping_interval{30'000};  // at least 1

  std::vector<std::string> warnings;  // values that were set aside, for the log

  /// The number that `project_id` is, if it is one above 0, else 1.
  std::int64_t numeric_project_id() const;
};

/// The value of an environment variable.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// A path with a leading `~/`, `$NAME` and `${NAME}` replaced; unset variables are empty.
std::string expand_path(std::string_view path, const Environment& environment);

/// The file to read: `flag`, else DEVLOG_CONFIG, else ~/.devlog/collector.json; expanded.
std::string settings_path(std::string_view flag, const Environment& environment);

/// Where files are that no key names; expanded like those that one does.
struct DefaultPaths {
  std::string buffer = "~/.devlog/buffer.db";
  std::string log = "~/.devlog/collector.log";
};

/// The defaults, over them the file at `path`, over that the DEVLOG_* variables, then checked.
///
/// JSON, or YAML (.yaml, .yml) or TOML (.toml) by the name of the file; at most 1 MiB. Keys are
/// found without regard to case, unknown ones ignored. A file that does not exist sets nothing;
/// then the key of the backend may be empty.
/// `not_found`, `invalid_argument`: the text says which step failed and why.
base::Result<Settings> load_settings(const std::string& path, const Environment& environment,
                                     const DefaultPaths& paths = {});

/// The same with the text of the file, or none when there is no file; of `path` only the end
/// counts.
base::Result<Settings> parse_settings(const std::optional<std::string>& text, std::string_view path,
                                      const Environment& environment,
                                      const DefaultPaths& paths = {});

/// Why the settings cannot be used, by the first key that is wrong; empty when they can.
std::string problem(const Settings& settings);

/// `1h30m`, `1.5s`, `300ms`: groups of a decimal number and a unit (ns, us, µs, ms, s, m, h), or
/// `0`; a sign before. Errors in the words of Go's time package.
base::Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace collector
