#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "request_parser.h"

// The bytes of a connection mean the same, however the network cuts them: the first byte chooses
// the cuts, the rest is what the peer sends. And no request that is accepted breaks a limit.
//
// An empty line is put behind it all: Beast judges a head as soon as it has the first bytes at
// once, else when it has the last.

namespace {

using net::RequestParser;
using State = RequestParser::State;

constexpr std::size_t kMaxBodyBytes = 2048;
constexpr std::size_t kMaxWaitingBytes = RequestParser::kMaxHeadBytes;
constexpr std::size_t kMaxBytesOneByOne = 2048;  // more would take most of the time
constexpr int kTooLarge = 431;                   // the head

/// All that a handler may look at, and when the peer's bytes ended or were refused.
struct Seen {
  State state = State::head;
  int status = 0;
  std::vector<std::string> parts;
  int version_minor = 0;
  bool keep_alive = false;

  bool operator==(const Seen& other) const {
    // What is malformed and too large is refused for what is noticed first.
    const bool same_status =
        status == other.status ||
        (status != 0 && other.status != 0 && (status == kTooLarge || other.status == kTooLarge));
    return state == other.state && same_status && parts == other.parts &&
           version_minor == other.version_minor && keep_alive == other.keep_alive;
  }
};

Seen look_at(RequestParser& parser) {
  Seen seen;
  seen.state = parser.state();
  if (parser.state() == State::failed) {
    seen.status = parser.status();
    ASSERT(seen.status >= 400 && seen.status < 600 && !parser.reason().empty());
  }
  if (parser.state() != State::done) return seen;
  const net::Request& request = parser.request();
  seen.version_minor = request.version_minor;
  seen.keep_alive = request.keep_alive;
  for (const std::string_view part :
       {request.method_text, request.target, std::string_view(request.path), request.raw_query,
        std::string_view(request.body)})
    seen.parts.emplace_back(part);
  std::size_t head_bytes = request.method_text.size() + request.target.size();
  for (const auto& [name, value] : request.headers) {
    seen.parts.emplace_back(name).append(": ").append(value);
    head_bytes += name.size() + value.size();
  }
  ASSERT(head_bytes <= RequestParser::kMaxHeadBytes);
  ASSERT(request.body.size() <= kMaxBodyBytes);
  ASSERT(request.path.starts_with('/') || request.path == "*");
  return seen;
}

/// As net::Connection reads: what the parser leaves is kept and put before what comes next.
class Reader {
 public:
  void take(std::string_view piece) {
    unread_ += piece;
    while (!unread_.empty() && parser_.state() != State::failed) {
      const State before = parser_.state();
      const std::size_t used = parser_.feed(unread_);
      ASSERT(used <= unread_.size());
      unread_.erase(0, used);
      if (before == State::head && parser_.state() == State::body)
        parser_.set_max_body_bytes(kMaxBodyBytes);
      if (parser_.state() == State::done) {
        requests_.push_back(look_at(parser_));
        parser_.reset();
      } else if (parser_.state() == before) {
        break;  // it needs more
      }
    }
    ASSERT(parser_.state() == State::failed || unread_.size() <= kMaxWaitingBytes);
  }

  std::vector<Seen> end() {
    requests_.push_back(look_at(parser_));
    return std::move(requests_);
  }

 private:
  RequestParser parser_;
  std::string unread_;
  std::vector<Seen> requests_;
};

std::vector<Seen> read(std::string_view bytes, const std::vector<std::size_t>& pieces) {
  Reader reader;
  std::size_t next = 0;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), pieces[next++ % pieces.size()]);
    reader.take(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return reader.end();
}

/// Cut behind every line end: the cut that leaves a parser nothing to wait for.
std::vector<Seen> read_lines(std::string_view bytes) {
  Reader reader;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::size_t size = end == bytes.npos ? bytes.size() : end + 1;
    reader.take(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return reader.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t seed = data[0];
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  bytes += "\r\n\r\n";
  const auto whole = read(bytes, {bytes.size()});
  if (bytes.size() <= kMaxBytesOneByOne) ASSERT(read(bytes, {1}) == whole);
  ASSERT(read(bytes, {1 + seed % 7, 1 + seed / 7, 64 + seed}) == whole);
  ASSERT(read_lines(bytes) == whole);
  return 0;
}
