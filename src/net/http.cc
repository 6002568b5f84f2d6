#include "net/http.h"

#include <charconv>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace net {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string_view trim_spaces(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

const std::string& PathParams::text(std::string_view name) const {
  for (const auto& [known, value] : values_)
    if (known == name) return value;
  base::assert_failed("the pattern has this parameter", __FILE__, __LINE__);
}

std::int64_t PathParams::integer(std::string_view name) const {
  const std::string& digits = text(name);
  std::int64_t value = 0;  // the router has checked that it is one
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

Query::Query(std::string_view raw) {
  while (!raw.empty()) {
    const std::size_t end = raw.find('&');
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(end == raw.npos ? raw.size() : end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value =
        equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    // A broken escape stays as it is, as in JavaScript's own query parser.
    pairs_.emplace_back(percent_decode(name, true).value_or(std::string(name)),
                        percent_decode(value, true).value_or(std::string(value)));
  }
}

std::string_view Query::first(std::string_view name) const {
  for (const auto& [known, value] : pairs_)
    if (known == name) return value;
  return {};
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (known.size() == name.size() && base::iequals(known, name)) return value;
  return {};
}

bool Request::has_header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (known.size() == name.size() && base::iequals(known, name)) return true;
  return false;
}

Response Response::error(int status, std::string_view message) {
  std::string body;
  base::json::Writer json(body);
  json.begin_object().key("error").value(message).end_object();
  return Response::json(status, std::move(body));
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return decoded;
}

std::string media_type(std::string_view content_type) {
  return base::to_lower(trim_spaces(content_type.substr(0, content_type.find(';'))));
}

std::string media_type_parameter(std::string_view content_type, std::string_view name) {
  std::size_t semicolon = content_type.find(';');
  while (semicolon != content_type.npos) {
    content_type.remove_prefix(semicolon + 1);
    semicolon = content_type.find(';');
    const std::string_view parameter = trim_spaces(content_type.substr(0, semicolon));
    const std::size_t equals = parameter.find('=');
    if (equals == parameter.npos || !base::iequals(parameter.substr(0, equals), name)) continue;
    std::string_view value = parameter.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return base::to_lower(value);
  }
  return {};
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return status < 400 ? "OK" : "Error";
  }
}

}  // namespace net
