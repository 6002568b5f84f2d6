#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace net {

/// Turns the bytes of one connection into requests, one after the other. Pure: no socket, no time.
/// Beast's parser finds the structure; this adds limits and the rules that guard against request
/// smuggling (RFC 9112 section 6.3).
class RequestParser {
 public:
  static constexpr std::size_t kMaxHeadBytes = 16 * 1024;  // also of a chunk's head, of a trailer

  enum class State {
    head,    // more bytes of the head are needed
    body,    // the head is there; more bytes of the body are needed
    done,    // the request is complete
    failed,  // see `status` and `reason`; nothing more can be read from this connection
  };

  RequestParser();
  ~RequestParser();

  /// Takes bytes up to the end of the head, then up to the end of the request. Returns how many.
  std::size_t feed(std::string_view bytes);

  State state() const { return state_; }
  int status() const { return status_; }
  const std::string& reason() const { return reason_; }
  bool started() const { return started_; }  // a byte of the request has arrived

  /// The head; valid until `reset`. Its body is whole when done.
  Request& request() { return request_; }

  /// The bytes of the body that are announced; nothing when it comes in chunks.
  std::optional<std::uint64_t> announced_body_bytes() const;

  /// More than this is a 413. To be set when the head is there, before the body is fed.
  void set_max_body_bytes(std::size_t bytes);

  /// Makes ready for the next request.
  void reset();

 private:
  class Beast;
  void fail(int status, std::string reason);
  void finish_head();

  std::unique_ptr<Beast> beast_;  // made anew for each request: Beast's parser has no reset
  Request request_;
  State state_ = State::head;
  int status_ = 0;
  std::string reason_;
  std::size_t framing_bytes_ = 0;  // of the head so far; of what was taken last from the body
  bool started_ = false;
};

}  // namespace net
