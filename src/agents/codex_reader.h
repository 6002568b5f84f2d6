#pragma once

#include <optional>
#include <string>

#include "agents/log_reader.h"

namespace agents {

/// Codex CLI's rollout JSONL: an envelope `timestamp`, `type`, `payload` a line; token counts are
/// running totals of the session. docs/formats.md, "Codex".
class CodexReader : public LogReader {
 public:
  CodexReader(const std::string& path, std::string default_model);

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

  std::string session_id_;
  bool has_meta_ = false;
  std::string default_model_;
  std::string working_directory_;
  std::string turn_model_;  // of the turn that goes on; empty: the default
  std::string turn_id_;
  std::string usage_id_;   // scratch
  std::string timestamp_;  // of the last line
  std::uint64_t ordinal_ = 0;
  bool has_given_ = false;
  Usage totals_;
  base::json::Document arguments_;
};

/// The session that a rollout file of this name belongs to when no line says so: the first UUID in
/// the name, else the name.
std::string codex_session_of(const std::string& path);

}  // namespace agents
