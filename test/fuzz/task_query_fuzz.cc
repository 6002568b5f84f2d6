#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "task_frames.h"
#include "task_queries.h"

// No query string breaks those that follow or list tasks: limits are never negative, and the same
// query is always the same view.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  net::Request request;
  request.raw_query = {reinterpret_cast<const char*>(data), size};
  const app::TaskStreamQuery stream = app::parse_stream_query(request, true);
  ASSERT(stream.limit >= 0);
  ASSERT(app::view_of(stream) == app::view_of(app::parse_stream_query(request, true)));
  tasks::Event event;
  event.type = request.raw_query;
  stream.filter.accepts(event);
  const app::TaskHistoryQuery history = app::parse_history_query(request);
  ASSERT(history.query.limit >= 0);
  ASSERT(history.query.with_series == history.is_collapsed);
  const tasks::TaskFilter filter = app::parse_task_filter(request);
  ASSERT(!filter.matches_none || filter.statuses.empty());
  app::parse_global_filter(request).accepts(event);
  return 0;
}
