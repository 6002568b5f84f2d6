#include "task_requests.h"

namespace bench {
namespace {

constexpr std::string_view kIdPrefix = "bench-";
constexpr std::size_t kIndexDigits = 10;
constexpr std::string_view kEvent =
    R"({"type":"llm.text","level":"info","data":{"event_id":"bench-0000000000-0000000000000000000",)"
    R"("text":"The lines are sorted now, as asked."}})";

// Up to the digit at `last`; those before the number are zeros already, or of a shorter number.
void write_number(std::string& text, std::size_t last, std::uint64_t number) {
  for (; number > 0; number /= 10) text[last--] = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string to_task_request(std::string_view method, std::string_view path, std::string_view body) {
  std::string request(method);
  request.append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
  request.append("Content-Type: application/json\r\nContent-Length: ");
  request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return request;
}

std::string to_task_batch(std::string_view event, int count) {
  std::string batch = "[";
  for (int i = 0; i < count; ++i) batch.append(i > 0 ? "," : "").append(event);
  return batch + "]";
}

Result<void> send_once(std::uint16_t port, std::string request) {
  FixedRequest source(std::move(request));
  const Load load{
      .port = port, .connections = 1, .max_requests = 1, .max_time = std::chrono::seconds{10}};
  TRY(const LoadResult sent, run_load(load, source));
  if (sent.ok != 1) return Error{"a request was refused"};
  return {};
}

Result<void> make_running_task(std::uint16_t port) {
  TRY_OK(send_once(port, to_task_request("POST", "/tasks", R"({"id":"t"})")));
  return send_once(port, to_task_request("PATCH", "/tasks/t/status", R"({"status":"running"})"));
}

TaskEvents::TaskEvents(int connections) {
  const std::string request = to_task_request("POST", kTaskEvents, kEvent);
  requests_.assign(static_cast<std::size_t>(connections), request);
  index_at_ = request.find(kIdPrefix) + kIdPrefix.size() + kIndexDigits - 1;
  stamp_at_ = request.find('"', index_at_) - 1;
}

std::string_view TaskEvents::next(int connection) {
  std::string& request = requests_[static_cast<std::size_t>(connection)];
  write_number(request, index_at_, ++made_);
  const auto now = std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
  write_number(request, stamp_at_, static_cast<std::uint64_t>(now));
  return request;
}

}  // namespace bench
