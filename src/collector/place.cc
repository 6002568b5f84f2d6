#include "collector/place.h"

namespace collector {
namespace {

namespace json = base::json;
using json::Kind;
using json::Value;

std::optional<Value> object_at(const Value& object, std::string_view key) {
  const auto value = object.is(Kind::object) ? object.find(key) : std::nullopt;
  return value && value->is(Kind::object) ? value : std::nullopt;
}

std::int64_t id_at(const Value& object, std::string_view key) {
  const auto value = object.find(key);
  const auto id = value && value->is(Kind::number) ? value->to_int() : std::nullopt;
  return id && *id > 0 ? *id : 0;
}

std::string text_at(const Value& object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is(Kind::string) ? std::string(value->text()) : std::string();
}

/// A name that stands in the context, else in an object of the workspace.
std::string name_of(const std::optional<Value>& context, std::string_view key,
                    const Value& workspace, std::string_view object, std::string_view member) {
  std::string name = context ? text_at(*context, key) : std::string();
  const auto owner = object_at(workspace, object);
  if (name.empty() && owner) name = text_at(*owner, member);
  return name.empty() ? "unknown" : name;
}

}  // namespace

std::optional<Place> parse_place(const Value& reply) {
  if (!reply.is(Kind::object)) return std::nullopt;
  const Value workspace = object_at(reply, "workspace").value_or(reply);
  const auto context = object_at(reply, "context");
  const auto id_of = [&](std::string_view key, std::string_view own) {
    const std::int64_t id = context ? id_at(*context, key) : 0;
    return id ? id : id_at(workspace, own);
  };
  Place place;
  place.project_id = id_of("projectId", "projectId");
  place.machine_id = id_of("machineId", "machineId");
  // The row's own number; in a context the same key may hold the editor's hash, a text.
  place.workspace_id = id_of("workspaceId", "id");
  if (!place.project_id && !place.machine_id && !place.workspace_id) return std::nullopt;
  place.project_name = name_of(context, "projectName", workspace, "project", "fullName");
  place.machine_name = name_of(context, "machineName", workspace, "machine", "hostname");
  return place;
}

std::optional<std::optional<Place>> PlaceCache::find(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const auto entry = found->second;
  if (entry->until <= clock_.now()) {
    by_key_.erase(found);
    entries_.erase(entry);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->place;
}

void PlaceCache::add(const std::string& key, std::optional<Place> place) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    const auto entry = found->second;
    by_key_.erase(found);
    entries_.erase(entry);
  }
  const base::Time until =
      clock_.now() + (place ? std::chrono::seconds{kLifetime} : kLifetimeOfNone);
  entries_.push_front({key, std::move(place), until});
  by_key_.emplace(entries_.front().key, entries_.begin());
  if (entries_.size() <= kMost) return;
  by_key_.erase(entries_.back().key);
  entries_.pop_back();
}

}  // namespace collector
