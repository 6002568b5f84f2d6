#include "base/executor.h"

namespace base {

thread_local Executor* Executor::current_ = nullptr;

}  // namespace base
