#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "net/websocket.h"

namespace net {

/// Turns the bytes of a client's WebSocket into messages. Pure: no socket, no time. RFC 6455
/// section 5.
class WebSocketFrames {
 public:
  struct Event {
    enum class What : std::uint8_t {
      text,
      binary,
      ping,
      pong,
      close,   // with `code`, if the peer gave one
      broken,  // the peer broke the rules: `code` says which; nothing follows
    };
    What what;
    std::string data;  // of a message or ping; why it is broken
    std::optional<std::uint16_t> code = {};
  };

  /// Takes bytes; what they make is then given out by `next`, in order.
  void feed(std::string_view bytes);
  std::optional<Event> next();

 private:
  struct Head {
    bool is_final = false;
    std::uint8_t opcode = 0;
    std::uint64_t bytes = 0;
    std::uint8_t mask[4] = {};
    std::size_t size = 0;  // of the head itself
  };

  bool take_frame();
  std::optional<Head> read_head();
  void take_control(std::uint8_t opcode, std::string payload);
  void take_data(const Head& head, std::string payload);
  void fail(WebSocket::Close code, std::string_view why);

  std::string bytes_;      // that are no whole frame yet
  std::size_t taken_ = 0;  // of these
  std::string message_;    // its fragments so far
  std::uint8_t message_opcode_ = 0;
  bool is_in_message_ = false;
  bool is_over_ = false;
  std::deque<Event> events_;
};

/// A frame of a server: one message or control frame, not masked.
enum class FrameType : std::uint8_t { text = 1, close = 8, ping = 9, pong = 10 };
std::string websocket_frame(FrameType type, std::string_view payload);

/// The Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

}  // namespace net
