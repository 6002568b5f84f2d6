#pragma once

#include "base/assert.h"
#include "base/executor.h"
#include "base/thread_annotations.h"

namespace base {

/// The one thread that may touch a class's state, as a type that the compiler checks.
///
///   class Feed {
///     void add(Client& c) { strand_.assert_here(); clients_.push_back(&c); }
///     base::Strand strand_;
///     std::vector<Client*> clients_ GUARDED_BY(strand_);
///   };
///
/// Outsiders enter by `executor().post(...)`.
class CAPABILITY("strand") Strand {
 public:
  explicit Strand(Executor& executor) : executor_(executor) {}

  Executor& executor() const { return executor_; }
  void assert_here() const ASSERT_CAPABILITY(this) { ASSERT(executor_.is_current()); }

 private:
  Executor& executor_;
};

}  // namespace base
