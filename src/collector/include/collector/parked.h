#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/sqlite.h"

/// The events that a Buffer has set aside, for any connection to its file, also while a collector
/// runs on it. docs/formats.md, "collector.db". Errors: those of the database.
namespace collector::parked {

struct Summary {
  std::int64_t count = 0;
  std::string last_reason;  // of the one that was set aside last
};
/// Nothing is set aside in a file that no Sightline has written to.
base::Result<Summary> summary(store::Database& db);

struct PutBack {
  std::int64_t moved = 0;
  std::int64_t without_room = 0, unreadable = 0;  // that stay
};
/// Puts them back, oldest first, behind the events that wait: as many as `capacity` leaves room
/// for. What is no event stays. All or nothing; a collector that runs sends them with its next
/// batch.
base::Result<PutBack> put_back(store::Database& db, std::int64_t capacity, base::Time now);

}  // namespace collector::parked
