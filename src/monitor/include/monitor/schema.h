#pragma once

#include "store/sqlite.h"

namespace monitor {

/// Brings `db` to the schema of docs/formats.md: the four tables of AgentMonitor as it writes them
/// (a database goes to and fro between the two programs), and Sightline's own, whose names begin
/// with `sightline_`. Repairs what AgentMonitor's own start would repair. Idempotent.
base::Result<void> open_schema(store::Database& db);

/// Whether `db` has this schema to its newest step.
base::Result<bool> has_newest_schema(store::Database& db);

/// Whether `db` has this schema, and sums that include all of its events: what a reader needs that
/// is not the server's.
base::Result<bool> is_ready_to_read(store::Database& db);

}  // namespace monitor
