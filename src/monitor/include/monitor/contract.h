#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json_reader.h"
#include "monitor/event.h"

/// The event contract: what a client may send, and how it is normalised. docs/api.md, "Events".
/// Pure: bytes in, values out. Thread: any, each with a Document of its own.
namespace monitor {

/// One problem of a payload: the field and what it must be.
struct FieldError {
  std::string field;
  std::string message;
};
using FieldErrors = std::vector<FieldError>;

struct ContractLimits {
  std::size_t max_metadata_bytes = 10 * 1024;  // of compact UTF-8 JSON; see metadata.h
};

/// Either the event or all that is wrong with it, in the order of the contract.
using ParsedEvent = std::variant<Event, FieldErrors>;

/// Validates and normalises one JSON value. Prices nothing.
ParsedEvent parse_event(const base::json::Value& body, const ContractLimits& limits);

/// The JSON of a request body. Some clients encode twice, so an object or array inside a JSON
/// string is read like itself, up to three rounds deep. Never fails: where nothing but text comes
/// out (no body, broken JSON, a plain string) the value is a string, which no route accepts and
/// whose content means nothing. Valid as long as `document` keeps it.
base::json::Value recover_json(std::string_view body, base::json::Document& document);

/// `{"error":"Invalid event payload","details":[{"field":F,"message":M},...]}`
std::string to_json(const FieldErrors& errors);

}  // namespace monitor
