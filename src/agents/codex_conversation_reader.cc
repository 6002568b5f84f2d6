#include "codex_conversation_reader.h"

#include <algorithm>
#include <charconv>

#include "agents/patch.h"
#include "agents/tools.h"
#include "base/text.h"
#include "json_fields.h"
#include "json_text.h"
#include "log_time.h"

namespace agents {
namespace {

constexpr std::string_view kState = "codex conversation 1";

/// What the program tells the model in the user's name.
bool is_envelope(std::string_view text) {
  static constexpr std::string_view kBegins[] = {
      "<environment_context>",
      "<user_instructions>",
      "<permissions",
      "<turn_aborted>",
      "<skill",
      "# AGENTS.md instructions",
      "<user_shell_command>",
  };
  text = base::trim(text);
  return std::any_of(std::begin(kBegins), std::end(kBegins),
                     [text](std::string_view begin) { return text.starts_with(begin); });
}

/// The patch of a call: as its input, or in the command of a shell.
std::string_view patch_of(std::string_view name, std::string_view text,
                          const std::optional<Value>& arguments) {
  if (name == "apply_patch") {
    const std::string_view input = arguments ? text_at(*arguments, "input") : std::string_view();
    return input.empty() ? text : input;
  }
  if (!arguments || !arguments->is(Kind::object)) return {};
  if (const auto cmd = text_at(*arguments, "cmd"); cmd.starts_with("apply_patch")) return cmd;
  const auto command = arguments->find("command");
  if (!command || !command->is(Kind::array)) return {};
  bool applies = false;
  for (const Value& word : command->elements()) {
    if (!word.is(Kind::string)) return {};
    if (applies || word.text().starts_with("apply_patch \n") ||
        word.text().starts_with("apply_patch <<"))
      return word.text();
    applies = word.text() == "apply_patch";
  }
  return {};
}

/// Whether what a shell wrote begins with the exit code of a command that failed.
bool says_failure(std::string_view output) {
  for (const std::string_view mark : {"Exit code: ", "Process exited with code "}) {
    const std::size_t at = output.substr(0, 512).find(mark);
    if (at == output.npos) continue;
    const std::string_view digits = output.substr(at + mark.size());
    int code = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), code);
    return code != 0;
  }
  return false;
}

bool is_failure(const Value& output) {
  if (const auto success = output.find("success"); success && success->is(Kind::boolean))
    return !success->truth();
  const auto metadata = object_at(output, "metadata");
  const auto code = metadata ? metadata->find("exit_code") : std::nullopt;
  return code && is_truthy(*code);
}

}  // namespace

void CodexConversationReader::read(const Line& line, const Value& json, const Sink& sink) {
  const std::string number = std::to_string(lines_++);
  if (!json.is(Kind::object)) return;
  Record place;
  place.offset = line.offset;
  place.index = line.index;
  place.is_cut = line.is_cut;
  place.type = text_at(json, "type");
  place.timestamp = text_at(json, "timestamp");
  place.at = time_at(json, "timestamp");
  // The oldest files have bare items, the session first.
  const auto member = object_at(json, "payload");
  const Value payload = member ? *member : json;
  const bool is_bare = !member;
  if (is_bare ? place.type.empty() && !text_at(json, "id").empty() : place.type == "session_meta")
    return read_meta(place, payload, sink);
  if (place.type == "turn_context") return session_.read_turn(payload);

  place.session_id = session_.id();
  place.working_directory = session_.working_directory();
  place.model = session_.model();
  place.client_version = about_.text_of(&Record::client_version);
  place.branch = about_.text_of(&Record::branch);
  const std::string id = (session_.turn_id().empty() ? "line" : session_.turn_id()) + ":" + number;
  place.native_id = id;
  if (is_bare || place.type == "response_item") return read_item(place, payload, sink);
  if (place.type == "event_msg") return read_event(place, payload, sink);
}

void CodexConversationReader::read_meta(const Record& place, const Value& payload,
                                        const Sink& sink) {
  if (!session_.read_meta(payload)) return;
  Record begin = place;
  begin.kind = Record::Kind::session_start;
  begin.native_id = "start";
  begin.session_id = session_.id();
  begin.parent_session_id = text_at(payload, "forked_from_id");
  if (const auto at = time_at(payload, "timestamp")) begin.at = at;
  begin.working_directory = session_.working_directory();
  begin.model = session_.model();
  begin.originator = text_at(payload, "originator");
  begin.client_version = text_at(payload, "cli_version");
  if (const auto git = object_at(payload, "git")) {
    begin.branch = text_at(*git, "branch");
    begin.repository_url = text_at(*git, "repository_url");
  }
  about_ = HeldRecord(begin);
  sink(begin);
}

void CodexConversationReader::read_event(const Record& place, const Value& payload,
                                         const Sink& sink) {
  const std::string_view type = text_at(payload, "type");
  if (type == "user_message") return hear_user(place, text_at(payload, "message"), true, sink);
  if (type == "agent_message") return hear_agent(place, text_at(payload, "message"), true, sink);
  if (type == "token_count") return read_tokens(place, payload, sink);
  if (type == "task_started" || type == "turn_started") {
    if (const auto turn = text_at(payload, "turn_id"); !turn.empty()) session_.set_turn_id(turn);
  } else if (type == "task_complete" || type == "turn_complete") {
    settle(sink);
  } else if (type == "turn_aborted" || type == "error" || type == "stream_error") {
    settle(sink);
    Record record = place;
    record.kind = Record::Kind::failure;
    record.is_error = true;
    record.text = text_at(payload, "message");
    if (record.text.empty()) record.text = text_at(payload, "reason");
    if (record.text.empty()) record.text = type;
    sink(record);
  }
}

void CodexConversationReader::read_item(const Record& place, const Value& payload,
                                        const Sink& sink) {
  const std::string_view type = text_at(payload, "type");
  if (type == "message") {
    const auto content = payload.find("content");
    const std::string text = content ? message_text(*content) : std::string();
    const std::string_view role = text_at(payload, "role");
    if (role == "user" && !is_envelope(text)) return hear_user(place, text, false, sink);
    if (role == "assistant") return hear_agent(place, text, false, sink);
  } else if (type.ends_with("_call_output")) {
    give_prompt(sink);
    read_output(place, payload, sink);
  } else if (type.ends_with("_call")) {
    give_prompt(sink);
    read_call(place, payload, sink);
  }
}

void CodexConversationReader::read_call(Record call, const Value& payload, const Sink& sink) {
  const std::string_view type = text_at(payload, "type");
  call.tool_name = text_at(payload, "name");
  if (call.tool_name.empty()) call.tool_name = type.substr(0, type.rfind("_call"));
  call.kind = kind_of_tool(Agent::codex, call.tool_name);
  call.tool_call_id = text_at(payload, "call_id");
  if (!call.tool_call_id.empty()) call.native_id = call.tool_call_id;

  std::string input;
  std::string_view patch;
  const std::string_view text = text_at(payload, payload.find("arguments") ? "arguments" : "input");
  if (!text.empty()) {
    const auto parsed = arguments_.parse(text);
    const std::optional<Value> arguments = parsed ? std::optional(*parsed) : std::nullopt;
    call.is_cut |= parsed ? append_input(input, *parsed) : append_input(input, text);
    patch = patch_of(call.tool_name, text, arguments);
  } else if (const auto action = payload.find("action")) {
    call.is_cut |= append_input(input, *action);
    patch = patch_of(call.tool_name, {}, action);
  }
  call.input_json = input;
  if (!patch.empty()) {
    if (const auto summary = summarize_patch(patch)) {
      call.kind = Record::Kind::file_modify;
      call.file_path = summary->file_path;
    }
  }
  // What the provider's own tools find is never written.
  const bool has_output = type == "function_call" || type == "custom_tool_call" ||
                          type == "local_shell_call" || type == "tool_search_call";
  if (call.tool_call_id.empty() || !has_output)
    sink(call);
  else
    calls_.add(call, sink);
}

void CodexConversationReader::read_output(const Record& place, const Value& payload,
                                          const Sink& sink) {
  const auto call = calls_.take(text_at(payload, "call_id"));
  if (!call) return;
  Record record = call->view();
  std::string output;
  const auto value = payload.find("output");
  if (value && value->is(Kind::string)) {
    const auto parsed = arguments_.parse(value->text());
    const bool is_json = parsed && (parsed->is(Kind::object) || parsed->is(Kind::array));
    record.is_cut |= is_json ? append_cut(output, *parsed) : append_cut(output, value->text());
    record.is_error =
        is_json ? parsed->is(Kind::object) && is_failure(*parsed) : says_failure(value->text());
  } else if (value) {
    record.is_cut |= append_cut(output, *value);
    record.is_error = value->is(Kind::object) && is_failure(*value);
  }
  record.is_cut |= place.is_cut;
  record.output_json = output;
  if (record.at && place.at && *place.at > *record.at)
    record.duration_ms = (*place.at - *record.at).count();
  sink(record);
}

void CodexConversationReader::read_tokens(const Record& place, const Value& payload,
                                          const Sink& sink) {
  give_prompt(sink);
  const auto info = object_at(payload, "info");
  if (!info) return;
  std::optional<Usage> usage = session_.step(payload);
  const auto last = object_at(*info, "last_token_usage");
  if (!object_at(*info, "total_token_usage") && last) usage = codex_usage_of(*last);
  if (!usage) return;
  if (!agent_.held) {
    Record record = place;
    record.kind = Record::Kind::response;
    agent_.held.emplace(record);
  }
  agent_.held->rest().usage = usage;
  agent_.held->set(&Record::message_id, session_.step_id());
  if (const auto model = text_at(*info, "model"); !model.empty())
    agent_.held->set(&Record::model, to_name(model));
  give_answer(sink);
}

void CodexConversationReader::hear_user(const Record& place, std::string_view text, bool is_event,
                                        const Sink& sink) {
  if (!is_event && user_.has_events) return;
  const bool is_repeated = is_event && user_.held && user_.is_of_item && !user_.has_events;
  user_.has_events |= is_event;
  if (is_repeated) user_.held.reset();
  give_prompt(sink);
  if (base::trim(text).empty()) return;
  Record record = place;
  record.kind = Record::Kind::prompt;
  record.text = text;
  if (is_event || text.size() > kMaxTextBytes) {  // too long to wait
    give_answer(sink);
    calls_.give_all(sink);
    sink(record);
    return;
  }
  user_.held.emplace(record);
  user_.is_of_item = true;
}

void CodexConversationReader::hear_agent(const Record& place, std::string_view text, bool is_event,
                                         const Sink& sink) {
  give_prompt(sink);
  if (!is_event && agent_.has_events) return;
  const bool is_repeated = is_event && agent_.held && agent_.is_of_item && !agent_.has_events;
  agent_.has_events |= is_event;
  if (is_repeated || base::trim(text).empty()) return;
  give_answer(sink);
  std::string shortened;
  if (text.size() > kMaxTextBytes)
    shortened = std::string(base::cut_utf8(text, kMaxTextBytes)).append(kCutMark);
  Record record = place;
  record.kind = Record::Kind::response;
  record.text = shortened.empty() ? text : shortened;
  record.is_cut |= !shortened.empty();
  agent_.held.emplace(record);
  agent_.is_of_item = !is_event;
}

void CodexConversationReader::give_prompt(const Sink& sink) {
  if (!user_.held) return;
  const HeldRecord prompt = std::move(*user_.held);
  user_.held.reset();
  give_answer(sink);
  calls_.give_all(sink);
  sink(prompt.view());
}

void CodexConversationReader::give_answer(const Sink& sink) {
  if (!agent_.held) return;
  const HeldRecord answer = std::move(*agent_.held);
  agent_.held.reset();
  sink(answer.view());
}

void CodexConversationReader::settle(const Sink& sink) {
  give_prompt(sink);
  give_answer(sink);
}

void CodexConversationReader::finish(const Sink& sink) {
  settle(sink);
  calls_.give_all(sink);
}

std::string CodexConversationReader::save() const {
  StateWriter state(kState);
  session_.save(state);
  state.number(static_cast<std::int64_t>(lines_));
  about_.save(state);
  for (const Speaker* speaker : {&user_, &agent_}) {
    state.number(speaker->held.has_value());
    if (speaker->held) speaker->held->save(state);
    state.number(speaker->has_events).number(speaker->is_of_item);
  }
  calls_.save(state);
  return state.take();
}

bool CodexConversationReader::restore(std::string_view text) {
  StateReader state(text, kState);
  CodexSession session = session_;
  session.load(state);
  const auto lines = static_cast<std::uint64_t>(state.number());
  HeldRecord about = HeldRecord::load(state);
  Speaker user, agent;
  for (Speaker* speaker : {&user, &agent}) {
    if (state.number() != 0) speaker->held = HeldRecord::load(state);
    speaker->has_events = state.number() != 0;
    speaker->is_of_item = state.number() != 0;
  }
  WaitingCalls calls = WaitingCalls::load(state);
  if (!state.is_whole()) return false;
  session_ = std::move(session);
  lines_ = lines;
  about_ = std::move(about);
  user_ = std::move(user);
  agent_ = std::move(agent);
  calls_ = std::move(calls);
  return true;
}

}  // namespace agents
