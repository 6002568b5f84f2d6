#pragma once

#include "net/http.h"
#include "task_feed.h"
#include "tasks/store.h"

/// The query strings of the task server: docs/api.md, "Tasks". What cannot be read is left out.
namespace app {

TaskStreamQuery parse_stream_query(const net::Request& request, bool resumes_by_header);

struct TaskHistoryQuery {
  tasks::HistoryQuery query;
  bool is_collapsed = false;
};
TaskHistoryQuery parse_history_query(const net::Request& request);

tasks::TaskFilter parse_task_filter(const net::Request& request);

/// `types` and `levels` of the stream of all tasks, where empty lists do not filter.
tasks::EventFilter parse_global_filter(const net::Request& request);

}  // namespace app
