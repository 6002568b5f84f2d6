#include <chrono>

#include "base/json_writer.h"
#include "task_routes.h"

// GET /, /health, /health/ready, /health/detail of the task server

namespace app {
namespace {

using net::Request;
using net::Response;

Response json(std::string body) { return Response::text(200, "application/json", std::move(body)); }

void write_identity(base::json::Writer& writer) {
  writer.key("name").value("taskcast").key("version").value(kTaskServerVersion);
  writer.key("apiVersion").value("v1");
}

void write_adapter(base::json::Writer& writer, std::string_view role, std::string_view provider) {
  writer.key(role).begin_object().key("provider").value(provider);
  writer.key("status").value("ok").end_object();
}

}  // namespace

Response TaskRoutes::describe_server() const {
  std::string body;
  base::json::Writer writer(body);
  writer.begin_object();
  write_identity(writer);
  writer.key("links").begin_object();
  writer.key("health").value("/health").key("healthReady").value("/health/ready");
  writer.key("healthDetail").value("/health/detail").key("openapi").value("/openapi.json");
  writer.key("docs").value("/docs").end_object().end_object();
  return json(std::move(body));
}

base::Task<Response> TaskRoutes::get_health(Request&, const TaskCaller&) {
  std::string body;
  base::json::Writer writer(body);
  writer.begin_object().key("ok").value(true);
  write_identity(writer);
  writer.end_object();
  co_return json(std::move(body));
}

/// Nothing that it depends on can go away without it.
base::Task<Response> TaskRoutes::get_ready(Request&, const TaskCaller&) {
  co_return json(R"({"ok":true,"dependencies":{}})");
}

base::Task<Response> TaskRoutes::get_detail(Request&, const TaskCaller&) {
  const auto uptime = std::chrono::steady_clock::now() - begin_;
  const bool is_sqlite = parts_.settings.storage == TaskSettings::Storage::sqlite;
  const bool has_jwt = parts_.settings.auth.mode == TaskAuthSettings::Mode::jwt;
  std::string body;
  base::json::Writer writer(body);
  writer.begin_object().key("ok").value(true);
  write_identity(writer);
  writer.key("uptime").value(std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
  writer.key("auth").begin_object().key("mode").value(has_jwt ? "jwt" : "none").end_object();
  writer.key("adapters").begin_object();
  write_adapter(writer, "broadcast", "memory");
  write_adapter(writer, "shortTermStore", is_sqlite ? "sqlite" : "memory");
  if (is_sqlite) write_adapter(writer, "longTermStore", "sqlite");
  writer.end_object().key("storage").begin_object().key("releaseReady").value(false);
  writer.key("requiredStorageProtocolVersion").value(2).key("activeWriterCount").value(0);
  writer.key("incompatibleWriterIds").begin_array().end_array().end_object().end_object();
  co_return json(std::move(body));
}

}  // namespace app
