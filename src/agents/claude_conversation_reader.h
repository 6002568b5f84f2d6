#pragma once

#include <deque>
#include <optional>
#include <string>

#include "agents/log_reader.h"
#include "claude_line.h"
#include "held_record.h"
#include "waiting_calls.h"

namespace agents {

/// Claude Code's JSONL as a conversation. docs/formats.md, "Claude Code as a conversation".
///
/// The lines of one answer are put together, and its tokens counted once, whatever comes between
/// them; a tool's call waits for its result.
class ClaudeConversationReader : public LogReader {
 public:
  explicit ClaudeConversationReader(const std::string& path) : sessions_(path) {}

  void settle(const Sink& sink) override { give_answer(sink); }
  void finish(const Sink& sink) override;
  std::string save() const override;
  bool restore(std::string_view state) override;

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;

 private:
  static constexpr std::size_t kMaxTextBytes = std::size_t{64} << 10;  // of an answer
  static constexpr std::size_t kMaxAnswers = 8;

  /// What has been counted of an answer, should more lines of it come.
  struct Answer {
    std::string id;
    Usage usage;
  };

  void read_user(const Record& place, const base::json::Value& json, const Sink& sink);
  void read_results(const Record& place, const base::json::Value& content, const Sink& sink);
  void read_assistant(const Record& place, const base::json::Value& json, const Sink& sink);
  void read_calls(const Record& place, const base::json::Value& content, const Sink& sink);
  void read_system(const Record& place, const base::json::Value& json, const Sink& sink);
  void read_attachment(const Record& place, const base::json::Value& json, const Sink& sink);
  void add_to_answer(const Record& line, std::string_view text);
  void give_answer(const Sink& sink);

  ClaudeSessions sessions_;
  std::uint64_t lines_ = 0;
  bool has_begun_ = false;
  HeldRecord last_;                   // of the session: who speaks, and when; for its end
  std::optional<HeldRecord> answer_;  // that goes on
  std::string answer_id_;
  std::string answer_text_;
  std::deque<Answer> answers_;  // the last ones that were given
  WaitingCalls calls_;
};

}  // namespace agents
