#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitor/otlp.h"

/// The language of the mapping tests: what an exporter sends, in one line.
namespace monitor::otlp {

inline Value text(std::string_view text) { return {std::string(text)}; }
inline Value integer(std::int64_t number) { return {number}; }
inline Value real(double number) { return {number}; }

using Pairs = std::initializer_list<std::pair<std::string_view, Value>>;
inline Attributes attributes(Pairs pairs) {
  Attributes made;
  for (const auto& [key, value] : pairs) made.push_back({std::string(key), value});
  return made;
}

inline const ContractLimits kLimits{};

}  // namespace monitor::otlp
