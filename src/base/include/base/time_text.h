#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace base {

/// `2026-02-28T09:15:02.007Z`: always three fraction digits, always Z. Years 0 to 9999.
std::string to_iso_ms(Time time);

/// `2026-02-28 09:15:02`: what SQLite's datetime('now') writes.
std::string to_sql_datetime(Time time);

/// Reads a date as JavaScript's Date does: ISO 8601 (date only is UTC, date and time without a zone
/// is the server's local time), the same with a space for the T, and RFC 2822. A day past the end
/// of its month rolls over; fraction digits past milliseconds are cut. Nothing else is a date.
std::optional<Time> parse_date(std::string_view text);

}  // namespace base
