#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load.h"
#include "result.h"

namespace bench {

/// A request with a body of JSON, on a connection that stays open.
std::string to_task_request(std::string_view method, std::string_view path, std::string_view body);

/// An array of so many equal events.
std::string to_task_batch(std::string_view event, int count);

/// Sends one request; fails unless it gets a 2xx status in 10 s.
Result<void> send_once(std::uint16_t port, std::string request);

/// A new task `t` that runs: where events can be published, under kTaskEvents.
Result<void> make_running_task(std::uint16_t port);
inline constexpr std::string_view kTaskEvents = "/tasks/t/events";
inline constexpr std::string_view kTaskEvent =
    R"({"type":"llm.text","level":"info","data":{"text":"The lines are sorted now, as asked."}})";

/// Requests that publish an event of the task `t` each, of type llm.text; its data has an event_id
/// as the monitor's benchmark events have it, with the time of the send: see to_stamp.
class TaskEvents : public RequestSource {
 public:
  explicit TaskEvents(int connections);

  std::string_view next(int connection) override;

 private:
  std::vector<std::string> requests_;
  std::size_t index_at_ = 0, stamp_at_ = 0;
  std::uint64_t made_ = 0;
};

}  // namespace bench
