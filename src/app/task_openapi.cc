#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "net/static_files.h"
#include "task_routes.h"

// GET /openapi.json and GET /docs of the task server: made of the table of its routes.

namespace app {

extern const std::string_view task_docs_html;
extern const std::string_view task_schemas_json;

namespace {

using base::json::Writer;
using net::Request;
using net::Response;

struct Parameter {
  std::string_view name, type, what;
};
constexpr Parameter kCursor[] = {
    {"since.id", "string", "only events behind the one with this id"},
    {"since.index", "integer",
     "history: only events above this index; stream: only those above "
     "this filteredIndex"},
    {"since.timestamp", "integer", "only events later than this, in milliseconds since 1970"},
    {"limit", "integer", "at most so many events of history, the oldest"},
    {"seriesFormat", "string", "delta or accumulated"},
};
constexpr Parameter kStream[] = {
    {"types", "string", "only events of these types, separated by commas; llm.* is a prefix"},
    {"levels", "string", "only events of these levels, separated by commas"},
    {"includeStatus", "boolean", "false hides events of type taskcast:status"},
    {"wrap", "boolean", "false sends events without their envelopes"},
};
constexpr Parameter kFilter[] = {
    {"status", "string", "only tasks in one of these statuses, separated by commas"},
    {"type", "string", "only tasks of this type"},
};

std::string_view name(net::Method method) {
  switch (method) {
    case net::Method::post:
      return "post";
    case net::Method::patch:
      return "patch";
    default:
      return "get";
  }
}

void write_parameter(Writer& json, const Parameter& parameter, std::string_view place) {
  json.begin_object().key("name").value(parameter.name).key("in").value(place);
  if (place == "path") json.key("required").value(true);
  if (!parameter.what.empty()) json.key("description").value(parameter.what);
  json.key("schema").begin_object().key("type").value(parameter.type).end_object().end_object();
}

void write_parameters(Writer& json, const TaskRoute& route) {
  json.key("parameters").begin_array();
  if (route.pattern.find("{taskId}") != std::string_view::npos)
    write_parameter(json, {"taskId", "string", ""}, "path");
  if (route.pattern.find("{clientId}") != std::string_view::npos)
    write_parameter(json, {"clientId", "string", ""}, "path");
  const auto write_all = [&json](std::span<const Parameter> parameters) {
    for (const Parameter& parameter : parameters) write_parameter(json, parameter, "query");
  };
  if (route.method == net::Method::get && route.pattern == "/tasks") write_all(kFilter);
  if (route.gives == "EventList") write_all(kCursor);
  if (route.gives == "EventStream" && route.pattern != "/events") {
    write_all(kStream);
    write_all(kCursor);
  }
  if (route.pattern == "/events") write_all(std::span(kStream).first(2));
  json.end_array();
}

void write_content(Writer& json, std::string_view schema) {
  json.key("content").begin_object();
  json.key(schema == "EventStream" ? "text/event-stream" : "application/json").begin_object();
  json.key("schema").begin_object().key("$ref");
  json.value(fmt::format("#/components/schemas/{}", schema));
  json.end_object().end_object().end_object();
}

void write_response(Writer& json, int status, std::string_view what, std::string_view schema) {
  json.key(std::to_string(status)).begin_object().key("description").value(what);
  write_content(json, schema);
  json.end_object();
}

void write_operation(Writer& json, const TaskRoute& route) {
  json.key(name(route.method)).begin_object();
  json.key("summary").value(route.summary).key("tags").begin_array().value(route.tag).end_array();
  json.key("description").value(fmt::format("Needs the scope {}.", app::name(route.scope)));
  write_parameters(json, route);
  if (!route.takes.empty()) {
    json.key("requestBody").begin_object().key("required").value(true);
    write_content(json, route.takes);
    json.end_object();
  }
  json.key("responses").begin_object();
  write_response(json, route.success, "done", route.gives);
  if (!route.takes.empty()) write_response(json, 400, "the body is not what it has to be", "Error");
  write_response(json, 401, "nobody is known by these credentials", "Error");
  write_response(json, 403, "the caller may not", "Error");
  json.end_object().end_object();
}

}  // namespace

std::string describe_api(std::span<const TaskRoute> routes) {
  std::string text;
  Writer json(text);
  json.begin_object().key("openapi").value("3.1.0").key("info").begin_object();
  json.key("title").value("Taskcast API").key("version").value(kTaskServerVersion).end_object();
  json.key("security").begin_array().begin_object().key("Bearer").begin_array().end_array();
  json.end_object().end_array();
  std::vector<std::string_view> paths;
  for (const TaskRoute& route : routes)
    if (!route.tag.empty() && std::find(paths.begin(), paths.end(), route.pattern) == paths.end())
      paths.push_back(route.pattern);
  json.key("paths").begin_object();
  for (const std::string_view path : paths) {
    json.key(path).begin_object();
    for (const TaskRoute& route : routes)
      if (route.pattern == path && !route.tag.empty()) write_operation(json, route);
    json.end_object();
  }
  json.end_object().key("components").begin_object().key("securitySchemes").begin_object();
  json.key("Bearer").raw(R"({"type":"http","scheme":"bearer","bearerFormat":"JWT"})").end_object();
  base::json::Document document;
  std::string schemas;
  base::json::append_value(schemas, document.parse(task_schemas_json).value());
  json.key("schemas").raw(schemas).end_object().end_object();
  return text;
}

base::Task<Response> TaskRoutes::get_openapi(Request&, const TaskCaller&) {
  static const std::string text = describe_api(table());
  co_return Response::text(200, "application/json", text);
}

base::Task<Response> TaskRoutes::get_docs(Request& request, const TaskCaller&) {
  co_return net::embedded_file(request, "task_docs.html", task_docs_html);
}

}  // namespace app
