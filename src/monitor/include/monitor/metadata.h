#pragma once

#include <cstddef>
#include <string>

#include "base/json_reader.h"

namespace monitor {

struct StoredMetadata {
  std::string json;  // always valid JSON, at most the limit unless that is below 2 bytes
  bool truncated = false;
};

/// `value` as compact JSON of at most `max_bytes` bytes. A larger object keeps its key fields whole
/// (command, file_path, query, pattern, error, message, tool_name, path, type) beside `_truncated`
/// and `_original_bytes`; where those do not fit, and for everything that is no object, the two
/// marks alone stay, and where not even they fit, `{}`. Null is no metadata: `{}`, whole.
/// A limit below 2 bytes truncates everything, to `{}`.
StoredMetadata to_stored_metadata(const base::json::Value& value, std::size_t max_bytes);

}  // namespace monitor
