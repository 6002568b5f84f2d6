#include "store/migrations.h"

#include <fmt/format.h>

#include "base/log.h"

namespace store {

using base::Errc;
using base::Error;
using base::Result;

Result<void> migrate(Database& db, std::string_view name, std::span<const Migration> steps) {
  TRY(auto transaction, db.begin());
  TRY_OK(
      db.execute("CREATE TABLE IF NOT EXISTS sightline_schema("
                 "name TEXT PRIMARY KEY, step INTEGER NOT NULL) WITHOUT ROWID"));
  TRY(const auto stored, db.integer("SELECT step FROM sightline_schema WHERE name = ?1", name));
  const int reached = static_cast<int>(stored.value_or(0));
  const int newest = steps.empty() ? 0 : steps.back().number;
  if (reached > newest)
    return Error{Errc::conflict,
                 fmt::format("schema {} is at step {}, this program knows {}: it was "
                             "written by a newer version; upgrade",
                             name, reached, newest)};
  for (const Migration& step : steps) {
    if (step.number <= reached) continue;
    base::log::debug("schema {} step {}: {}", name, step.number, step.what);
    auto applied = step.apply(db);
    if (!applied)
      return std::move(applied.error()).within(fmt::format("schema {} step {}", name, step.number));
  }
  TRY_OK(
      db.run("INSERT INTO sightline_schema(name, step) VALUES(?1, ?2) "
             "ON CONFLICT(name) DO UPDATE SET step = excluded.step",
             name, newest));
  return transaction.commit();
}

}  // namespace store
