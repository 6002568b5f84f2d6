#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "net/http.h"
#include "task_feed.h"
#include "task_queries.h"
#include "tasks/engine.h"

/// Answers of any size: read, written and sent page by page, so that neither an I/O thread nor a
/// store's lock is kept for long, and memory holds one page.
///
/// One page is an ordinary answer, more are a stream. Where that cannot go on (the store fails, an
/// import replaces the task, the client is gone) the connection is broken, never the answer ended.
/// Thread: the connection's. Errors: those of the first page.
namespace app {

base::Task<base::Result<net::Response>> answer_list(tasks::Engine& engine, const TaskFeed& feed,
                                                    tasks::TaskFilter filter);
base::Task<base::Result<net::Response>> answer_history(tasks::Engine& engine, std::string id,
                                                       TaskHistoryQuery asked);
base::Task<base::Result<net::Response>> answer_archive(tasks::Engine& engine, std::string id,
                                                       base::Time now);

}  // namespace app
