#include "tasks/requests.h"

#include <algorithm>

#include "base/json_writer.h"
#include "fields.h"

namespace tasks {
namespace {

using base::json::Kind;
using base::json::Value;

Issues no_object(std::string_view what) {
  return {{{}, "invalid_type", fmt::format("{} must be a JSON object", what)}};
}

constexpr std::size_t kMostIssues = 20;  // of a list; then the rest is not looked at

template <class T>
Checked<T> checked(T value, Issues issues) {
  if (!issues.empty()) return issues;
  return value;
}

Json parse_error(Fields& fields, Issues& issues) {
  const Json error = fields.object("error");
  if (error.empty()) return {};
  Fields members(*fields.find("error"), issues, {"error"});
  members.text("code");
  members.needed_text("message");
  members.object("details");
  return error;
}

/// Its data is null when it is absent.
Json parse_blocked_request(Fields& fields, Issues& issues) {
  if (fields.object("blockedRequest").empty()) return {};
  const Value request = *fields.find("blockedRequest");
  Fields members(request, issues, {"blockedRequest"});
  const auto type = members.needed_text("type");
  const auto data = request.find("data");
  Json json;
  base::json::Writer(json)
      .begin_object()
      .key("type")
      .value(type.value_or(""))
      .key("data")
      .raw(data ? compact(*data) : "null")
      .end_object();
  return json;
}

/// A publisher's number needs its name, and the other way round.
void parse_client(Fields& fields, NewEvent& event) {
  event.client_id = fields.text("clientId");
  event.client_seq = fields.count("clientSeq");
  if (event.client_id.has_value() == event.client_seq.has_value()) return;
  fields.note(event.client_id ? "clientSeq" : "clientId", "required", "validation_error");
}

NewEvent parse_event(const Value& body, Issues& issues, std::vector<std::string> path,
                     Publication& publication) {
  NewEvent event;
  if (!body.is(Kind::object)) {
    issues.push_back({path, "invalid_type", "an event must be a JSON object"});
    return event;
  }
  Fields fields(body, issues, std::move(path));
  event.type = fields.needed_text("type").value_or("");
  if (fields.need("level"))
    event.level = fields.choice("level", parse_level, kLevelNames).value_or(Level::info);
  if (const auto data = body.find("data")) event.data = compact(*data);
  event.series_id = fields.text("seriesId");
  event.series_mode = fields.choice("seriesMode", parse_series_mode, kSeriesModeNames);
  event.series_field = fields.text("seriesAccField");
  parse_client(fields, event);
  if (const auto mode = fields.text("seqMode")) {
    if (*mode == "fast-fail") publication.fails_fast = true;
    if (*mode != "fast-fail" && *mode != "hold")
      fields.note("seqMode", "invalid_value", "seqMode must be one of hold, fast-fail");
  }
  return event;
}

}  // namespace

Checked<Task> parse_task(const Value& body) {
  if (!body.is(Kind::object)) return no_object("a task");
  Issues issues;
  Fields fields(body, issues);
  Task task;
  task.id = fields.text("id").value_or("");
  task.type = fields.text("type");
  task.params = fields.object("params");
  task.metadata = fields.object("metadata");
  task.ttl = fields.positive("ttl");
  task.cost = fields.positive("cost");
  task.auth_config = fields.object("authConfig");
  task.webhooks = fields.array("webhooks");
  task.cleanup = fields.object("cleanup");
  if (!task.cleanup.empty()) {
    Fields cleanup(*fields.find("cleanup"), issues, {"cleanup"});
    if (cleanup.need("rules")) cleanup.array("rules");
  }
  task.tags = fields.texts("tags");
  task.assign_mode =
      fields.choice("assignMode", parse_assign_mode, "external, pull, ws-offer, ws-race");
  task.disconnect_policy =
      fields.choice("disconnectPolicy", parse_disconnect_policy, "reassign, mark, fail");
  return checked(std::move(task), std::move(issues));
}

Checked<Transition> parse_transition(const Value& body) {
  if (!body.is(Kind::object)) return no_object("a transition");
  Issues issues;
  Fields fields(body, issues);
  Transition transition;
  if (fields.need("status"))
    transition.to = fields.choice("status", parse_status, kStatusNames).value_or(Status::running);
  transition.result = fields.object("result");
  transition.error = parse_error(fields, issues);
  transition.reason = fields.text("reason");
  transition.ttl = fields.positive("ttl");
  transition.resume_after_ms = fields.positive("resumeAfterMs");
  transition.blocked_request = parse_blocked_request(fields, issues);
  return checked(std::move(transition), std::move(issues));
}

Checked<Publication> parse_publication(const Value& body) {
  Issues issues;
  Publication publication;
  if (!body.is(Kind::array)) {
    publication.events.push_back(parse_event(body, issues, {}, publication));
    return checked(std::move(publication), std::move(issues));
  }
  publication.is_array = true;
  publication.events.reserve(std::min<std::size_t>(body.size(), 1000));
  for (const Value& event : body.elements()) {
    const std::size_t position = publication.events.size();
    publication.events.push_back(
        parse_event(event, issues, {std::to_string(position)}, publication));
    if (issues.size() >= kMostIssues) break;
  }
  return checked(std::move(publication), std::move(issues));
}

bool is_release(const Value& body) {
  if (!body.is(Kind::object)) return false;
  const auto is_from = [&body](std::string_view name, std::int64_t least) {
    const auto value = body.find(name);
    const auto number = value && value->is(Kind::number) ? value->to_int() : std::nullopt;
    return number && *number >= least && *number <= kMostInteger;
  };
  return is_from("expectedLastEventIndex", -1) && is_from("inactiveSince", 0);
}

Checked<Json> parse_resolution(const Value& body) {
  if (!body.is(Kind::object)) return no_object("a resolution");
  const auto data = body.find("data");
  if (data && data->is(Kind::object)) return compact(*data);
  return Json(R"({"resolution":)" + (data ? compact(*data) : "null") + "}");
}

}  // namespace tasks
