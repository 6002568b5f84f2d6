#include "net/websocket.h"

#include <memory>

#include "base/text.h"
#include "net/io_threads.h"
#include "net/response_stream.h"
#include "websocket_frames.h"

namespace net {
namespace {

using What = WebSocketFrames::Event::What;

constexpr std::size_t kMaxQueuedBytes = std::size_t{1} << 20;  // of a peer that does not read
constexpr std::size_t kKeyBytes = 24;                          // 16 in base64

/// Whether a header that lists words has this one.
bool lists(std::string_view header, std::string_view word) {
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    if (base::iequals(base::trim(header.substr(0, comma)), word)) return true;
    header.remove_prefix(std::min(comma + 1, header.size()));
  }
  return false;
}

class StreamSocket : public WebSocket {
 public:
  StreamSocket(ResponseStream& stream, IoThread& thread, std::chrono::milliseconds ping_period)
      : stream_(stream), clock_(thread.every(ping_period, [this] { tick(); })) {}

  base::Task<std::optional<WebSocketMessage>> receive() override {
    is_receiving_ = true;
    std::optional<WebSocketMessage> message;
    while (!message && !has_ended_) {
      auto event = frames_.next();
      if (event) {
        message = take(std::move(*event));
        continue;
      }
      const std::string bytes = stream_.received();
      if (!bytes.empty()) {
        was_heard_ = true;
        frames_.feed(bytes);
        continue;
      }
      if (stream_.is_closed()) break;
      co_await stream_.woken();
    }
    is_receiving_ = false;
    co_return message;
  }

  void send_text(std::string_view text) override { send(FrameType::text, text); }
  std::size_t queued_bytes() const override { return stream_.queued_bytes(); }

  void close(Close code, std::string_view reason) override {
    end(static_cast<std::uint16_t>(code), reason);
    stream_.wake();
  }

 private:
  std::optional<WebSocketMessage> take(WebSocketFrames::Event event) {
    switch (event.what) {
      case What::text:
      case What::binary:
        return WebSocketMessage{event.what == What::text, std::move(event.data)};
      case What::ping:
        send(FrameType::pong, event.data);
        break;
      case What::pong:
        break;
      case What::close:
      case What::broken:
        end(event.code, event.data);
        break;
    }
    return std::nullopt;
  }

  void end(std::optional<std::uint16_t> code, std::string_view reason) {
    if (has_ended_) return;
    std::string payload;
    if (code) {
      payload += static_cast<char>(*code >> 8);
      payload += static_cast<char>(*code & 0xff);
      payload += base::cut_utf8(reason, 120);  // of 125 in a control frame
    }
    send(FrameType::close, payload);
    has_ended_ = true;
  }

  void send(FrameType type, std::string_view payload) {
    if (has_ended_) return;
    stream_.send(share(websocket_frame(type, payload)));
    if (stream_.queued_bytes() > kMaxQueuedBytes) stream_.close();
  }

  void tick() {
    if (std::exchange(was_heard_, false) || !is_receiving_) {
      is_asked_ = false;
    } else if (is_asked_) {
      stream_.close();
    } else {
      send(FrameType::ping, {});
      is_asked_ = true;
    }
  }

  ResponseStream& stream_;
  WebSocketFrames frames_;
  bool has_ended_ = false, is_receiving_ = false;
  bool was_heard_ = true, is_asked_ = false;  // since the last tick; whether it is alive
  std::unique_ptr<IoThread::Periodic> clock_;
};

base::Task<void> run(ResponseStream& stream, WebSocketHandler serve,
                     std::chrono::milliseconds ping_period) {
  // A connection lives on an I/O thread.
  StreamSocket socket(stream, static_cast<IoThread&>(*base::Executor::current()), ping_period);
  co_await serve(socket);
  socket.close(WebSocket::Close::normal, {});
}

}  // namespace

Response open_websocket(const Request& request, WebSocketHandler serve,
                        std::chrono::milliseconds ping_period) {
  const std::string_view key = request.header("sec-websocket-key");
  const bool is_asked_for = request.method == Method::get && request.version_minor >= 1 &&
                            lists(request.header("upgrade"), "websocket") &&
                            lists(request.header("connection"), "upgrade");
  if (!is_asked_for || (key.size() != kKeyBytes && request.has_header("sec-websocket-version")))
    return Response::error(400, "this is a WebSocket: it takes a request to upgrade to one");
  if (request.header("sec-websocket-version") != "13") {
    Response other = Response::error(426, "only version 13 of WebSocket is understood");
    other.headers.emplace_back("Sec-WebSocket-Version", "13");
    return other;
  }
  Response response = Response::text(101, {}, {});
  response.headers.emplace_back("Upgrade", "websocket");
  response.headers.emplace_back("Connection", "Upgrade");
  response.headers.emplace_back("Sec-WebSocket-Accept", websocket_accept(key));
  response.stream = [serve = std::move(serve), ping_period](ResponseStream& stream) {
    return run(stream, serve, ping_period);
  };
  return response;
}

}  // namespace net
