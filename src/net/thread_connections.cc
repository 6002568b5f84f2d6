#include "thread_connections.h"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace net {

void ThreadConnections::start(Socket socket) {
  if (server_.draining_) return server_.connection_ended();
  auto connection = std::make_unique<Connection>(server_, *this, std::move(socket));
  connections_.insert(connection.get());
  if (!sweeper_) sweeper_ = thread_.every(std::chrono::seconds{1}, [this] { sweep(); });
  Connection::serve(std::move(connection)).detach();
}

void ThreadConnections::remove(Connection& connection) { connections_.erase(&connection); }

void ThreadConnections::sweep() {
  const auto now = std::chrono::steady_clock::now();
  // A copy: what ends removes itself.
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (Connection* connection : all)
    if (connections_.contains(connection)) connection->check_deadline(now);
  if (connections_.empty()) sweeper_.reset();
}

void ThreadConnections::drain_all() {
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (Connection* connection : all)
    if (connections_.contains(connection)) connection->drain();
}

void ThreadConnections::abort_all() {
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (Connection* connection : all)
    if (connections_.contains(connection)) connection->abort();
}

const std::string& ThreadConnections::date_header() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[48];
    const std::size_t size =
        std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    date_header_.assign(text, size);
  }
  return date_header_;
}

bool ThreadConnections::take_budget(Connection& connection, std::size_t bytes) {
  if (budget_queue_.empty() && bytes <= budget_left_) {
    budget_left_ -= bytes;
    return true;
  }
  budget_queue_.push_back({&connection, bytes});
  return false;
}

void ThreadConnections::give_budget(std::size_t bytes) {
  budget_left_ += bytes;
  while (!budget_queue_.empty() && budget_queue_.front().bytes <= budget_left_) {
    const BudgetWait next = budget_queue_.front();
    budget_queue_.pop_front();
    budget_left_ -= next.bytes;
    next.connection->budget_bytes_ = next.bytes;
    const std::coroutine_handle<> waiter = std::exchange(next.connection->budget_waiter_, nullptr);
    thread_.resume({waiter});  // later: the giver is in the middle of its own work
  }
}

void ThreadConnections::forget_budget_waiter(Connection& connection) {
  std::erase_if(budget_queue_,
                [&](const BudgetWait& wait) { return wait.connection == &connection; });
  give_budget(0);  // it may have stood in front of one that is content with less
}

}  // namespace net
