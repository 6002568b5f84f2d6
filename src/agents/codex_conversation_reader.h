#pragma once

#include <optional>
#include <string>

#include "agents/log_reader.h"
#include "codex_session.h"
#include "held_record.h"
#include "waiting_calls.h"

namespace agents {

/// Codex CLI's rollout JSONL as a conversation. docs/formats.md, "Codex as a conversation".
///
/// What is said stands there twice, as an event and as an item. The events count once there is one;
/// what an item says waits until the next line shows whether an event repeats it. An answer waits
/// for its token count; a call for its output.
class CodexConversationReader : public LogReader {
 public:
  CodexConversationReader(const std::string& path, std::string model)
      : session_(path, std::move(model)) {}

  void settle(const Sink& sink) override;
  void finish(const Sink& sink) override;
  std::string save() const override;
  bool restore(std::string_view state) override;

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;

 private:
  using Value = base::json::Value;
  static constexpr std::size_t kMaxTextBytes = std::size_t{36} << 10;  // of what waits

  /// Of the one who speaks: what was said last, unless it has been given, and whether by an event.
  struct Speaker {
    std::optional<HeldRecord> held;
    bool has_events = false;
    bool is_of_item = false;  // `held`
  };

  void read_meta(const Record& place, const Value& payload, const Sink& sink);
  void read_event(const Record& place, const Value& payload, const Sink& sink);
  void read_item(const Record& place, const Value& payload, const Sink& sink);
  void read_call(Record call, const Value& payload, const Sink& sink);
  void read_output(const Record& place, const Value& payload, const Sink& sink);
  void read_tokens(const Record& place, const Value& payload, const Sink& sink);
  void hear_user(const Record& place, std::string_view text, bool is_event, const Sink& sink);
  void hear_agent(const Record& place, std::string_view text, bool is_event, const Sink& sink);
  void give_prompt(const Sink& sink);
  void give_answer(const Sink& sink);

  CodexSession session_;
  std::uint64_t lines_ = 0;
  HeldRecord about_;  // the session: version, branch
  Speaker user_, agent_;
  WaitingCalls calls_;
  base::json::Document arguments_;
};

}  // namespace agents
