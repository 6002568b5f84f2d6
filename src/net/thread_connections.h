#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "connection.h"
#include "net/io_threads.h"

namespace net {

/// The connections of one I/O thread, and what they share. Thread: that one.
class ThreadConnections {
 public:
  static constexpr std::size_t kScratchBytes = 64 * 1024;

  ThreadConnections(HttpServer& server, IoThread& thread, std::size_t body_budget_bytes)
      : server_(server), thread_(thread), budget_left_(body_budget_bytes) {}

  IoThread& thread() { return thread_; }
  char* scratch() { return scratch_.data(); }

  void start(Socket socket);
  void remove(Connection& connection);

  void drain_all();
  void abort_all();

  /// `Date: ...` of this second, with its line end.
  const std::string& date_header();

  /// Takes `bytes` of the budget for bodies; false when it must wait its turn, in which case the
  /// connection's `budget_waiter_` is resumed once it has them or has been aborted.
  bool take_budget(Connection& connection, std::size_t bytes);
  void give_budget(std::size_t bytes);
  void forget_budget_waiter(Connection& connection);

 private:
  void sweep();

  HttpServer& server_;
  IoThread& thread_;
  std::vector<char> scratch_ = std::vector<char>(kScratchBytes);
  std::unordered_set<Connection*> connections_;
  std::unique_ptr<IoThread::Periodic> sweeper_;  // only while there are connections
  std::string date_header_;
  std::int64_t date_second_ = 0;

  struct BudgetWait {
    Connection* connection;
    std::size_t bytes;
  };
  std::size_t budget_left_;
  std::deque<BudgetWait> budget_queue_;
};

}  // namespace net
