#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// As much of an HTTP/1.1 reply head as a load generator has to know.
struct ReplyHead {
  enum class State {
    incomplete,  // the empty line is still to come
    complete,
    malformed,  // not HTTP/1.1, or longer than kMaxBytes without an end
  };
  static constexpr std::size_t kMaxBytes = 16 * 1024;

  State state = State::incomplete;
  int status = 0;
  std::size_t head_bytes = 0;  // up to and including the empty line
  std::size_t content_length = 0;
  bool has_length = false;
  bool chunked = false;
  bool closes = false;  // the server ends the connection behind this reply
};

/// Reads the head at the start of `bytes`; looks at the status line, content-length,
/// transfer-encoding and connection, and at nothing else.
ReplyHead parse_reply_head(std::string_view bytes);

/// Finds the end of a reply body that comes in chunks; the body itself is stepped over.
class ChunkedBody {
 public:
  enum class State {
    incomplete,
    complete,   // the chunk of size 0 and the empty line behind it were seen
    malformed,  // no chunk where one should be, a trailer, or bytes behind the end
  };

  /// Takes the next bytes of the body, cut anywhere.
  State feed(std::string_view bytes);

 private:
  std::size_t left_ = 0;  // of the chunk and the line end behind it
  std::string line_;      // that begins the next chunk, as far as it is known
  bool is_last_ = false;
};

/// Counts the messages of one server-sent event stream from the raw bytes of its connection.
///
/// Takes the chunked framing off by stepping over it and looks at every payload byte once, with
/// memchr: fifty subscribers at full speed are half a gigabyte a second on cores that the server
/// needs. So it expects what the server sends: lines ended by "\n", one `data:` line a message;
/// other lines of a message may stand around it. What is an event it sees by one letter: see
/// Stream.
///
/// Thread: one at a time.
class StreamScanner {
 public:
  enum class Mode {
    count,   // only the counters below
    stamps,  // also the stamp in the event_id of each event message (see events.h); copies bytes
  };

  enum class Stream {
    monitor,  // /api/stream: `data: {"type":"event"`
    task,     // /tasks/ID/events: `event: taskcast.event`
  };

  explicit StreamScanner(Mode mode, Stream stream = Stream::monitor);

  /// Takes the next bytes of the connection, cut anywhere.
  void feed(std::string_view bytes);

  int status() const { return status_; }         // of the reply; 0 before its head is complete
  bool malformed() const { return malformed_; }  // head or chunk framing; ignores what follows
  bool ended() const { return part_ == Part::end; }

  std::uint64_t messages() const { return messages_; }  // with data; heartbeats do not count
  std::uint64_t events() const { return events_; }      // those that tell an event

  /// Stamps of the event messages since the last call, in their order; 0 where there was none.
  std::vector<std::int64_t> take_stamps();

 private:
  enum class Part {
    head,        // of the HTTP reply
    chunk_size,  // the line before a chunk
    payload,
    chunk_end,  // the "\r\n" after a chunk
    end,        // a chunk of size 0 was seen, or the framing was wrong
  };

  void take_head(std::string_view& bytes);
  void take_chunk_size(std::string_view& bytes);
  void take_payload(std::string_view& bytes);
  void take_chunk_end(std::string_view& bytes);
  void scan(std::string_view payload);
  void note(std::string_view part_of_line);
  void finish_message();
  void fail();

  Mode mode_;
  const char kind_line_;       // first letter of the line that tells what a message is
  const std::size_t kind_at_;  // in that line
  Part part_ = Part::head;
  bool malformed_ = false;
  bool chunked_ = false;
  int status_ = 0;
  std::string head_;
  std::size_t chunk_left_ = 0;
  bool size_has_digits_ = false;
  bool size_digits_over_ = false;

  std::size_t line_bytes_ = 0;
  bool in_data_ = false;   // the line is a data line
  bool has_data_ = false;  // the message has one
  bool in_kind_ = false;   // the line tells what the message is
  char kind_ = 0;          // first letter of that
  std::string text_;

  std::uint64_t messages_ = 0;
  std::uint64_t events_ = 0;
  std::vector<std::int64_t> stamps_;
};

/// The 19-digit number in the event_id `bench-<10 digits>-<19 digits>` of an event message; 0 when
/// it has no such id.
std::int64_t to_stamp(std::string_view message);

}  // namespace bench
