#include "websocket_frames.h"

#include <gtest/gtest.h>

#include <vector>

namespace net {
namespace {

using What = WebSocketFrames::Event::What;

/// A frame as a client sends it.
std::string frame(int first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() < 65536) {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  } else {
    out += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8)
      out += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift & 0xff);
  }
  const std::string mask = "\x11\x22\x33\x44";
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

class WebSocketFramesTest : public testing::Test {
 protected:
  std::vector<WebSocketFrames::Event> events() {
    std::vector<WebSocketFrames::Event> all;
    while (auto event = frames_.next()) all.push_back(std::move(*event));
    return all;
  }
  /// What the bytes come to in the end: `text:hello`, `broken:1002`.
  std::string last_of(const std::string& bytes) {
    frames_ = WebSocketFrames();
    frames_.feed(bytes);
    const auto all = events();
    if (all.empty()) return "";
    const auto& last = all.back();
    if (last.what == What::text) return "text:" + last.data;
    if (last.what == What::binary) return "binary:" + last.data;
    if (last.what == What::ping) return "ping:" + last.data;
    if (last.what == What::pong) return "pong:" + last.data;
    const std::string code = last.code ? std::to_string(*last.code) : "";
    return (last.what == What::close ? "close:" : "broken:") + code;
  }
  WebSocketFrames frames_;
};

TEST_F(WebSocketFramesTest, AMessageIsWhatWasSentWhateverItsLength) {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 1u << 20})
    EXPECT_EQ(last_of(frame(0x81, std::string(size, 'x'))), "text:" + std::string(size, 'x'));
  EXPECT_EQ(last_of(frame(0x82, "\xff\x01")), "binary:\xff\x01");
}

TEST_F(WebSocketFramesTest, ItDoesNotMatterHowTheBytesArrive) {
  const std::string bytes = frame(0x81, "first") + frame(0x81, std::string(300, 'y'));
  for (const char byte : bytes) frames_.feed({&byte, 1});
  const auto all = events();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].data, "first");
  EXPECT_EQ(all[1].data, std::string(300, 'y'));
}

TEST_F(WebSocketFramesTest, FragmentsAreOneMessageWithControlFramesBetween) {
  frames_.feed(frame(0x01, "Gr\xc3") + frame(0x89, "alive?") + frame(0x00, "\xbc") +
               frame(0x80, "sse"));
  const auto all = events();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].what, What::ping);
  EXPECT_EQ(all[0].data, "alive?");
  EXPECT_EQ(all[1].data, "Grüsse");
}

TEST_F(WebSocketFramesTest, WhatTheProtocolForbidsIsToldByItsCode) {
  std::string unmasked = "\x81\x02hi";
  EXPECT_EQ(last_of(unmasked), "broken:1002");
  EXPECT_EQ(last_of(frame(0xc1, "compressed")), "broken:1002");
  EXPECT_EQ(last_of(frame(0x83, "")), "broken:1002");                      // no such opcode
  EXPECT_EQ(last_of(frame(0x8b, "")), "broken:1002");                      // nor this one
  EXPECT_EQ(last_of(frame(0x80, "of nothing")), "broken:1002");            // a continuation
  EXPECT_EQ(last_of(frame(0x01, "a") + frame(0x81, "b")), "broken:1002");  // not complete
  EXPECT_EQ(last_of(frame(0x09, "ping in pieces")), "broken:1002");
  EXPECT_EQ(last_of(frame(0x89, std::string(126, 'p'))), "broken:1002");
  EXPECT_EQ(last_of(std::string("\x81\xfe\x00\x05", 4) + "maskhello"), "broken:1002");
  EXPECT_EQ(last_of(frame(0x81, "\xed\xa0\x80")), "broken:1007");  // a surrogate
}

TEST_F(WebSocketFramesTest, AMessageIsRefusedByItsLengthBeforeItComes) {
  const std::string head = frame(0x81, std::string((1u << 20) + 1, 'x')).substr(0, 14);
  EXPECT_EQ(last_of(head), "broken:1009");
  EXPECT_EQ(last_of(std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10) + "mask"),
            "broken:1009");
  EXPECT_EQ(last_of(frame(0x01, std::string(1u << 20, 'x')) + frame(0x80, "y")), "broken:1009");
}

TEST_F(WebSocketFramesTest, ACloseIsTheLastThing) {
  EXPECT_EQ(last_of(frame(0x88, "")), "close:");
  EXPECT_EQ(last_of(frame(0x88, "\x03\xe8 bye") + frame(0x81, "more")), "close:1000");
  EXPECT_EQ(last_of(frame(0x88, "\x03")), "broken:1002");
  EXPECT_EQ(last_of(frame(0x88, "\x03\xed")), "broken:1002");  // 1005 is never sent
  EXPECT_EQ(last_of(frame(0x88, "\x03\xe8\xff")), "broken:1007");
}

TEST(WebSocketFrameTest, AServersFramesAreNotMasked) {
  EXPECT_EQ(websocket_frame(FrameType::text, "Hello"), "\x81\x05Hello");
  EXPECT_EQ(websocket_frame(FrameType::ping, ""), std::string("\x89\x00", 2));
  EXPECT_EQ(websocket_frame(FrameType::text, std::string(126, 'x')).substr(0, 4),
            std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(websocket_frame(FrameType::text, std::string(65536, 'x')).substr(0, 10),
            std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

// The example of RFC 6455 section 1.3.
TEST(WebSocketFrameTest, AKeyIsAcceptedAsTheStandardSays) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

}  // namespace
}  // namespace net
