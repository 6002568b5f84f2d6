#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "net/http.h"

namespace net {

struct WebSocketMessage {
  bool is_text = true;  // then it is UTF-8
  std::string data;
};

/// The server's end of a WebSocket, RFC 6455, without extensions and subprotocols.
///
/// Answers pings and the peer's close by itself. A peer that breaks the protocol, or sends more
/// than kMaxMessageBytes in one message, is told so in a close frame. One that says nothing for
/// a ping period is asked with a ping, and given up when it does not answer within another. While
/// nobody receives, no more is read from the peer than ResponseStream::kMaxUnreadBytes.
///
/// Thread: the connection's. Owner: the connection; valid until the handler's coroutine returns.
class WebSocket {
 public:
  static constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;
  static constexpr std::chrono::seconds kPingPeriod{30};

  enum class Close : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    invalid_text = 1007,
    too_large = 1009,
    internal_error = 1011,
  };

  virtual ~WebSocket() = default;

  /// The next message, in pieces or not; nothing once the connection has ended.
  virtual base::Task<std::optional<WebSocketMessage>> receive() = 0;
  /// Sends, or queues what the peer does not take at once.
  virtual void send_text(std::string_view text) = 0;
  /// Bytes that wait for the peer to read.
  virtual std::size_t queued_bytes() const = 0;
  /// Tells the peer that this is the end; `receive` gives nothing from now on.
  virtual void close(Close code, std::string_view reason = {}) = 0;
};

using WebSocketHandler = std::function<base::Task<void>(WebSocket&)>;

/// The answer to a request to open a WebSocket: 101, and then `serve` for as long as it wants; 400
/// when it is no such request, 426 when it is one of another version. `ping_period` is above 0.
///
/// Whether the page that asks may do so is for the server's gate to say: browsers ask nobody.
Response open_websocket(const Request& request, WebSocketHandler serve,
                        std::chrono::milliseconds ping_period = WebSocket::kPingPeriod);

}  // namespace net
