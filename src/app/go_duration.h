#pragma once

#include <chrono>
#include <string>

namespace app {

/// A duration as Go's time package writes it: `132ms`, `2.022899324s`, `1m3.5s`, `1h0m0s`, `0s`.
/// No zeros at the end of a fraction.
std::string to_go_duration(std::chrono::nanoseconds duration);

}  // namespace app
