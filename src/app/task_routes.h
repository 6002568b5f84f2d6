#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/router.h"
#include "task_access.h"
#include "task_feed.h"
#include "tasks/engine.h"

namespace app {

class TaskRoutes;

/// One method of one path of the task server, for the router and for the API's description.
struct TaskRoute {
  net::Method method;
  std::string_view pattern;
  TaskScope scope;
  base::Task<net::Response> (TaskRoutes::*handler)(net::Request&, const TaskCaller&);
  std::string_view tag;  // in the description; empty: not described
  std::string_view summary;
  int success = 200;
  std::string_view takes = {}, gives = {};  // schemas of task_schemas.json; empty: none
};

/// The task server's HTTP interface: docs/api.md, "Tasks". Translates HTTP, decides nothing.
///
/// Thread: any I/O thread. Owner: the server; outlives every connection.
class TaskRoutes {
 public:
  struct Parts {
    tasks::Engine& engine;
    TaskFeed& feed;
    const TaskAccess& access;
    const TaskSettings& settings;
    const base::Clock& clock;
  };

  explicit TaskRoutes(Parts parts);
  void add_to(net::Router& router);
  /// What a server of its own answers at `/`.
  void add_root_to(net::Router& router);
  net::Response describe_server() const;

  /// The answer to what no route matches: whoever may not come in does not learn what there is.
  net::Response not_found(const net::Router& router, const net::Request& request) const;

  static std::span<const TaskRoute> table();

  /// Whether nobody comes to this path without saying who they are.
  static bool is_protected(std::string_view path);

 private:
  using Answer = base::Task<net::Response>;

  Answer serve(net::Request& request, const TaskRoute& route);

  Answer get_health(net::Request& request, const TaskCaller& caller);
  Answer get_ready(net::Request& request, const TaskCaller& caller);
  Answer get_detail(net::Request& request, const TaskCaller& caller);
  Answer get_openapi(net::Request& request, const TaskCaller& caller);
  Answer get_docs(net::Request& request, const TaskCaller& caller);
  Answer make_admin_token(net::Request& request, const TaskCaller& caller);
  Answer create_task(net::Request& request, const TaskCaller& caller);
  Answer list_tasks(net::Request& request, const TaskCaller& caller);
  Answer get_task(net::Request& request, const TaskCaller& caller);
  Answer get_import(net::Request& request, const TaskCaller& caller);
  Answer change_status(net::Request& request, const TaskCaller& caller);
  Answer publish(net::Request& request, const TaskCaller& caller);
  Answer get_sequence(net::Request& request, const TaskCaller& caller);
  Answer follow_task(net::Request& request, const TaskCaller& caller);
  Answer get_history(net::Request& request, const TaskCaller& caller);
  Answer export_archive(net::Request& request, const TaskCaller& caller);
  Answer import_archive(net::Request& request, const TaskCaller& caller);
  Answer release_storage(net::Request& request, const TaskCaller& caller);
  Answer resolve(net::Request& request, const TaskCaller& caller);
  Answer get_request(net::Request& request, const TaskCaller& caller);
  Answer follow_all(net::Request& request, const TaskCaller& caller);

  std::string describe(const tasks::Task& task) const;

  Parts parts_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// The description of the routes as OpenAPI 3.1.
std::string describe_api(std::span<const TaskRoute> routes);

/// The version that clients see: of the interface, then of this program.
inline constexpr std::string_view kTaskServerVersion = "1.6.1+sightline." SIGHTLINE_VERSION;

/// `{"error":"Forbidden"}`, for a caller who may not.
net::Response forbidden();

}  // namespace app
