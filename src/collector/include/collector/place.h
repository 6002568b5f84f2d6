#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/json_reader.h"

namespace collector {

/// Where something happened, in the backend's numbers.
struct Place {
  std::int64_t project_id = 0, machine_id = 0, workspace_id = 0;
  std::string project_name{}, machine_name{};

  bool is_resolved() const { return project_id > 0; }
  bool operator==(const Place&) const = default;
};

/// Reads a workspace as a backend tells it: flat, or wrapped with its context beside it. Names
/// that are not told are `unknown`. Nothing when all numbers are 0 or missing.
std::optional<Place> parse_place(const base::json::Value& reply);

/// What was asked lately: places, and that there is none. Thread: its owner's.
class PlaceCache {
 public:
  static constexpr std::size_t kMost = 1024;  // the one asked for longest ago goes
  static constexpr std::chrono::minutes kLifetime{10};
  static constexpr std::chrono::seconds kLifetimeOfNone{60};

  explicit PlaceCache(const base::Clock& clock) : clock_(clock) {}

  /// Nothing: not known. A nothing inside: known to be none.
  std::optional<std::optional<Place>> find(const std::string& key);
  void add(const std::string& key, std::optional<Place> place);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::optional<Place> place;
    base::Time until;
  };
  const base::Clock& clock_;
  std::list<Entry> entries_;  // the one asked for last in front
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
};

}  // namespace collector
