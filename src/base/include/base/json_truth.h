#pragma once

#include "base/json_reader.h"

namespace base::json {

/// Whether JavaScript takes the value for true.
inline bool is_truthy(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return false;
    case Kind::boolean:
      return value.truth();
    case Kind::number:
      return value.to_double() != 0;
    case Kind::string:
      return !value.text().empty();
    case Kind::array:
    case Kind::object:
      break;
  }
  return true;
}

}  // namespace base::json
