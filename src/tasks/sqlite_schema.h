#pragma once

#include "base/result.h"
#include "store/sqlite.h"

namespace tasks {

/// Makes the tables that Taskcast's SQLite files have, and adds what they lack; one transaction.
/// docs/formats.md, "tasks.db".
base::Result<void> open_task_schema(store::Database& db);

}  // namespace tasks
