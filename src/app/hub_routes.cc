#include "hub_routes.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "json_body.h"
#include "monitor/collected.h"
#include "monitor_routes.h"

namespace app {
namespace {

using base::Result;
using base::Task;
using base::json::Kind;
using base::json::Value;
using monitor::FieldErrors;
using net::Request;
using net::Response;
using store::Database;

constexpr std::size_t kMaxBatch = 1000;  // events

std::string refusal_of(const FieldErrors& errors) {
  std::string body;
  base::json::Writer json(body);
  json.begin_object().key("error").value("Invalid request body").key("details").begin_array();
  for (const monitor::FieldError& error : errors) {
    json.begin_object().key("field").value(error.field);
    json.key("message").value(error.message).end_object();
  }
  json.end_array().end_object();
  return body;
}

/// `[A,B]`
template <class T, class ToJson>
std::string list_of(const std::vector<T>& all, const ToJson& to_json) {
  std::string out = "[";
  for (const T& each : all) {
    if (out.size() > 1) out += ',';
    out += to_json(each);
  }
  return out + "]";
}

Result<std::string> with_its_place(Database& db, const monitor::Workspace& workspace) {
  TRY(const auto project, monitor::registry::find_project(db, workspace.project));
  TRY(const auto machine, monitor::registry::find_machine(db, std::to_string(workspace.machine)));
  return to_json(workspace, project ? &*project : nullptr, machine ? &*machine : nullptr);
}

std::string to_answer(const monitor::Machine& machine) { return to_json(machine); }
std::string to_answer(const monitor::Project& project) { return to_json(project); }
std::string to_answer(const monitor::Workspace& w) { return to_json(w, nullptr, nullptr); }

}  // namespace

void HubRoutes::add_to(net::Router& router) {
  const auto to = [this](Task<Response> (HubRoutes::*handler)(Request&)) {
    return [this, handler](Request& request) { return (this->*handler)(request); };
  };
  router.post("/api/v1/agent/events/batch", to(&HubRoutes::post_events));
  router.post("/api/v1/agent/events", to(&HubRoutes::post_event));
  router.post("/api/machines", to(&HubRoutes::post_machine));
  router.get("/api/machines", to(&HubRoutes::get_machines));
  router.get("/api/machines/{id}", to(&HubRoutes::get_machine));
  router.post("/api/projects/resolve", to(&HubRoutes::post_project));
  router.get("/api/projects", to(&HubRoutes::get_projects));
  router.post("/api/workspaces", to(&HubRoutes::post_workspace));
  router.get("/api/workspaces", to(&HubRoutes::get_workspaces));
  router.get("/api/workspaces/{id}", to(&HubRoutes::get_workspace));
}

bool HubRoutes::is_collected_event(const Value& body) {
  return body.is(Kind::object) && body.find("eventType") && !body.find("event_type");
}

bool HubRoutes::is_collected_batch(const Value& body) {
  return body.is(Kind::array) && body.size() > 0 && is_collected_event(*body.elements().begin());
}

/// Nothing of `events` is used once the first of them has been handed on.
Task<Response> HubRoutes::store_events(Value events) {
  if (events.size() == 0 || events.size() > kMaxBatch) {
    const FieldErrors wrong = {{"", fmt::format("a batch has 1 to {} events", kMaxBatch)}};
    co_return Response::json(400, refusal_of(wrong));
  }
  std::vector<monitor::Event> parsed_events;
  FieldErrors errors;
  std::size_t index = 0;
  for (const Value event : events.elements()) {
    auto parsed = monitor::parse_collected_event(event, limits_);
    if (auto* wrong = std::get_if<FieldErrors>(&parsed)) {
      for (monitor::FieldError& error : *wrong)
        errors.push_back({fmt::format("{}.{}", index, error.field), std::move(error.message)});
    } else {
      parsed_events.push_back(std::move(std::get<monitor::Event>(parsed)));
    }
    ++index;
  }
  if (!errors.empty()) co_return Response::json(400, refusal_of(errors));
  co_return co_await append(std::move(parsed_events));
}

Task<Response> HubRoutes::store_event(Value event) {
  auto parsed = monitor::parse_collected_event(event, limits_);
  if (const auto* errors = std::get_if<FieldErrors>(&parsed))
    co_return Response::json(400, refusal_of(*errors));
  std::vector<monitor::Event> events;
  events.push_back(std::move(std::get<monitor::Event>(parsed)));
  co_return co_await append(std::move(events));
}

Task<Response> HubRoutes::append(std::vector<monitor::Event> events) {
  const std::size_t requested = events.size();
  auto result = co_await ledger_.append(std::move(events));
  if (!result) co_return to_response(result.error());
  std::size_t created = 0;
  for (const std::int64_t id : result->ids) created += id != 0;
  std::string body;
  base::json::Writer json(body);
  json.begin_object().key("created").value(created).key("requested").value(requested);
  json.key("duplicates").value(requested - created).end_object();
  co_return Response::json(201, std::move(body));
}

Task<Response> HubRoutes::post_events(Request& request) {
  if (auto refusal = read_text(request)) co_return std::move(*refusal);
  const Value body = monitor::recover_json(request.body, thread_document());
  const auto events = body.is(Kind::object) ? body.find("events") : std::optional(body);
  if (events && events->is(Kind::array)) co_return co_await store_events(*events);
  const FieldErrors wrong = {{"events", "must be an array"}};
  co_return Response::json(400, refusal_of(wrong));
}

Task<Response> HubRoutes::post_event(Request& request) {
  if (auto refusal = read_text(request)) co_return std::move(*refusal);
  const Value body = monitor::recover_json(request.body, thread_document());
  co_return co_await store_event(body);
}

/// Reads what the body gives, stores it, and answers with what is stored then.
template <class T>
Task<Response> HubRoutes::put(Request& request, Result<T> (*parse)(const Value&)) {
  if (auto refusal = read_text(request)) co_return std::move(*refusal);
  auto given = parse(monitor::recover_json(request.body, thread_document()));
  if (!given) co_return to_response(given.error());
  std::optional<Result<T>> stored;
  // What a client got wrong is no failure of the transaction that others share.
  monitor::Ledger::Work work = [&](Database& db) -> Result<void> {
    stored = monitor::registry::put(db, *given);
    const bool is_refused = !*stored && stored->error().code == base::Errc::not_found;
    return *stored || is_refused ? Result<void>{} : Result<void>(stored->error());
  };
  auto done = co_await ledger_.change(std::move(work), monitor::Ledger::Change::uncounted);
  if (!done) co_return to_response(done.error());
  if (!*stored) co_return Response::error(400, "Invalid reference: " + stored->error().what);
  co_return Response::json(200, to_answer(**stored));
}

Task<Response> HubRoutes::post_machine(Request& request) {
  co_return co_await put<monitor::Machine>(request, &monitor::parse_machine);
}
Task<Response> HubRoutes::post_project(Request& request) {
  co_return co_await put<monitor::Project>(request, &monitor::parse_project);
}
Task<Response> HubRoutes::post_workspace(Request& request) {
  co_return co_await put<monitor::Workspace>(request, &monitor::parse_workspace);
}

/// The JSON that `query` makes; 404 with `missing` when that is none.
Task<Response> HubRoutes::read(std::function<Result<std::string>(Database&)> query,
                               std::string missing) {
  auto found = co_await readers_.run<std::string>(std::move(query));
  if (!found) co_return to_response(found.error());
  if (found->empty()) co_return Response::error(404, missing);
  co_return Response::json(200, std::move(*found));
}

Task<Response> HubRoutes::get_machine(Request& request) {
  const std::string id(request.params.text("id"));
  std::function<Result<std::string>(Database&)> query = [id](Database& db) -> Result<std::string> {
    TRY(const auto machine, monitor::registry::find_machine(db, id));
    return machine ? to_json(*machine) : std::string();
  };
  std::string missing = fmt::format("machine not found: {}", id);
  co_return co_await read(std::move(query), std::move(missing));
}

Task<Response> HubRoutes::get_machines(Request&) {
  std::function<Result<std::string>(Database&)> query = [](Database& db) -> Result<std::string> {
    TRY(const auto all, monitor::registry::machines(db));
    return list_of(all, [](const monitor::Machine& each) { return to_json(each); });
  };
  co_return co_await read(std::move(query), {});
}

Task<Response> HubRoutes::get_projects(Request&) {
  std::function<Result<std::string>(Database&)> query = [](Database& db) -> Result<std::string> {
    TRY(const auto all, monitor::registry::projects(db));
    return list_of(all, [](const monitor::Project& each) { return to_json(each); });
  };
  co_return co_await read(std::move(query), {});
}

Task<Response> HubRoutes::get_workspace(Request& request) {
  const std::string id(request.params.text("id"));
  std::function<Result<std::string>(Database&)> query = [id](Database& db) -> Result<std::string> {
    TRY(const auto workspace, monitor::registry::find_workspace(db, id));
    if (!workspace) return std::string();
    return with_its_place(db, *workspace);
  };
  std::string missing = fmt::format("workspace not found: {}", id);
  co_return co_await read(std::move(query), std::move(missing));
}

Task<Response> HubRoutes::get_workspaces(Request&) {
  std::function<Result<std::string>(Database&)> query = [](Database& db) -> Result<std::string> {
    TRY(const auto all, monitor::registry::workspaces(db));
    std::string out = "[";
    for (const monitor::Workspace& each : all) {
      TRY(const std::string json, with_its_place(db, each));
      if (out.size() > 1) out += ',';
      out += json;
    }
    return out + "]";
  };
  co_return co_await read(std::move(query), {});
}

}  // namespace app
