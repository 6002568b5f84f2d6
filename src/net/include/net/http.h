#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/task.h"

/// HTTP messages as handlers see them. RFC 9110, RFC 9112.
namespace net {

class ResponseStream;

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

/// The segments of a path that stand for themselves: `{id}` and `{n:int}` of a pattern.
class PathParams {
 public:
  /// The decoded segment. Asking for a name that the pattern does not have is a bug.
  const std::string& text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;

  void add(std::string_view name, std::string value) {
    values_.emplace_back(name, std::move(value));
  }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// The decoded query string. Names and values are UTF-8 where the sender's bytes are.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view raw);

  /// The first value of `name`; empty when it is absent or has no value.
  std::string_view first(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

/// A request, complete and within all limits, its body decoded (Content-Encoding, chunks).
struct Request {
  Method method = Method::get;
  std::string_view method_text;
  std::string_view target;    // as it stood in the request line
  std::string path;           // decoded, without the query
  std::string_view raw_path;  // the same as it stood: an escaped slash separates no segments
  std::string_view raw_query;
  PathParams params;
  std::string body;
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // in order
  int version_minor = 1;                                               // of HTTP/1.x
  bool keep_alive = true;

  /// The value of a header, without regard to case; empty when it is absent.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  Query query() const { return Query(raw_query); }
};

struct Response {
  int status = 200;
  std::string_view content_type = "application/json; charset=utf-8";  // a constant; empty: none
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;

  /// When set, the body is what this writes, until it returns; `body` is ignored. Runs on the
  /// connection's thread. With status 101 the connection is the stream's, in both directions.
  std::function<base::Task<void>(ResponseStream&)> stream;
  bool close = false;  // the connection, after this response
  /// The stream comes to its end by itself: a server that stops waits for it as for any answer. One
  /// that cannot must `close`, so that the peer does not take what there is for the whole.
  bool stream_ends = false;
  std::string cause = {};  // of a failure, for the log; never sent

  static Response json(int status, std::string body) {
    return {status, kJson, std::move(body), {}, {}, false, false, {}};
  }
  static Response text(int status, std::string_view content_type, std::string body) {
    return {status, content_type, std::move(body), {}, {}, false, false, {}};
  }
  /// `{"error":MESSAGE}`
  static Response error(int status, std::string_view message);

  static constexpr std::string_view kJson = "application/json; charset=utf-8";
  static constexpr std::string_view kHtml = "text/html; charset=utf-8";
};

using Handler = std::function<base::Task<Response>(Request&)>;

/// `%41` decoded; nothing when an escape is broken. `plus_is_space` for query strings.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// The media type of a Content-Type value, in lower case, and one of its parameters, unquoted.
std::string media_type(std::string_view content_type);
std::string media_type_parameter(std::string_view content_type, std::string_view name);

std::string_view reason_phrase(int status);

}  // namespace net
