#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agents/record.h"
#include "base/json_reader.h"
#include "held_record.h"
#include "reader_state.h"

/// What both tellings of a Codex log need.
namespace agents {

/// The session that a rollout file of this name belongs to when no line says so: the first UUID in
/// the name, else the name.
std::string codex_session_of(const std::string& path);

/// Of total_token_usage or last_token_usage.
Usage codex_usage_of(const base::json::Value& json);

/// What the lines so far say of the session.
class CodexSession {
 public:
  CodexSession(const std::string& path, std::string default_model);

  /// The payload of a session_meta, of which the first one holds; true: this is it.
  bool read_meta(const base::json::Value& payload);
  /// The payload of a turn_context.
  void read_turn(const base::json::Value& payload);
  /// The payload of a token_count, running totals: what came since the last one; nothing when that
  /// is nothing.
  std::optional<Usage> step(const base::json::Value& payload);

  const std::string& id() const { return id_; }
  const std::string& working_directory() const { return working_directory_; }
  const std::string& turn_id() const { return turn_id_; }
  void set_turn_id(std::string_view id) { turn_id_ = to_name(id); }
  const std::string& default_model() const { return default_model_; }
  const std::string& model() const { return turn_model_.empty() ? default_model_ : turn_model_; }
  const Usage& totals() const { return totals_; }
  /// What tells the last step from all others, also in a fork, which begins with a copy of its
  /// parent's turns, token counts and all; empty outside a turn.
  std::string step_id() const;

  void save(StateWriter& state) const;
  void load(StateReader& state);

 private:
  std::string id_;
  bool has_meta_ = false;
  std::string default_model_;
  std::string working_directory_;
  std::string turn_model_;  // of the turn that goes on; empty: the default
  std::string turn_id_;
  Usage totals_;
};

/// The patch that `text` applies: what a shell is called with, as JSON with its command in `cmd` or
/// `command`. Empty when it applies none. Valid until `document` parses again.
std::string_view codex_patch_in(std::string_view text, base::json::Document& document);

}  // namespace agents
