#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Ids that come out the same whenever the same log is read: docs/formats.md, "Collected events".
namespace collector {

/// Whether `text` has the form of a UUID, in either case.
bool is_uuid(std::string_view text);

/// The id of what `native_id` names in a session of `agent`: a UUID made of the names.
std::string event_id(std::string_view agent, std::string_view session, std::string_view native_id);

/// `original` if it is a UUID, else one made of it.
std::string session_uuid(std::string_view original);

/// The hash by which collectors of this contract once told events apart, in hex. Too coarse to be
/// a key: two events of one request in one second have the same.
std::string reference_event_hash(std::string_view agent_id, std::string_view event_type,
                                 std::int64_t epoch_seconds,
                                 std::optional<std::string_view> request_id);

}  // namespace collector
