#pragma once

#include <optional>

#include "base/json_reader.h"
#include "net/http.h"

/// The bodies that the monitor's routes read: docs/api.md, "Bodies".
namespace app {

/// Whether the content type is one that carries JSON; the body of any other counts as missing.
bool carries_json(const net::Request& request);

/// Makes the body UTF-8 text, empty when it is missing; a refusal when its charset is unknown or
/// not what it is in.
std::optional<net::Response> read_text(net::Request& request);

/// A JSON document for each I/O thread: what it gives is used up before anything suspends.
base::json::Document& thread_document();

}  // namespace app
