#include "task_access.h"

#include <fmt/format.h>

#include <algorithm>

#include "access.h"

namespace app {
namespace {

using net::Request;
using net::Response;

Response unauthorized(std::string_view text) {
  Response response = Response::error(401, text);
  response.content_type = "application/json";
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

TaskCaller everyone() {
  TaskCaller caller;
  caller.may_all = true;
  return caller;
}

}  // namespace

std::string_view name(TaskScope scope) {
  switch (scope) {
    case TaskScope::anyone:
      return "";
    case TaskScope::task_create:
      return "task:create";
    case TaskScope::task_manage:
      return "task:manage";
    case TaskScope::event_publish:
      return "event:publish";
    case TaskScope::event_subscribe:
      return "event:subscribe";
    case TaskScope::event_history:
      return "event:history";
    case TaskScope::task_resolve:
      return "task:resolve";
  }
  return "";
}

bool TaskCaller::may(TaskScope scope) const {
  if (may_all) return true;
  const std::string_view needed = name(scope);
  return std::any_of(scopes.begin(), scopes.end(),
                     [&](const std::string& has) { return has == "*" || has == needed; });
}

bool TaskCaller::may(TaskScope scope, std::string_view task_id) const {
  const bool is_theirs =
      !task_ids || std::find(task_ids->begin(), task_ids->end(), task_id) != task_ids->end();
  return is_theirs && may(scope);
}

base::Result<TaskAccess> TaskAccess::create(const TaskAuthSettings& settings) {
  return TaskAccess(settings);
}

std::variant<TaskCaller, Response> TaskAccess::authenticate(const Request& request,
                                                            base::Time) const {
  if (request.has_header("x-taskcast-service-key") && !settings_.services.empty()) {
    const std::string_view key = request.header("x-taskcast-service-key");
    const TaskAuthSettings::Service* found = nullptr;
    for (const TaskAuthSettings::Service& service : settings_.services)
      if (equal_secrets(key, service.key)) found = &service;
    if (!found) return unauthorized("Invalid service key");
    return TaskCaller{"svc:" + found->name, false, found->scopes, found->task_ids};
  }
  return everyone();
}

}  // namespace app
