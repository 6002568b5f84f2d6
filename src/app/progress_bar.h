#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace app {

/// How far a long piece of work is, on standard error: percent, bytes, rate, time left. Shown only
/// on a terminal, after a second, four times a second. Thread: one.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label);
  ~ProgressBar() { clear(); }

  void set_total(std::uint64_t bytes) { total_ = bytes; }
  void advance(std::uint64_t bytes_done);
  /// Takes the line away, so that something else can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::string label_;
  bool is_terminal_;
  bool is_shown_ = false;
  std::uint64_t total_ = 0;
  Clock::time_point begin_ = Clock::now(), drawn_ = begin_;
};

/// `1.2 GB`, in powers of 1000.
std::string to_size(std::uint64_t bytes);

/// `████░░░░  40 %  1.2 GB of 3.0 GB  188 MB/s  9 s left`
std::string progress_text(std::uint64_t done, std::uint64_t total, std::chrono::duration<double>);

}  // namespace app
