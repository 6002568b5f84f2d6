#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

/// Structured log lines on standard error: `time level message key=value ...`.
///
/// Thread: any. Values are quoted when they need it. A secret never reaches a log: log its name.
namespace base::log {

enum class Level { debug, info, warn, error, off };

/// Lines below `level` are dropped. Default: info.
void set_level(Level level);
bool enabled(Level level);

constexpr std::size_t kMaxFileBytes = std::size_t{10} << 20;
constexpr std::size_t kOldFiles = 3;
/// From now on lines go into the file at `path` too, which is made as needed and continued. Past
/// kMaxFileBytes it becomes `NAME.1.EXTENSION` and so on, of which kOldFiles are kept.
/// `unavailable` when it cannot be written. Called before other threads log.
base::Result<void> also_to(const std::string& path);

void write(Level level, std::string_view message);

/// One ` key=value` of a line.
template <class T>
std::string field(std::string_view key, const T& value);
std::string quoted(std::string_view value);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

template <class T>
std::string field(std::string_view key, const T& value) {
  return fmt::format(" {}={}", key, log::quoted(fmt::format("{}", value)));
}

}  // namespace base::log
