#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/task.h"
#include "collector/hierarchy.h"
#include "collector/place.h"
#include "net/io_threads.h"

namespace app {

/// Tells where a log belongs, for as long as one may wait for that: a backend that does not answer
/// keeps nobody from reading.
///
/// Thread: the I/O thread's. Owner: app; the hierarchy outlives it.
class PlaceFinder {
 public:
  static constexpr std::chrono::seconds kPatience{2};

  PlaceFinder(collector::Hierarchy& hierarchy, net::IoThread& thread,
              std::chrono::milliseconds patience = kPatience)
      : hierarchy_(hierarchy), thread_(thread), patience_(patience) {}

  /// Of the log at `path`, which tells it when it lies in an editor's storage of workspaces. All 0
  /// when it does not, when the backend knows none, or when it has not answered in time; while it
  /// owes an answer that is late, nothing more is asked.
  base::Task<collector::Place> of_log(std::string path);

  /// Of a folder that an agent worked in, in the same way: by the git repository around it.
  base::Task<collector::Place> of_folder(std::string folder);

  /// Does what is to be asked before any log is read, and returns when that is done or takes too
  /// long; then it goes on by itself.
  base::Task<void> begin_with(base::Task<void> work, std::chrono::milliseconds patience);

  /// Returns when nothing is asked any more.
  base::Task<void> finish();

 private:
  struct Question;
  using Answer = std::optional<collector::Place>;

  base::Task<Answer> ask(base::Task<Answer> task, std::chrono::milliseconds patience,
                         std::size_t& late);
  base::Task<void> await(base::Task<Answer> task, std::shared_ptr<Question> question);
  static base::Task<Answer> without_answer(base::Task<void> work);

  collector::Hierarchy& hierarchy_;
  net::IoThread& thread_;
  const std::chrono::milliseconds patience_;
  std::size_t open_ = 0;                       // questions of all kinds
  std::size_t late_ = 0, late_beginning_ = 0;  // of these
  std::coroutine_handle<> finisher_;
};

}  // namespace app
