#include "task_routes.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "json_body.h"
#include "monitor_routes.h"
#include "task_answers.h"
#include "task_queries.h"
#include "tasks/requests.h"
#include "tasks/wire.h"

namespace app {
namespace {

using base::Result;
using base::json::Value;
using net::Method;
using net::Request;
using net::Response;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kMalformed = "Malformed JSON in request body";
constexpr std::string_view kNoTask = "Task not found";

Response json(int status, std::string body) {
  return Response::text(status, kJson, std::move(body));
}

Response error(int status, std::string_view text) {
  Response response = Response::error(status, text);
  response.content_type = kJson;
  return response;
}

/// As for everything else, but that nothing of an internal failure is told.
Response to_answer(const base::Error& failure) {
  const bool is_internal = failure.code == base::Errc::corrupt;
  Response response = is_internal ? error(500, "Internal Server Error") : to_response(failure);
  response.content_type = kJson;
  if (response.status >= 500) response.cause = failure.what;
  return response;
}

/// The body as JSON, whatever its type claims; valid until the next one is read on this thread.
std::optional<Value> read_body(const Request& request) {
  auto body = thread_document().parse(request.body);
  if (!body) return std::nullopt;
  return *body;
}

Response refused(const tasks::SequenceRefusal& refusal) {
  using Kind = tasks::SequenceRefusal::Kind;
  constexpr std::string_view kErrors[] = {"seq_gap", "seq_stale", "seq_duplicate", "seq_timeout"};
  std::string text;
  base::json::Writer writer(text);
  writer.begin_object().key("error").value(kErrors[static_cast<std::size_t>(refusal.kind)]);
  const bool is_by_number = refusal.kind == Kind::duplicate || refusal.kind == Kind::timeout;
  writer.key(is_by_number ? "seq" : "receivedSeq").value(refusal.received);
  if (refusal.kind != Kind::duplicate) writer.key("expectedSeq").value(refusal.expected);
  writer.end_object();
  return json(refusal.kind == Kind::timeout ? 408 : 409, std::move(text));
}

Response invalid(const tasks::Issues& issues) { return json(400, tasks::to_json(issues)); }

Response event_stream() {
  Response response = Response::text(200, "text/event-stream", {});
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.headers.emplace_back("X-Accel-Buffering", "no");
  return response;
}

}  // namespace

Response forbidden() { return error(403, "Forbidden"); }

std::span<const TaskRoute> TaskRoutes::table() {
  using R = TaskRoutes;
  using S = TaskScope;
  static constexpr TaskRoute kTable[] = {
      {Method::get, "/health", S::anyone, &R::get_health, "", ""},
      {Method::get, "/health/ready", S::anyone, &R::get_ready, "", ""},
      {Method::get, "/health/detail", S::anyone, &R::get_detail, "", ""},
      {Method::post, "/admin/token", S::anyone, &R::make_admin_token, "", ""},
      {Method::get, "/openapi.json", S::anyone, &R::get_openapi, "", ""},
      {Method::get, "/docs", S::anyone, &R::get_docs, "", ""},
      {Method::post, "/tasks", S::task_create, &R::create_task, "Tasks", "Create a task", 201,
       "NewTask", "Task"},
      {Method::get, "/tasks", S::event_subscribe, &R::list_tasks, "Tasks", "List tasks", 200, "",
       "TaskList"},
      {Method::post, "/tasks/import", S::task_manage, &R::import_archive, "Tasks",
       "Import a task from an archive", 200, "ImportRequest", "ImportResult"},
      {Method::get, "/tasks/import", S::event_subscribe, &R::get_import, "", ""},
      {Method::get, "/tasks/{taskId}", S::event_subscribe, &R::get_task, "Tasks", "Get a task", 200,
       "", "Task"},
      {Method::patch, "/tasks/{taskId}/status", S::task_manage, &R::change_status, "Tasks",
       "Change the status of a task", 200, "Transition", "Task"},
      {Method::post, "/tasks/{taskId}/events", S::event_publish, &R::publish, "Events",
       "Publish one event, or an array of events", 201, "Publication", "Published"},
      {Method::get, "/tasks/{taskId}/events", S::event_subscribe, &R::follow_task, "Events",
       "Follow a task by server-sent events", 200, "", "EventStream"},
      {Method::get, "/tasks/{taskId}/events/history", S::event_history, &R::get_history, "Events",
       "Get the events of a task", 200, "", "EventList"},
      {Method::get, "/tasks/{taskId}/seq/{clientId}", S::event_publish, &R::get_sequence, "Events",
       "Get the number that a publisher's next event has", 200, "", "Sequence"},
      {Method::get, "/tasks/{taskId}/archive", S::event_history, &R::export_archive, "Tasks",
       "Export a task as an archive", 200, "", "TaskArchive"},
      {Method::post, "/tasks/{taskId}/storage/release", S::task_manage, &R::release_storage,
       "Tasks", "Release a task from the short-term store", 200, "ReleaseRequest", "ReleaseResult"},
      {Method::post, "/tasks/{taskId}/resolve", S::task_resolve, &R::resolve, "Tasks",
       "Answer the request of a blocked task", 200, "Resolution", "Task"},
      {Method::get, "/tasks/{taskId}/request", S::task_resolve, &R::get_request, "Tasks",
       "Get the request of a blocked task", 200, "", "BlockedRequest"},
      {Method::get, "/events", S::event_subscribe, &R::follow_all, "Events",
       "Follow all tasks created from now on", 200, "", "EventStream"},
  };
  return kTable;
}

TaskRoutes::TaskRoutes(Parts parts) : parts_(parts) {}

void TaskRoutes::add_to(net::Router& router) {
  const net::RouteRules rules{parts_.settings.max_body_bytes, true, "Payload too large"};
  for (const TaskRoute& route : table())
    router.add(
        route.method, route.pattern,
        [this, &route](Request& request) { return serve(request, route); }, rules);
}

void TaskRoutes::add_root_to(net::Router& router) {
  router.get("/", [this](Request&) -> base::Task<Response> { co_return describe_server(); });
}

base::Task<Response> TaskRoutes::serve(Request& request, const TaskRoute& route) {
  if (route.scope == TaskScope::anyone) {
    const TaskCaller nobody;
    co_return co_await (this->*route.handler)(request, nobody);
  }
  auto who = parts_.access.authenticate(request, parts_.clock.now());
  if (auto* refusal = std::get_if<Response>(&who)) co_return std::move(*refusal);
  co_return co_await (this->*route.handler)(request, std::get<TaskCaller>(who));
}

bool TaskRoutes::is_protected(std::string_view path) {
  for (const std::string_view prefix : {"/tasks", "/events", "/workers"})
    if (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/'))
      return true;
  return false;
}

Response TaskRoutes::not_found(const net::Router& router, const Request& request) const {
  if (is_protected(request.path)) {
    auto who = parts_.access.authenticate(request, parts_.clock.now());
    if (auto* refusal = std::get_if<Response>(&who)) return std::move(*refusal);
  }
  const std::string allowed = router.allowed(request);
  if (allowed.empty()) return Response::text(404, "text/plain", "404 Not Found");
  Response response = Response::text(405, "text/plain", "405 Method Not Allowed");
  response.headers.emplace_back("Allow", allowed);
  return response;
}

std::string TaskRoutes::describe(const tasks::Task& task) const {
  std::string body;
  tasks::append_task(body, task, parts_.feed.subscribers(task.id));
  return body;
}

base::Task<Response> TaskRoutes::create_task(Request& request, const TaskCaller& caller) {
  const auto body = read_body(request);
  if (!body) co_return error(400, kMalformed);
  auto parsed = tasks::parse_task(*body);
  if (const auto* issues = std::get_if<tasks::Issues>(&parsed)) co_return invalid(*issues);
  if (!caller.may(TaskScope::task_create)) co_return forbidden();
  auto task = co_await parts_.engine.create(std::move(std::get<tasks::Task>(parsed)));
  if (!task) co_return to_answer(task.error());
  std::string text;
  tasks::append_task(text, *task);
  co_return json(201, std::move(text));
}

base::Task<Response> TaskRoutes::list_tasks(Request& request, const TaskCaller& caller) {
  if (!caller.may(TaskScope::event_subscribe)) co_return forbidden();
  auto answer = co_await answer_list(parts_.engine, parts_.feed, parse_task_filter(request));
  if (!answer) co_return to_answer(answer.error());
  co_return std::move(*answer);
}

base::Task<Response> TaskRoutes::get_task(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  if (!caller.may(TaskScope::event_subscribe, id)) co_return forbidden();
  const auto task = co_await parts_.engine.find(id);
  if (!task && task.error().code == base::Errc::not_found) co_return error(404, kNoTask);
  if (!task) co_return to_answer(task.error());
  co_return json(200, describe(*task));
}

/// A task may have this name, too.
base::Task<Response> TaskRoutes::get_import(Request& request, const TaskCaller& caller) {
  request.params.add("taskId", "import");
  return get_task(request, caller);
}

base::Task<Response> TaskRoutes::change_status(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  const auto body = read_body(request);
  if (!body) co_return error(400, kMalformed);
  auto parsed = tasks::parse_transition(*body);
  if (const auto* issues = std::get_if<tasks::Issues>(&parsed)) co_return invalid(*issues);
  if (!caller.may(TaskScope::task_manage, id)) co_return forbidden();
  auto task = co_await parts_.engine.transition(id, std::move(std::get<tasks::Transition>(parsed)));
  if (!task) co_return to_answer(task.error());
  std::string text;
  tasks::append_task(text, *task);
  co_return json(200, std::move(text));
}

base::Task<Response> TaskRoutes::publish(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  const auto body = read_body(request);
  if (!body) co_return error(400, kMalformed);
  auto parsed = tasks::parse_publication(*body);
  if (const auto* issues = std::get_if<tasks::Issues>(&parsed)) co_return invalid(*issues);
  if (!caller.may(TaskScope::event_publish, id)) co_return forbidden();
  auto& publication = std::get<tasks::Publication>(parsed);
  if (publication.events.empty()) co_return json(201, "[]");
  const auto out_of_turn = publication.fails_fast ? tasks::OutOfTurn::fail : tasks::OutOfTurn::hold;
  const auto published =
      co_await parts_.engine.publish(id, std::move(publication.events), out_of_turn);
  if (published.refusal) co_return refused(*published.refusal);
  const auto& stored = published.events;
  if (!stored) co_return to_answer(stored.error());
  std::string text;
  if (publication.is_array) text += '[';
  for (const tasks::Event& event : *stored) {
    if (text.size() > 1) text += ',';
    tasks::append_event(text, id, event);
  }
  if (publication.is_array) text += ']';
  co_return json(201, std::move(text));
}

base::Task<Response> TaskRoutes::get_sequence(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  if (!caller.may(TaskScope::event_publish, id)) co_return forbidden();
  const std::string client = request.params.text("clientId");
  const auto found = co_await parts_.engine.expected_number(id, client);
  if (!found && found.error().code != base::Errc::not_found) co_return to_answer(found.error());
  const auto expected = found ? *found : std::nullopt;
  if (!expected) co_return error(404, "Unknown client");
  std::string text;
  base::json::Writer writer(text);
  writer.begin_object().key("clientId").value(client);
  writer.key("expectedSeq").value(*expected).end_object();
  co_return json(200, std::move(text));
}

base::Task<Response> TaskRoutes::follow_task(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  if (!caller.may(TaskScope::event_subscribe, id)) co_return forbidden();
  const auto task = co_await parts_.engine.find(id);
  if (!task && task.error().code == base::Errc::not_found) co_return error(404, kNoTask);
  if (!task) co_return to_answer(task.error());
  Response response = event_stream();
  response.stream =
      [this, id, query = parse_stream_query(request, parts_.settings.resumes_by_header)](
          net::ResponseStream& stream) { return parts_.feed.serve(stream, id, query); };
  co_return response;
}

base::Task<Response> TaskRoutes::follow_all(Request& request, const TaskCaller& caller) {
  if (!caller.may(TaskScope::event_subscribe)) co_return forbidden();
  Response response = event_stream();
  response.stream = [this, filter = parse_global_filter(request)](net::ResponseStream& stream) {
    return parts_.feed.serve_all(stream, filter);
  };
  co_return response;
}

base::Task<Response> TaskRoutes::get_history(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  if (!caller.may(TaskScope::event_history, id)) co_return forbidden();
  auto answer = co_await answer_history(parts_.engine, id, parse_history_query(request));
  if (!answer && answer.error().code == base::Errc::not_found) co_return error(404, kNoTask);
  if (!answer) co_return to_answer(answer.error());
  co_return std::move(*answer);
}

base::Task<Response> TaskRoutes::export_archive(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  if (!caller.may(TaskScope::event_history, id)) co_return forbidden();
  auto answer = co_await answer_archive(parts_.engine, id, parts_.clock.now());
  if (!answer) co_return to_answer(answer.error());
  co_return std::move(*answer);
}

base::Task<Response> TaskRoutes::import_archive(Request& request, const TaskCaller& caller) {
  const auto body = read_body(request);
  if (!body) co_return error(400, kMalformed);
  auto import = tasks::parse_import(*body);
  if (!import) co_return to_answer(import.error());
  if (!caller.may(TaskScope::task_manage)) co_return forbidden();
  const std::string id = import->archive.task.id;
  const std::size_t count = import->archive.events.size();
  const auto overwritten =
      co_await parts_.engine.import_archive(std::move(import->archive), import->overwrite);
  if (!overwritten) co_return to_answer(overwritten.error());
  std::string text;
  base::json::Writer writer(text);
  writer.begin_object().key("ok").value(true).key("taskId").value(id);
  writer.key("eventCount").value(count).key("overwritten").value(*overwritten).end_object();
  co_return json(200, std::move(text));
}

base::Task<Response> TaskRoutes::release_storage(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  if (!caller.may(TaskScope::task_manage, id)) co_return forbidden();
  const auto task = co_await parts_.engine.find(id);
  if (!task && task.error().code == base::Errc::not_found) co_return error(404, kNoTask);
  if (!task) co_return to_answer(task.error());
  const auto body = read_body(request);
  if (!body) co_return error(400, kMalformed);
  if (!tasks::is_release(*body)) co_return error(400, "Invalid storage release request");
  co_return json(503, R"({"error":"Task storage release is not supported by this adapter",)"
                      R"("code":"storage_release_unsupported"})");
}

base::Task<Response> TaskRoutes::resolve(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  if (!caller.may(TaskScope::task_resolve, id)) co_return forbidden();
  const auto task = co_await parts_.engine.find(id);
  if (!task && task.error().code == base::Errc::not_found) co_return error(404, kNoTask);
  if (!task) co_return to_answer(task.error());
  if (task->status != tasks::Status::blocked) co_return error(400, "Task is not blocked");
  const auto body = read_body(request);
  if (!body) co_return error(400, kMalformed);
  auto parsed = tasks::parse_resolution(*body);
  if (const auto* issues = std::get_if<tasks::Issues>(&parsed)) co_return invalid(*issues);
  const auto resolved =
      co_await parts_.engine.resolve(id, std::move(std::get<tasks::Json>(parsed)));
  if (!resolved) co_return to_answer(resolved.error());
  std::string text;
  tasks::append_task(text, *resolved);
  co_return json(200, std::move(text));
}

base::Task<Response> TaskRoutes::get_request(Request& request, const TaskCaller& caller) {
  const std::string id = request.params.text("taskId");
  if (!caller.may(TaskScope::task_resolve, id)) co_return forbidden();
  const auto task = co_await parts_.engine.find(id);
  if (!task && task.error().code == base::Errc::not_found) co_return error(404, kNoTask);
  if (!task) co_return to_answer(task.error());
  if (task->status != tasks::Status::blocked || task->blocked_request.empty())
    co_return error(404, "No blocked request");
  co_return json(200, task->blocked_request);
}

}  // namespace app
