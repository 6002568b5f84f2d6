#include "json_body.h"

#include "net/content_coding.h"

namespace app {

using net::Request;
using net::Response;

bool carries_json(const Request& request) {
  const std::string type = net::media_type(request.header("content-type"));
  return type == "application/json" || type == "text/plain" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

std::optional<Response> read_text(Request& request) {
  if (!carries_json(request)) {
    request.body.clear();
    return std::nullopt;
  }
  const std::string charset = net::media_type_parameter(request.header("content-type"), "charset");
  if (const auto broken = net::decode_charset(charset, request.body))
    return Response::error(broken->status, broken->message);
  return std::nullopt;
}

base::json::Document& thread_document() {
  static thread_local base::json::Document instance;
  return instance;
}

}  // namespace app
