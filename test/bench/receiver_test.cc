#include "receiver.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace bench {
namespace {

TEST(SentMarksTest, AMarkIsFoundWhereverTheBytesAreCut) {
  const std::string text = "x" + to_sent_mark(1000) + "yy" + to_sent_mark(2500) + "sent-";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    SentMarks marks;
    for (std::size_t at = 0; at < text.size(); at += step) marks.feed(text.substr(at, step), 3000);
    EXPECT_EQ(marks.ages_ns(), (std::vector<std::int64_t>{2000, 500})) << step;
  }
}

TEST(StreamedMarksTest, OnlyThoseOfEventsCountWhereverTheBytesAreCut) {
  const std::string text =
      "HTTP/1.1 200 OK\r\n\r\nid: 1\ndata: {\"type\":\"event\",\"branch\":\"" + to_sent_mark(1000) +
      "\"}\n\n" + "data: {\"type\":\"stats\",\"branches\":[\"" + to_sent_mark(1000) + "\"]}\n\n" +
      "data: {\"type\":\"event\",\"branch\":\"" + to_sent_mark(2500) + "\"}\n\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    StreamedMarks marks;
    for (std::size_t at = 0; at < text.size(); at += step) marks.feed(text.substr(at, step), 3000);
    EXPECT_EQ(marks.ages_ns(), (std::vector<std::int64_t>{2000, 500})) << step;
  }
}

std::string exchange(const Fd& socket, const std::string& request) {
  EXPECT_TRUE(send_all(socket, request).ok());
  char buffer[4096];
  const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
  return {buffer, static_cast<std::size_t>(got)};
}

TEST(ReceiverTest, BatchesAreTakenAndTheirMarksCounted) {
  auto receiver = std::move(Receiver::listen()).value();
  const Fd socket = std::move(connect_to(receiver->port())).value();
  const std::string body = "[\"" + to_sent_mark(1) + "\",\"" + to_sent_mark(2) + "\"]";
  const std::string batch =
      "POST /api/events/batch HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(exchange(socket, batch).starts_with("HTTP/1.1 201 "));
  EXPECT_TRUE(exchange(socket, "GET /api/health HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(exchange(socket, "POST /api/machines HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
                  .starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(receiver->batches(), 2u);
  EXPECT_EQ(receiver->bytes(), 2 * body.size());
  EXPECT_EQ(receiver->ages_ns().size(), 4u);
}

}  // namespace
}  // namespace bench
