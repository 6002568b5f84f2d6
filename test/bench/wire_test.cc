#include "wire.h"

#include <gtest/gtest.h>

namespace bench {
namespace {

const std::string kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kConnected = "data: {\"type\":\"connected\",\"timestamp\":\"x\"}\n\n";
const std::string kEvent =
    "id: 12345678901234567\ndata: {\"type\":\"event\",\"payload\":{\"id\":1,"
    "\"event_id\":\"bench-1000000007-0000000000000000042\"}}\n\n";
const std::string kStats = "data: {\"type\":\"stats\",\"payload\":{}}\n\n";

std::string to_chunk(const std::string& payload) {
  char size[20];
  std::snprintf(size, sizeof size, "%zX\r\n", payload.size());
  return size + payload + "\r\n";
}

TEST(ReplyHead, GivesStatusLengthAndWhereTheBodyStarts) {
  const ReplyHead head =
      parse_reply_head("HTTP/1.1 201 Created\r\ncontent-LENGTH: 17\r\nX: y\r\n\r\n{}");
  EXPECT_EQ(head.state, ReplyHead::State::complete);
  EXPECT_EQ(head.status, 201);
  EXPECT_TRUE(head.has_length);
  EXPECT_EQ(head.content_length, 17u);
  EXPECT_EQ(head.head_bytes, 50u);
}

TEST(ReplyHead, IsIncompleteWithoutTheEmptyLineAndMalformedWithoutAStatus) {
  EXPECT_EQ(parse_reply_head("HTTP/1.1 200 OK\r\n").state, ReplyHead::State::incomplete);
  EXPECT_EQ(parse_reply_head("SMTP ready\r\n\r\n").state, ReplyHead::State::malformed);
  EXPECT_EQ(parse_reply_head("HTTP/1.1 2x0 OK\r\n\r\n").state, ReplyHead::State::malformed);
}

TEST(StreamScanner, CountsTheSameHoweverTheBytesAreCut) {
  const std::string stream = kHead + to_chunk(kConnected) + to_chunk(kEvent + kStats) +
                             to_chunk(": heartbeat\n\n") + to_chunk(kEvent.substr(0, 9)) +
                             to_chunk(kEvent.substr(9, kEvent.size() - 10)) + to_chunk("\n");
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    StreamScanner scanner(StreamScanner::Mode::stamps);
    for (std::size_t at = 0; at < stream.size(); at += piece)
      scanner.feed(std::string_view(stream).substr(at, piece));
    EXPECT_EQ(scanner.status(), 200);
    EXPECT_EQ(scanner.messages(), 4u) << piece;
    EXPECT_EQ(scanner.events(), 2u) << piece;
    EXPECT_EQ(scanner.take_stamps(), (std::vector<std::int64_t>{42, 42})) << piece;
    EXPECT_FALSE(scanner.malformed());
    EXPECT_FALSE(scanner.ended());
  }
}

TEST(StreamScanner, CountsTheEventsOfATaskButNotItsEnd) {
  const std::string event =
      "event: taskcast.event\ndata: {\"filteredIndex\":0,\"data\":{"
      "\"event_id\":\"bench-1000000007-0000000000000000042\"}}\nid: 01M7Z7ZXDYK0VK11DT5BBXMTNE\n\n";
  const std::string done = "event: taskcast.done\ndata: {\"reason\":\"completed\"}\n\n";
  const std::string stream = kHead + to_chunk(":keepalive\n\n") + to_chunk(event + event) +
                             to_chunk(event) + to_chunk(done) + "0\r\n\r\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    StreamScanner scanner(StreamScanner::Mode::stamps, StreamScanner::Stream::task);
    for (std::size_t at = 0; at < stream.size(); at += piece)
      scanner.feed(std::string_view(stream).substr(at, piece));
    EXPECT_EQ(scanner.messages(), 4u) << piece;
    EXPECT_EQ(scanner.events(), 3u) << piece;
    EXPECT_EQ(scanner.take_stamps(), (std::vector<std::int64_t>{42, 42, 42})) << piece;
    EXPECT_TRUE(scanner.ended());
    EXPECT_FALSE(scanner.malformed());
  }
}

TEST(StreamScanner, ReadsAStreamWithoutChunks) {
  StreamScanner scanner(StreamScanner::Mode::count);
  scanner.feed("HTTP/1.1 200 OK\r\n\r\n" + kConnected + kEvent);
  EXPECT_EQ(scanner.messages(), 2u);
  EXPECT_EQ(scanner.events(), 1u);
}

TEST(StreamScanner, NoticesTheEndAndAWrongChunk) {
  StreamScanner ended(StreamScanner::Mode::count);
  ended.feed(kHead + to_chunk(kEvent) + "0\r\n\r\n");
  EXPECT_TRUE(ended.ended());
  EXPECT_FALSE(ended.malformed());

  StreamScanner wrong(StreamScanner::Mode::count);
  wrong.feed(kHead + "\r\n");
  EXPECT_TRUE(wrong.malformed());
}

TEST(ChunkedBody, IsCompleteAfterTheEmptyChunkHoweverItIsCut) {
  const std::string body =
      to_chunk("{\"sessions\":[") + to_chunk(std::string(300, 'x')) + "0\r\n\r\n";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    ChunkedBody chunks;
    for (std::size_t at = 0; at < body.size(); at += piece) {
      const bool is_end = at + piece >= body.size();
      EXPECT_EQ(chunks.feed(std::string_view(body).substr(at, piece)),
                is_end ? ChunkedBody::State::complete : ChunkedBody::State::incomplete)
          << piece;
    }
  }
}

TEST(ChunkedBody, RefusesWhatIsNoChunkAndWhatFollowsTheEnd) {
  EXPECT_EQ(ChunkedBody().feed("\r\n"), ChunkedBody::State::malformed);
  EXPECT_EQ(ChunkedBody().feed("5x\r\n"), ChunkedBody::State::malformed);
  EXPECT_EQ(ChunkedBody().feed("0\r\n\r\nHTTP"), ChunkedBody::State::malformed);
}

TEST(Stamp, IsTheSecondNumberOfTheEventId) {
  EXPECT_EQ(to_stamp(kEvent), 42);
  EXPECT_EQ(to_stamp(kStats), 0);
  EXPECT_EQ(to_stamp("\"event_id\":\"bench-1000000007-00"), 0);
}

}  // namespace
}  // namespace bench
