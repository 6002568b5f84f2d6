#include "since.h"

namespace monitor {

base::Result<std::optional<Since>> Since::read(store::Database& db, const std::string& text) {
  Since since;
  if (text.empty()) return std::optional(since);
  TRY(const auto at, db.text("SELECT datetime(?1)", text));
  if (!at) return std::optional<Since>();
  since.at = *at;
  TRY(const auto seconds, db.integer("SELECT CAST(strftime('%s', ?1) AS INTEGER)", since.at));
  since.seconds = seconds.value_or(0);
  since.first_hour = since.seconds / 3600;
  if (since.first_hour * 3600 < since.seconds) ++since.first_hour;
  TRY(const auto hour_at, db.text("SELECT datetime(?1, 'unixepoch')", since.first_hour * 3600));
  since.first_hour_at = hour_at.value_or("");
  return std::optional(std::move(since));
}

}  // namespace monitor
