#pragma once

#include <cstddef>
#include <optional>

#include "monitor/otlp.h"

namespace monitor::otlp {

/// Counts what a request holds, so that a small body cannot become a large model.
class Intake {
 public:
  /// False once there are too many.
  bool add_record() { return ++records_ <= kMaxRecords; }
  bool add_value() { return ++values_ <= kMaxValues; }

  /// The refusal, if there were too many.
  std::optional<base::Error> refusal() const;

 private:
  std::size_t records_ = 0;
  std::size_t values_ = 0;
};

}  // namespace monitor::otlp
