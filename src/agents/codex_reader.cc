#include "codex_reader.h"

#include "agents/patch.h"
#include "json_fields.h"

namespace agents {
namespace {

constexpr std::string_view kState = "codex lines 1";
constexpr std::string_view kPatchTool = "apply_patch";

}  // namespace

void CodexReader::read(const Line& line, const Value& json, const Sink& sink) {
  timestamp_ = to_name(text_at(json, "timestamp"));
  const auto payload = object_at(json, "payload");
  if (!payload) return;
  const std::string_view type = text_at(json, "type");
  if (type == "session_meta") {
    read_meta(line, *payload, sink);
  } else if (type == "turn_context") {
    session_.read_turn(*payload);
  } else if (type == "event_msg" && text_at(*payload, "type") == "token_count") {
    read_tokens(line, *payload, sink);
  } else if (type == "response_item") {
    read_item(line, *payload, sink);
  }
}

void CodexReader::read_meta(const Line& line, const Value& payload, const Sink& sink) {
  const std::string_view cwd = text_at(payload, "cwd");
  if (session_.read_meta(payload) && timestamp_.empty())
    timestamp_ = to_name(text_at(payload, "timestamp"));
  Record record = record_at(line, Record::Kind::session_start);
  record.originator = text_at(payload, "originator");
  record.text = text_at(payload, "timestamp");
  record.working_directory = cwd;
  record.model = session_.default_model();
  if (const auto git = object_at(payload, "git")) record.branch = text_at(*git, "branch");
  record.parent_session_id = text_at(payload, "forked_from_id");
  give(record, sink);
}

void CodexReader::read_tokens(const Line& line, const Value& payload, const Sink& sink) {
  const auto usage = session_.step(payload);
  if (!usage) return;
  Record record = record_at(line, Record::Kind::usage);
  record.usage = usage;
  if (const auto model = text_at(*object_at(payload, "info"), "model"); !model.empty())
    record.model = model;
  usage_id_ = session_.step_id();
  record.message_id = usage_id_;
  record.ordinal = ordinal_++;
  give(record, sink);
}

void CodexReader::read_item(const Line& line, const Value& payload, const Sink& sink) {
  const std::string_view name = text_at(payload, "name");
  std::string_view patch;
  if (name == kPatchTool) {
    patch = text_at(payload, "input");
  } else if (name == "exec_command") {
    if (const auto arguments = text_at(payload, "arguments"); !arguments.empty())
      patch = codex_patch_in(arguments, arguments_);
  }
  if (patch.empty()) return;
  const auto summary = summarize_patch(patch);
  if (!summary) return;
  Record record = record_at(line, Record::Kind::patch);
  record.model = {};
  record.tool_name = kPatchTool;
  record.text = patch;
  record.ordinal = ordinal_++;
  give(record, sink);
}

void CodexReader::finish(const Sink& sink) {
  if (!has_given_) return;
  Record record;
  record.kind = Record::Kind::session_end;
  record.session_id = session_.id();
  record.working_directory = session_.working_directory();
  record.timestamp = timestamp_;
  record.usage = session_.totals();
  sink(record);
}

Record CodexReader::record_at(const Line& line, Record::Kind kind) const {
  Record record;
  record.kind = kind;
  record.offset = line.offset;
  record.index = line.index;
  record.is_cut = line.is_cut;
  record.session_id = session_.id();
  record.timestamp = timestamp_;
  record.working_directory = session_.working_directory();
  record.model = session_.model();
  return record;
}

void CodexReader::give(Record record, const Sink& sink) {
  has_given_ = true;
  sink(record);
}

std::string CodexReader::save() const {
  StateWriter state(kState);
  session_.save(state);
  state.text(timestamp_).number(static_cast<std::int64_t>(ordinal_)).number(has_given_);
  return state.take();
}

bool CodexReader::restore(std::string_view text) {
  StateReader state(text, kState);
  CodexSession session = session_;
  session.load(state);
  const std::string_view timestamp = state.text();
  const auto ordinal = static_cast<std::uint64_t>(state.number());
  const bool has_given = state.number() != 0;
  if (!state.is_whole()) return false;
  session_ = std::move(session);
  timestamp_ = timestamp;
  ordinal_ = ordinal;
  has_given_ = has_given;
  return true;
}

}  // namespace agents
