#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/json_reader.h"
#include "record_values.h"

namespace agents {

/// The moment that a date or a number says; nothing when it is none, or not in the years 0 to 9999.
std::optional<base::Time> time_of(const base::json::Value& value);
std::optional<base::Time> time_of(std::string_view date);

}  // namespace agents
