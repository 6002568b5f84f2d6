#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "store/sqlite.h"

namespace store {

/// One step of a schema. Steps are only ever added.
struct Migration {
  int number;  // from 1, without gaps
  std::string_view what;
  std::function<base::Result<void>(Database&)> apply;
};

/// Brings the schema called `name` to the newest step; all missing steps in one transaction.
///
/// The step reached is kept in the table `sightline_schema`, not in PRAGMA user_version, which in
/// databases shared with other programs belongs to them. `conflict` when the file was written by a
/// newer program.
base::Result<void> migrate(Database& db, std::string_view name, std::span<const Migration> steps);

}  // namespace store
