#include "websocket_frames.h"

#include <openssl/evp.h>

#include "base/utf8.h"

namespace net {
namespace {

using Close = WebSocket::Close;
using What = WebSocketFrames::Event::What;

constexpr std::uint8_t kContinuation = 0, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;
constexpr std::uint8_t kFinal = 0x80, kReserved = 0x70, kMasked = 0x80;
constexpr std::size_t kMaxControlBytes = 125;
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

bool is_utf8(std::string_view text) { return base::to_utf8(text) == text; }

/// Those that may stand in a close frame. Section 7.4.
bool is_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<std::uint8_t>(byte);
  return number;
}

void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift & 0xff);
}

}  // namespace

void WebSocketFrames::feed(std::string_view bytes) {
  if (is_over_) return;
  bytes_ += bytes;
  while (!is_over_ && take_frame()) {
  }
  bytes_.erase(0, std::exchange(taken_, 0));
  if (is_over_) bytes_.clear();
  if (bytes_.empty()) std::string().swap(bytes_);
}

std::optional<WebSocketFrames::Event> WebSocketFrames::next() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

/// False when more bytes are needed, or none count any more.
bool WebSocketFrames::take_frame() {
  const auto head = read_head();
  if (!head || bytes_.size() - taken_ - head->size < head->bytes) return false;
  std::string payload = bytes_.substr(taken_ + head->size, head->bytes);
  for (std::size_t i = 0; i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ head->mask[i % 4]);
  taken_ += head->size + payload.size();
  if (head->opcode >= kClose)
    take_control(head->opcode, std::move(payload));
  else
    take_data(*head, std::move(payload));
  return true;
}

/// Nothing when it is not there as a whole, or breaks a rule: all that can be judged before the
/// payload comes is judged here, so that no payload is waited for in vain.
std::optional<WebSocketFrames::Head> WebSocketFrames::read_head() {
  const std::string_view rest = std::string_view(bytes_).substr(taken_);
  if (rest.size() < 2) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(rest[0]);
  const auto second = static_cast<std::uint8_t>(rest[1]);
  Head head;
  head.is_final = first & kFinal;
  head.opcode = first & 0x0f;
  const bool is_control = head.opcode >= kClose;
  const bool is_known = head.opcode <= kBinary || (is_control && head.opcode <= kPong);
  const std::uint8_t short_length = second & 0x7f;
  std::string_view wrong;
  if (first & kReserved) wrong = "no extension was agreed on";
  if (!is_known) wrong = "unknown opcode";
  if (!(second & kMasked)) wrong = "a client's frames are masked";
  if (is_control && !head.is_final) wrong = "a control frame is in one piece";
  if (is_control && short_length > kMaxControlBytes) wrong = "a control frame is short";
  if (!is_control && head.opcode == kContinuation && !is_in_message_) wrong = "nothing to continue";
  if (!is_control && head.opcode != kContinuation && is_in_message_)
    wrong = "the message before is not complete";
  if (!wrong.empty()) {
    fail(Close::protocol_error, wrong);
    return std::nullopt;
  }
  const std::size_t length_bytes = short_length < 126 ? 0 : short_length == 126 ? 2 : 8;
  head.size = 2 + length_bytes + sizeof head.mask;
  if (rest.size() < head.size) return std::nullopt;
  head.bytes = length_bytes == 0 ? short_length : big_endian(rest.substr(2, length_bytes));
  const bool is_shortest = length_bytes == 0 || head.bytes > (length_bytes == 2 ? 125u : 0xffffu);
  if (!is_shortest) {
    fail(Close::protocol_error, "a length is written as short as it can be");
    return std::nullopt;
  }
  if (head.bytes > WebSocket::kMaxMessageBytes - (is_control ? 0 : message_.size())) {
    fail(Close::too_large, "the message is larger than 1 MiB");
    return std::nullopt;
  }
  for (std::size_t i = 0; i < sizeof head.mask; ++i)
    head.mask[i] = static_cast<std::uint8_t>(rest[2 + length_bytes + i]);
  return head;
}

void WebSocketFrames::take_control(std::uint8_t opcode, std::string payload) {
  if (opcode == kPing) events_.push_back({What::ping, std::move(payload)});
  if (opcode == kPong) events_.push_back({What::pong, std::move(payload)});
  if (opcode != kClose) return;
  Event event{What::close, {}};
  if (!payload.empty()) {
    if (payload.size() < 2) return fail(Close::protocol_error, "a close code has two bytes");
    const std::string_view text = payload;
    event.code = static_cast<std::uint16_t>(big_endian(text.substr(0, 2)));
    if (!is_close_code(*event.code)) return fail(Close::protocol_error, "unknown close code");
    if (!is_utf8(text.substr(2))) return fail(Close::invalid_text, "the reason is not UTF-8");
  }
  events_.push_back(std::move(event));
  is_over_ = true;
}

void WebSocketFrames::take_data(const Head& head, std::string payload) {
  if (head.opcode != kContinuation) message_opcode_ = head.opcode;
  is_in_message_ = !head.is_final;
  message_ += payload;
  if (!head.is_final) return;
  std::string message = std::exchange(message_, {});
  if (message_opcode_ == kBinary) {
    events_.push_back({What::binary, std::move(message)});
  } else if (is_utf8(message)) {
    events_.push_back({What::text, std::move(message)});
  } else {
    fail(Close::invalid_text, "the text is not UTF-8");
  }
}

void WebSocketFrames::fail(Close code, std::string_view why) {
  is_over_ = true;
  message_.clear();
  events_.push_back({What::broken, std::string(why), static_cast<std::uint16_t>(code)});
}

std::string websocket_frame(FrameType type, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 10);
  frame += static_cast<char>(kFinal | static_cast<std::uint8_t>(type));
  if (payload.size() <= kMaxControlBytes) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() <= 0xffff) {
    frame += static_cast<char>(126);
    append_big_endian(frame, payload.size(), 2);
  } else {
    frame += static_cast<char>(127);
    append_big_endian(frame, payload.size(), 8);
  }
  return frame += payload;
}

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += kGuid;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  unsigned char encoded[4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1];
  const int length = EVP_EncodeBlock(encoded, digest, static_cast<int>(size));
  return std::string(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(length));
}

}  // namespace net
