#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace base {

/// A number that only rises. Thread: any.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What `/metrics` shows, in Prometheus text format 0.0.4.
/// https://prometheus.io/docs/instrumenting/exposition_formats/
///
/// Thread: any. Owner: app::Server; a Counter lives as long as its Metrics.
class Metrics {
 public:
  /// The counter `name`, made at the first call. `name` ends in `_total`; `labels` such as
  /// `reason="full"` may be empty.
  Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});

  /// A value that is asked for when the page is made; `read` is called on the asking thread.
  void gauge(std::string_view name, std::string_view help, std::function<double()> read);

  std::string text() const;

 private:
  struct Series {
    std::string name, help, labels;
    std::function<double()> read;  // of a gauge
    Counter counter;
  };
  mutable Mutex mutex_;
  std::deque<Series> series_ GUARDED_BY(mutex_);  // a deque: references stay valid
};

}  // namespace base
