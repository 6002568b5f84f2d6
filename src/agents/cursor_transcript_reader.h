#pragma once

#include <deque>
#include <string>

#include "agents/document_reader.h"
#include "agents/log_reader.h"

namespace agents {

/// Transcripts of Cursor's agent, JSONL: what was said and done, without times, models or tokens.
/// docs/formats.md, "Cursor".
class CursorTranscriptReader : public LogReader {
 public:
  explicit CursorTranscriptReader(const std::string& path);

  void settle(const Sink& sink) override;
  void finish(const Sink& sink) override { settle(sink); }
  std::string save() const override;
  bool restore(std::string_view state) override;

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;

 private:
  /// A call whose result has not come.
  struct Call {
    std::uint64_t offset = 0, index = 0;
    std::string native_id, call_id, name, input;

    /// What it takes in a saved state at most.
    std::size_t state_bytes() const;
  };
  void read_block(const Line& line, const base::json::Value& block, const std::string& id,
                  const Sink& sink);
  void give(const Call& call, std::string_view output, bool is_error, const Sink& sink) const;

  std::string parent_, session_id_;  // in this order: the second finds the first
  std::deque<Call> calls_;
  std::size_t call_bytes_ = 0;  // state_bytes() of all; at most kMaxStateBytes
};

/// The older transcripts: blocks of text under `user:` and `assistant:`.
class CursorTextReader : public DocumentReader {
 public:
  base::Result<void> read(const std::string& path, const Sink& sink,
                          const std::atomic<bool>& stopping) override;
};

/// What the user typed, out of the tags that Cursor puts around it.
std::string_view inside_user_query(std::string_view text);

}  // namespace agents
