#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"

namespace app {

/// Whether the backend at `url` answers that it is well, within `time_limit` whatever happens.
/// Called while the process has one thread. `unavailable`, `invalid_argument`.
base::Result<void> check_backend(const std::string& url, std::chrono::milliseconds time_limit);

/// What `work` returns, done in a process of its own, which is ended after `time_limit`: some
/// calls, such as looking up a name, cannot be broken off. The error's code is `unavailable`
/// always. Called while the process has one thread.
base::Result<void> do_apart(std::chrono::milliseconds time_limit,
                            const std::function<base::Result<void>()>& work);

}  // namespace app
