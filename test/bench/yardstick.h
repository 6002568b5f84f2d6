#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "result.h"

namespace bench {

/// The statements that make an empty database with the tables and indexes of `database`, in an
/// order that works: tables, then indexes, then views and triggers.
Result<std::vector<std::string>> read_schema(const std::filesystem::path& database);

/// Rows in table `events` of a database that no process has open.
Result<std::uint64_t> count_events(const std::filesystem::path& database);

/// What this machine's disk and SQLite allow: rows a second of a bare loop of prepared inserts of
/// benchmark events, `rows_per_transaction` at a time, each with its row of the side index where
/// the schema has one (a table of the columns kind, at, id); WAL and synchronous=FULL, everything
/// else as SQLite sets it. Makes `database`, which must not exist, and runs for `time` or until
/// there are `max_rows`, whichever comes first.
Result<double> measure_inserts(const std::vector<std::string>& schema,
                               const std::filesystem::path& database, int rows_per_transaction,
                               std::chrono::nanoseconds time,
                               std::uint64_t max_rows = ~std::uint64_t{0});

}  // namespace bench
