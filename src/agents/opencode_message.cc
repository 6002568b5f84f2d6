#include "agents/tools.h"
#include "draft.h"
#include "json_fields.h"
#include "opencode_reader.h"
#include "record_values.h"

namespace agents {
namespace {

using RecordKind = Record::Kind;

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;  // of all parts together

std::optional<base::Time> time_in(const Value& object, std::string_view key) {
  const auto time = object_at(object, "time");
  return time ? time_at(*time, key) : std::nullopt;
}

Usage usage_of(const Value& tokens) {
  Usage usage;
  usage.input = count_at(tokens, "input");
  usage.reasoning = count_at(tokens, "reasoning");
  usage.output = count_at(tokens, "output") + usage.reasoning;
  if (const auto cache = object_at(tokens, "cache")) {
    usage.cache_read = count_at(*cache, "read");
    usage.cache_write = count_at(*cache, "write");
  }
  return usage;
}

/// The records of one message.
class Teller {
 public:
  Teller(const OpenCodeSession& session, const OpenCodeMessage& message, const Value& data,
         const DocumentReader::Sink& sink)
      : session_(session), message_(message), data_(data), sink_(sink) {
    model_ = text_at(data, "modelID");
    if (const auto model = object_at(data, "model")) model_ = text_at(*model, "modelID");
    directory_ = session.directory;
    if (const auto path = object_at(data, "path"))
      if (const auto cwd = text_at(*path, "cwd"); !cwd.empty()) directory_ = cwd;
    created_ = time_in(data, "created");
    if (!created_) created_ = to_time(static_cast<double>(message.created));
  }

  void tell_part(const std::string& id, const Value& part) {
    const std::string_view type = text_at(part, "type");
    if (type == "tool") {
      tell_tool(id, part);
    } else if (type == "text" && text_.size() < kMaxTextBytes) {
      // A text that OpenCode put there itself was not said by anyone.
      const auto mark = part.find("synthetic");
      const std::string_view text = text_at(part, "text");
      if (text.empty() || (mark && is_truthy(*mark))) return;
      if (!text_.empty()) text_ += '\n';
      text_ += text;
    }
  }

  void tell_message() {
    const std::string_view role = text_at(data_, "role");
    const auto completed = time_in(data_, "completed");
    const auto tokens = object_at(data_, "tokens");
    if (role == "user" && !text_.empty()) {
      Draft draft(RecordKind::prompt, message_.id);
      draft.record.text = text_;
      give(draft, created_);
    } else if (role == "assistant" && completed && (!text_.empty() || tokens)) {
      Draft draft(RecordKind::response, message_.id);
      draft.record.text = text_;
      if (tokens) draft.record.usage = usage_of(*tokens);
      if (const auto cost = data_.find("cost"); cost && cost->is(Kind::number))
        if (const double usd = cost->to_double(); usd > 0 && usd < kMostUsd)
          draft.record.cost_usd = usd;
      if (created_ && *completed > *created_)
        draft.record.duration_ms = (*completed - *created_).count();
      give(draft, completed);
    }
    if (const auto error = object_at(data_, "error")) tell_error(*error);
  }

 private:
  static constexpr double kMostUsd = 1e9;  // of a message; more is no cost

  void tell_tool(const std::string& id, const Value& part) {
    const auto state = object_at(part, "state");
    const std::string_view status = state ? text_at(*state, "status") : std::string_view();
    if (status != "completed" && status != "error") return;
    const std::string_view name = text_at(part, "tool");
    Draft draft(kind_of_tool(Agent::opencode, name), id);
    Record& record = draft.record;
    record.tool_name = name;
    record.tool_call_id = text_at(part, "callID");
    record.is_error = status == "error";
    if (const auto input = state->find("input")) {
      record.input_json = draft.keep(to_cut_json(*input));
      record.file_path = file_in(*input);
    }
    if (const auto output = state->find(record.is_error ? "error" : "output"))
      record.output_json = draft.keep(to_cut_json(*output));
    const auto start = time_in(*state, "start"), end = time_in(*state, "end");
    if (start && end && *end > *start) record.duration_ms = (*end - *start).count();
    give(draft, start ? start : created_);
  }

  void tell_error(const Value& error) {
    const auto details = object_at(error, "data");
    std::string_view text = details ? text_at(*details, "message") : std::string_view();
    if (text.empty()) text = text_at(error, "message");
    if (text.empty()) text = text_at(error, "name");
    Draft draft(RecordKind::failure, message_.id + "#error");
    draft.record.text = text;
    draft.record.is_error = true;
    const auto completed = time_in(data_, "completed");
    give(draft, completed ? completed : created_);
  }

  void give(Draft& draft, std::optional<base::Time> at) {
    draft.record.session_id = session_.id;
    draft.record.parent_session_id = session_.parent;
    draft.record.working_directory = directory_;
    draft.record.model = model_;
    draft.record.at = at;
    draft.give(sink_);
  }

  const OpenCodeSession& session_;
  const OpenCodeMessage& message_;
  const Value& data_;
  const DocumentReader::Sink& sink_;
  std::string_view model_, directory_;
  std::optional<base::Time> created_;
  std::string text_;
};

}  // namespace

void give_session(const OpenCodeSession& session, const DocumentReader::Sink& sink) {
  Draft draft(RecordKind::session_start, session.id);
  draft.record.session_id = session.id;
  draft.record.parent_session_id = session.parent;
  draft.record.working_directory = session.directory;
  draft.record.at = to_time(static_cast<double>(session.created));
  draft.give(sink);
}

void give_message(const OpenCodeSession& session, const OpenCodeMessage& message,
                  const DocumentReader::Sink& sink, ReadCounts& counts) {
  ++counts.lines;
  base::json::Document document, part_document;
  const auto data = document.parse(message.data);
  if (!data) {
    ++counts.broken;
    return;
  }
  Teller teller(session, message, *data, sink);
  for (const auto& [id, text] : message.parts) {
    const auto part = part_document.parse(text);
    if (part)
      teller.tell_part(id, *part);
    else
      ++counts.broken;
  }
  teller.tell_message();
}

}  // namespace agents
