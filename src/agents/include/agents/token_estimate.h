#pragma once

#include <cstdint>
#include <string_view>

namespace agents {

/// How many tokens a text may be, where its provider counted none: 1.3 for each word between white
/// space (Unicode's), rounded down.
std::int64_t estimate_tokens(std::string_view text);

}  // namespace agents
