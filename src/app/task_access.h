#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http.h"
#include "net/jwt.h"
#include "task_settings.h"

namespace app {

/// What a route of the task server needs its caller to be allowed.
enum class TaskScope {
  anyone,  // no credentials
  task_create,
  task_manage,
  event_publish,
  event_subscribe,
  event_history,
  task_resolve,
};
std::string_view name(TaskScope scope);

/// Who calls, and what they may do.
struct TaskCaller {
  std::string subject;
  bool may_all = false;
  std::vector<std::string> scopes;
  std::optional<std::vector<std::string>> task_ids;  // absent: every task

  bool may(TaskScope scope) const;
  bool may(TaskScope scope, std::string_view task_id) const;
};

/// Tells who calls from the head of a request: docs/api.md, "Who may do what".
///
/// Thread: any. Immutable once made.
class TaskAccess {
 public:
  /// `invalid_argument` for keys that cannot be read; the text names the setting.
  static base::Result<TaskAccess> create(const TaskAuthSettings& settings);

  /// The caller, or the 401 that it gets.
  std::variant<TaskCaller, net::Response> authenticate(const net::Request& request,
                                                       base::Time now) const;

  /// A token with these claims, the text of an object; empty where callers are not known by tokens
  /// that this server could sign.
  base::Result<std::string> sign(std::string_view claims) const;

 private:
  explicit TaskAccess(TaskAuthSettings settings) : settings_(std::move(settings)) {}
  std::optional<TaskCaller> caller_of(std::string_view token, base::Time now) const;

  TaskAuthSettings settings_;
  std::optional<net::JwtVerifier> verifier_;  // of mode jwt
  std::optional<net::JwtAlgorithm> signing_;  // where tokens can be made
};

}  // namespace app
