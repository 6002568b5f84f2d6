#pragma once

#include <optional>
#include <string>

#include "agents/log_reader.h"
#include "codex_session.h"

namespace agents {

/// Codex CLI's rollout JSONL: an envelope `timestamp`, `type`, `payload` a line; token counts are
/// running totals of the session. docs/formats.md, "Codex".
class CodexReader : public LogReader {
 public:
  CodexReader(const std::string& path, std::string default_model)
      : session_(path, std::move(default_model)) {}

  std::string save() const override;
  bool restore(std::string_view state) override;

  void finish(const Sink& sink) override;

 protected:
  void read(const Line& line, const base::json::Value& json, const Sink& sink) override;
  void pass_over() override { timestamp_.clear(); }

 private:
  Record record_at(const Line& line, Record::Kind kind) const;
  void read_meta(const Line& line, const base::json::Value& payload, const Sink& sink);
  void read_tokens(const Line& line, const base::json::Value& payload, const Sink& sink);
  void read_item(const Line& line, const base::json::Value& payload, const Sink& sink);
  void give(Record record, const Sink& sink);

  CodexSession session_;
  std::string usage_id_;   // scratch
  std::string timestamp_;  // of the last line
  std::uint64_t ordinal_ = 0;
  bool has_given_ = false;
  base::json::Document arguments_;
};

}  // namespace agents
