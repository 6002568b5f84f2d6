#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "net/http.h"

/// What a task server says of its requests on standard error: docs/commands.md, "tasks start".
/// Thread: any; a line is one write.
namespace app {

/// A line for people: time, method, path, status, duration, and what it was about. Reads the body
/// of a request that has one, up to 64 KiB.
std::string describe_task_request(const net::Request& request, const net::Response& response,
                                  base::Time now, std::chrono::nanoseconds took);

/// A response of 500 and above as a line of JSON, without what could be a secret.
std::string describe_task_failure(const net::Request& request, const net::Response& response,
                                  base::Time now);

/// Writes `line`, whatever the log level.
void write_log_line(std::string line);
void log_task_failure(const net::Request& request, const net::Response& response, base::Time now);

}  // namespace app
