#include "events.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <random>

namespace bench {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kIndexDigits = 10;
constexpr std::uint64_t kFirstIndex = 1'000'000'000;  // so that a JSON number has all ten digits
constexpr std::size_t kStampDigits = 19;
constexpr std::uint64_t kStampLimit = 9'000'000'000'000'000'000U;
constexpr std::size_t kSessionDigits = 4;
constexpr std::size_t kSmallNumberWidth = 3;  // numbers up to 999
constexpr std::size_t kNameWidth = 32;        // quotes included

constexpr std::uint64_t kPlainSessions = 100;
constexpr std::int64_t kHistoryMs = 30LL * 24 * 3600 * 1000;  // sessions start within 30 days
constexpr std::int64_t kSessionMs = 3LL * 3600 * 1000;

constexpr std::array<std::string_view, 5> kAgents = {"claude_code", "codex", "copilot", "cursor",
                                                     "gemini"};
constexpr std::array<std::string_view, 8> kModels = {"claude-opus-4-5-20251101",
                                                     "claude-sonnet-4-5-20250929",
                                                     "claude-haiku-4-5-20251001",
                                                     "claude-opus-4-6",
                                                     "gpt-5.3-codex",
                                                     "gpt-4.1",
                                                     "o3",
                                                     "gemini-2.5-pro"};
constexpr std::uint64_t kTools = 40;
constexpr std::uint64_t kProjects = 20;

std::int64_t wall_clock_ms() {
  return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void write_digits(char* at, std::size_t width, std::uint64_t number) {
  for (std::size_t i = width; i-- > 0; number /= 10) at[i] = static_cast<char>('0' + number % 10);
}

void write_number(char* at, std::size_t width, std::uint64_t number) {
  std::memset(at, ' ', width);
  do {
    at[--width] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
}

void write_name(char* at, std::string_view prefix, std::uint64_t number) {
  std::memset(at, ' ', kNameWidth);
  *at++ = '"';
  at += prefix.copy(at, prefix.size());
  write_digits(at, 2, number);
  at[2] = '"';
}

void write_name(char* at, std::string_view name) {
  std::memset(at, ' ', kNameWidth);
  *at++ = '"';
  at += name.copy(at, name.size());
  *at = '"';
}

}  // namespace

const char* TimeText::at(std::int64_t unix_ms) {
  const std::int64_t second = unix_ms / 1000;
  if (second != second_) {
    const auto seconds = static_cast<std::time_t>(second);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::strftime(text_, sizeof text_, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
    second_ = second;
  }
  write_digits(text_ + 20, 3, static_cast<std::uint64_t>(unix_ms % 1000));
  return text_;
}

EventRequests::EventRequests(const Options& options) : options_(options) {
  std::random_device random;
  stamp_ = (std::uint64_t{random()} << 32 | random()) % kStampLimit;
  start_ms_ = wall_clock_ms();

  const bool batch = options_.events_per_request > 1;
  const std::string event = to_event_text();
  event_bytes_ = event.size() + 1;
  std::string body = batch ? "{\"events\":[" : "";
  const std::size_t before_first = body.size();
  for (int i = 0; i < options_.events_per_request; ++i) body += (i > 0 ? "," : "") + event;
  if (batch) body += "]}";

  const std::string head =
      "POST " + std::string(batch ? "/api/events/batch" : "/api/events") +
      " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options_.port) +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n";
  first_event_at_ = head.size() + before_first;
  requests_.assign(static_cast<std::size_t>(options_.connections), head + body);
}

std::string_view EventRequests::next(int connection) {
  std::string& request = requests_[static_cast<std::size_t>(connection)];
  now_ms_ = wall_clock_ms();
  if (options_.stamp == Stamp::send_time) {
    const auto now = Clock::now().time_since_epoch();
    stamp_ = static_cast<std::uint64_t>(duration_cast<nanoseconds>(now).count());
  }
  char* event = request.data() + first_event_at_;
  for (int i = 0; i < options_.events_per_request; ++i, event += event_bytes_)
    write_event(event, made_++);
  return request;
}

std::string EventRequests::to_event_text() {
  std::string text;
  const auto hole = [&text](std::string_view before, std::size_t width) {
    text += before;
    text.append(width, ' ');
    return text.size() - width;
  };
  places_.index = hole(R"({"event_id":"bench-)", kIndexDigits);
  places_.stamp = hole("-", kStampDigits);
  places_.session = hole(R"(","session_id":"bench-session-)", kSessionDigits);
  text += '"';
  if (options_.variety == Variety::plain) {
    text += R"(,"agent_type":"benchmark_agent","event_type":"tool_use","tool_name":"benchmark")"
            R"(,"project":"bench-project")";
  } else {
    places_.agent = hole(R"(,"agent_type":)", kNameWidth);
    places_.type = hole(R"(,"event_type":)", kNameWidth);
    places_.tool = hole(R"(,"tool_name":)", kNameWidth);
    places_.model = hole(R"(,"model":)", kNameWidth);
    places_.project = hole(R"(,"project":)", kNameWidth);
  }
  places_.tokens_in = hole(R"(,"branch":"bench/main","tokens_in":)", kSmallNumberWidth);
  places_.tokens_out = hole(R"(,"tokens_out":)", kSmallNumberWidth);
  places_.duration = hole(R"(,"duration_ms":)", kSmallNumberWidth);
  places_.client_time = hole(R"(,"client_timestamp":")", TimeText::kBytes);
  places_.metadata_index = hole(R"(","metadata":{"source":"benchmark","index":)", kIndexDigits);
  return text + "}}";
}

void EventRequests::write_event(char* event, std::uint64_t i) {
  write_digits(event + places_.index, kIndexDigits, kFirstIndex + i);
  write_digits(event + places_.stamp, kStampDigits, stamp_);
  write_number(event + places_.tokens_in, kSmallNumberWidth, 10 + i % 25);
  write_number(event + places_.tokens_out, kSmallNumberWidth, 50 + i % 150);
  write_number(event + places_.duration, kSmallNumberWidth, 15 + i % 120);
  write_digits(event + places_.metadata_index, kIndexDigits, kFirstIndex + i);
  if (options_.variety == Variety::many) return write_varied_parts(event, i);
  write_digits(event + places_.session, kSessionDigits, i % kPlainSessions);
  std::memcpy(event + places_.client_time, time_text_.at(now_ms_), TimeText::kBytes);
}

// A session belongs to one agent, model and project, and its events are near one another in time,
// as in life: drawing each at random would make more combinations than any real history has.
void EventRequests::write_varied_parts(char* event, std::uint64_t i) {
  const std::uint64_t session = i % options_.sessions;
  const std::uint64_t step = i / options_.sessions;
  const std::uint64_t rare_every = std::max<std::uint64_t>(options_.total / kRareEvents, 1);
  write_digits(event + places_.session, kSessionDigits, session);
  write_name(event + places_.agent, kAgents[session % kAgents.size()]);
  write_name(event + places_.model, kModels[session % kModels.size()]);
  write_name(event + places_.project, "project-", session % kProjects);
  if (i % rare_every == 0) {
    write_name(event + places_.type, "tool_use");
    write_name(event + places_.tool, kRareTool);
  } else if (step % 4 == 3) {
    write_name(event + places_.type, "llm_response");
    std::memset(event + places_.tool, ' ', kNameWidth);
    std::memcpy(event + places_.tool, "null", 4);
  } else {
    write_name(event + places_.type, "tool_use");
    write_name(event + places_.tool, "Tool", (step + session) % kTools);
  }
  const auto steps = static_cast<std::int64_t>(options_.total / options_.sessions + 1);
  const std::int64_t time = start_ms_ - kHistoryMs +
                            static_cast<std::int64_t>(session) * (kHistoryMs - kSessionMs) /
                                static_cast<std::int64_t>(options_.sessions) +
                            static_cast<std::int64_t>(step) * kSessionMs / steps;
  std::memcpy(event + places_.client_time, time_text_.at(time), TimeText::kBytes);
}

}  // namespace bench
