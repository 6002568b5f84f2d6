#include "task_log.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/json_writer.h"
#include "base/time_text.h"
#include "json_body.h"

namespace app {
namespace {

using base::json::Kind;
using net::Method;
using net::Request;
using net::Response;

constexpr std::size_t kMostBodyBytes = 65'536;
constexpr std::size_t kMostErrorCharacters = 2048;

/// `/tasks/{taskId}/NAME`
bool is_of_task(std::string_view path, std::string_view name) {
  constexpr std::string_view kTasks = "/tasks/";
  if (!path.starts_with(kTasks)) return false;
  path.remove_prefix(kTasks.size());
  const std::size_t slash = path.find('/');
  return slash != path.npos && slash > 0 && path.substr(slash + 1) == name;
}

/// Nothing of it ends the line or moves the cursor.
std::string on_one_line(std::string_view text) {
  std::string quoted;
  base::json::append_string(quoted, text);
  std::string line;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    // DEL, and U+0080 to U+009F, with which a terminal may begin a command.
    const auto byte = static_cast<unsigned char>(quoted[i]);
    const auto next = static_cast<unsigned char>(quoted[i + 1]);
    const bool is_c1 = byte == 0xc2 && next < 0xa0 && i + 2 < quoted.size();
    if (is_c1 || byte == 0x7f)
      line += fmt::format("\\u{:04x}", is_c1 ? next : byte);
    else
      line += quoted[i];
    i += is_c1;
  }
  return line;
}

std::string publication(const Request& request) {
  const auto body = thread_document().parse(request.body);
  if (body && body->is(Kind::array)) return fmt::format("{} events", body->size());
  const auto type = body && body->is(Kind::object) ? body->find("type") : std::nullopt;
  if (type && type->is(Kind::string)) return "type: " + on_one_line(type->text());
  return "event published";
}

std::string transition(const Request& request) {
  const auto body = thread_document().parse(request.body);
  const auto status = body && body->is(Kind::object) ? body->find("status") : std::nullopt;
  if (status && status->is(Kind::string)) return "→ " + on_one_line(status->text());
  return "status transition";
}

bool is_stream(const Request& request) {
  return request.method == Method::get &&
         (request.raw_path == "/events" || is_of_task(request.raw_path, "events"));
}

std::string context(const Request& request, int status) {
  const std::string_view path = request.raw_path;
  const bool is_post = request.method == Method::post, is_patch = request.method == Method::patch;
  if ((is_post || is_patch || request.method == Method::put) &&
      request.body.size() > kMostBodyBytes)
    return "body too large to log";
  if (is_post && path == "/tasks") return status == 201 ? "task created" : "";
  if (is_patch && is_of_task(path, "status")) return transition(request);
  if (is_post && is_of_task(path, "events")) return publication(request);
  if (is_post && is_of_task(path, "resolve")) return "resolve";
  if (!is_stream(request)) return {};
  return path == "/events" ? "global subscriber connected" : "subscriber connected";
}

/// `//user:password@host` as `//***@host`, and not too long.
std::string without_secrets(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find("://"), text.size());
    out.append(text.substr(0, begin));
    text.remove_prefix(begin);
    if (text.empty()) break;
    out += "://";
    text.remove_prefix(3);
    const std::string_view authority = text.substr(0, text.find_first_of("/?# \t\"'"));
    const std::size_t at = authority.rfind('@');
    if (at == authority.npos) continue;
    out += "***";
    text.remove_prefix(at);
  }
  std::size_t size = 0, characters = 0;
  for (; size < out.size(); ++size)
    if ((static_cast<unsigned char>(out[size]) & 0xc0) != 0x80 &&
        ++characters > kMostErrorCharacters)
      break;
  out.resize(size);
  return out;
}

std::string_view kind_of(std::string_view path) {
  if (path == "/tasks/import" || path.ends_with("/archive")) return "archive";
  for (const std::string_view prefix : {"/tasks", "/events", "/workers"})
    if (path.starts_with(prefix)) return "store";
  return "internal";
}

}  // namespace

std::string describe_task_request(const Request& request, const Response& response, base::Time now,
                                  std::chrono::nanoseconds took) {
  const std::string status = is_stream(request) ? "SSE" : std::to_string(response.status);
  std::string line =
      fmt::format("[{}] {:<6} {:<35} → {:>3}  {:>3}ms", base::to_sql_datetime(now),
                  request.method_text, on_one_line(request.raw_path), status,
                  std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  if (const std::string about = context(request, response.status); !about.empty())
    line.append("  (").append(about).append(")");
  return line;
}

std::string describe_task_failure(const Request& request, const Response& response,
                                  base::Time now) {
  std::string line;
  base::json::Writer json(line);
  json.begin_object().key("timestamp").value(base::to_iso_ms(now)).key("level").value("error");
  json.key("event").value("http_request_failed").key("method").value(request.method_text);
  json.key("path").value(request.raw_path).key("status").value(response.status);
  if (!response.cause.empty()) {
    json.key("errorKind").value(kind_of(request.raw_path));
    json.key("error").value(without_secrets(response.cause));
  }
  json.end_object();
  return line;
}

void write_log_line(std::string line) {
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void log_task_failure(const Request& request, const Response& response, base::Time now) {
  write_log_line(describe_task_failure(request, response, now));
}

}  // namespace app
