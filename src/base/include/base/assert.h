#pragma once

/// ASSERT(condition): a bug is a crash.
///
/// Stays on in release builds. For what only our own code can get wrong; outside input is never
/// judged by it.
#define ASSERT(condition) \
  (static_cast<bool>(condition) ? void(0) : ::base::assert_failed(#condition, __FILE__, __LINE__))

namespace base {
[[noreturn]] void assert_failed(const char* condition, const char* file, int line);
}  // namespace base
