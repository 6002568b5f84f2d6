#pragma once

#include <map>
#include <string>

#include "agents/log_reader.h"
#include "held_record.h"
#include "waiting_calls.h"

namespace agents {

/// Copilot CLI's JSONL of events. docs/formats.md, "GitHub Copilot CLI".
class CopilotCliReader : public LogReader {
 public:
  explicit CopilotCliReader(const std::string& path);

  void finish(const Sink& sink) override { calls_.give_all(sink); }
  std::string save() const override;
  bool restore(std::string_view state) override;

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;

 private:
  using Value = base::json::Value;
  static constexpr std::size_t kMaxModels = 16;

  /// What a model's tokens were, so far as they have been told.
  struct Counted {
    Usage total;              // when the session ended last
    std::int64_t output = 0;  // of messages since then
  };

  void read_session(const Value& data);
  void read_call(Record call, const Value& data, const Sink& sink);
  void read_outcome(const Record& place, const Value& data, const Sink& sink);
  void read_answer(Record record, const Value& data, const Sink& sink);
  void read_end(Record record, const Value& data, const Sink& sink);
  Counted* counted(std::string_view model);

  std::string session_id_;
  std::string version_, working_directory_, branch_, model_;
  std::uint64_t lines_ = 0;
  std::map<std::string, Counted, std::less<>> counted_;
  WaitingCalls calls_;
};

}  // namespace agents
