#include "hook_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Kind;
using base::json::Value;
using base::json::Writer;

constexpr std::size_t kMaxId = 512;  // bytes

struct NamedKind {
  std::string_view name;  // without separators, lower case
  HookKind kind;
};
constexpr std::array<NamedKind, 9> kKinds = {{
    {"sessionstart", HookKind::session_start},
    {"sessionend", HookKind::session_end},
    {"stop", HookKind::stop},
    {"subagentstop", HookKind::subagent_stop},
    {"pretooluse", HookKind::pre_tool_use},
    {"posttooluse", HookKind::post_tool_use},
    {"userpromptsubmit", HookKind::user_prompt_submit},
    {"notification", HookKind::notification},
    {"instructionsloaded", HookKind::instructions_loaded},
}};

constexpr std::array<std::string_view, 5> kSensitiveEndings = {".env", ".pem", ".key",
                                                               ".credentials", ".secret"};

/// The string `name` of `object`; empty when there is none.
std::string_view text(const Value& object, std::string_view name) {
  if (!object.is(Kind::object)) return {};
  const auto value = object.find(name);
  return value && value->is(Kind::string) ? value->text() : std::string_view();
}

std::string_view last_component(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

std::int64_t newlines(std::string_view lines) {
  return std::count(lines.begin(), lines.end(), '\n');
}

/// Builds the one event of a hook: what all have first, then `metadata`.
class EventWriter {
 public:
  struct Names {
    std::string_view agent_type, session, cwd;
  };
  struct Fields {
    std::string_view event_type;
    std::string_view tool = {}, model = {}, status = {};
    std::string id = {};  // empty: a new one
  };

  EventWriter(const Names& names, const Fields& fields, const HookSurroundings& surroundings) {
    json_.begin_object();
    const bool has_id = !fields.id.empty() && fields.id.size() <= kMaxId;
    json_.key("event_id").value(has_id ? fields.id : "hook-" + surroundings.new_id());
    json_.key("session_id").value(base::cut_utf8(names.session, kMaxHookText));
    json_.key("agent_type").value(names.agent_type).key("event_type").value(fields.event_type);
    optional("status", fields.status);
    optional("tool_name", fields.tool);
    optional("project", last_component(names.cwd));
    if (!names.cwd.empty()) optional("branch", surroundings.branch_of(std::string(names.cwd)));
    optional("model", fields.model);
    json_.key("source").value("hook");
    json_.key("client_timestamp").value(base::to_iso_ms(surroundings.now));
    json_.key("metadata").begin_object();
  }
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  /// Nothing for an empty text.
  EventWriter& optional(std::string_view name, std::string_view value) {
    if (!value.empty()) json_.key(name).value(base::cut_utf8(value, kMaxHookText));
    return *this;
  }
  EventWriter& number(std::string_view name, std::int64_t value) {
    json_.key(name).value(value);
    return *this;
  }
  EventWriter& truth(std::string_view name) {
    json_.key(name).value(true);
    return *this;
  }
  /// The strings of an array, as many as fit.
  EventWriter& texts(std::string_view name, const std::optional<Value>& array) {
    if (!array || !array->is(Kind::array)) return *this;
    json_.key(name).begin_array();
    std::size_t left = kMaxHookText;
    for (const Value& element : array->elements()) {
      if (!element.is(Kind::string)) continue;
      const std::string_view part = base::cut_utf8(element.text(), left);
      json_.value(part);
      left -= std::min(left, part.size() + 1);
      if (left == 0) break;
    }
    json_.end_array();
    return *this;
  }
  std::string take() {
    json_.end_object().end_object();
    return std::move(out_);
  }

 private:
  std::string out_;
  Writer json_{out_};
};

/// One call of a hook of Claude Code.
class ClaudeHook {
 public:
  ClaudeHook(const Value& input, const HookSurroundings& surroundings)
      : input_(input),
        tool_input_(input.find("tool_input").value_or(input)),
        has_tool_input_(input.find("tool_input").has_value()),
        surroundings_(surroundings),
        names_{"claude_code", base::trim(text(input, "session_id")), text(input, "cwd")} {}

  Result<HookOutcome> outcome(HookKind kind) const {
    HookOutcome outcome;
    if (kind == HookKind::pre_tool_use) {
      outcome = before_tool();
    } else {
      outcome.event = event(kind);
    }
    if (!names_.session.empty()) return outcome;
    if (outcome.refusal.empty())
      return Error{Errc::invalid_argument, "the hook's input tells no session_id"};
    outcome.event.clear();  // no server would take it; the refusal holds
    return outcome;
  }

 private:
  std::string event(HookKind kind) const {
    switch (kind) {
      case HookKind::session_start:
        return session_start();
      case HookKind::stop:
      case HookKind::session_end:
        return start({"session_end"}).optional("reason", text(input_, "reason")).take();
      case HookKind::subagent_stop:
        return start({"response"})
            .optional("notification_type", "subagent_stop")
            .optional("agent_id", text(input_, "agent_id"))
            .take();
      case HookKind::post_tool_use:
        return after_tool();
      case HookKind::user_prompt_submit:
        if (text(input_, "prompt").empty()) return {};
        return start({"user_prompt"}).optional("message", text(input_, "prompt")).take();
      case HookKind::notification:
        return start({"response"})
            .optional("notification_type", text(input_, "notification_type"))
            .optional("message", text(input_, "message"))
            .take();
      case HookKind::instructions_loaded:
        return instructions_loaded();
      case HookKind::pre_tool_use:
        break;
    }
    return {};
  }

  std::string session_start() const {
    EventWriter::Fields fields{"session_start"};
    fields.model = text(input_, "model");
    auto event = start(fields);
    event.optional("hook_source", text(input_, "source"));
    if (surroundings_.are_instructions_told) event.truth("instruction_load_instrumented");
    return event.take();
  }

  HookOutcome before_tool() const {
    HookOutcome outcome;
    if (!surroundings_.is_safety_on) return outcome;
    const std::string_view command = of_tool("command"), file = of_tool("file_path");
    EventWriter::Fields fields{"tool_use", tool()};
    if (tool() == "Bash" && is_destructive(command)) {
      fields.event_type = "error", fields.status = "error", fields.id = id("blocked");
      auto event = start(fields);
      event.truth("blocked").optional("reason", "destructive_command");
      event.optional("command", command);
      outcome.event = event.take();
      outcome.refusal = fmt::format("AgentMonitor: Blocked destructive command: {}", command);
    } else if (is_sensitive(file)) {
      fields.id = id("pre");
      auto event = start(fields);
      event.truth("security_warning").optional("reason", "sensitive_file_access");
      event.optional("file_path", file);
      outcome.event = event.take();
    }
    return outcome;
  }

  std::string after_tool() const {
    EventWriter::Fields fields{"tool_use", tool()};
    fields.id = id("post");
    auto event = start(fields);
    event.optional("tool_use_id", text(input_, "tool_use_id"));
    for (const std::string_view name : {"command", "file_path", "pattern", "query", "url"})
      event.optional(name, of_tool(name));
    if (tool() == "Write") {
      event.number("lines_added", newlines(of_tool("content")));
    } else if (tool() == "Edit" || tool() == "MultiEdit") {
      event.number("lines_added", edited_lines("new_string"));
      event.number("lines_removed", edited_lines("old_string"));
    }
    return event.take();
  }

  std::string instructions_loaded() const {
    auto event = start({"instruction_load"});
    for (const std::string_view name : {"file_path", "memory_type", "load_reason"})
      event.optional(name, text(input_, name));
    const auto globs = input_.find("globs");
    if (globs && globs->is(Kind::string)) {
      event.optional("globs", globs->text());
    } else {
      event.texts("globs", globs);
    }
    for (const std::string_view name : {"trigger_file_path", "parent_file_path"})
      event.optional(name, text(input_, name));
    return event.take();
  }

  std::int64_t edited_lines(std::string_view name) const {
    std::int64_t lines = newlines(of_tool(name));
    if (!has_tool_input_ || !tool_input_.is(Kind::object)) return lines;
    const auto edits = tool_input_.find("edits");
    if (!edits || !edits->is(Kind::array)) return lines;
    for (const Value& edit : edits->elements()) lines += newlines(text(edit, name));
    return lines;
  }

  EventWriter start(const EventWriter::Fields& fields) const {
    return EventWriter(names_, fields, surroundings_);
  }
  std::string_view tool() const { return text(input_, "tool_name"); }
  std::string_view of_tool(std::string_view name) const {
    return has_tool_input_ ? text(tool_input_, name) : std::string_view();
  }
  /// The same for the same use of a tool, so that telling it twice is harmless.
  std::string id(std::string_view what) const {
    const std::string_view use = base::trim(text(input_, "tool_use_id"));
    if (use.empty()) return {};
    return fmt::format("hook-{}-{}-{}", names_.session, use, what);
  }

  const Value& input_;
  const Value tool_input_;
  const bool has_tool_input_;
  const HookSurroundings& surroundings_;
  const EventWriter::Names names_;
};

Result<Value> parse_object(base::json::Document& document, std::string_view input) {
  TRY(const Value value, document.parse(input));
  if (!value.is(Kind::object))
    return Error{Errc::invalid_argument, "the hook's input is no JSON object"};
  return value;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// `--force`, or letters with an `f` among them behind one dash.
bool is_forcing_option(std::string_view word) {
  if (word == "--force") return true;
  if (!word.starts_with('-') || word.find('f') == word.npos) return false;
  return std::all_of(word.begin() + 1, word.end(), is_letter);
}

bool is_everything(std::string_view word) { return word == "/" || word == "~" || word == "$HOME"; }

}  // namespace

std::optional<HookKind> parse_hook_kind(std::string_view name) {
  std::string plain = base::to_lower(name);
  std::erase_if(plain, [](char c) { return c == '-' || c == '_'; });
  for (const NamedKind& known : kKinds)
    if (known.name == plain) return known.kind;
  return std::nullopt;
}

Result<HookOutcome> parse_claude_hook(std::string_view input, std::optional<HookKind> kind,
                                      const HookSurroundings& surroundings) {
  base::json::Document document;
  TRY(const Value object, parse_object(document, input));
  if (!kind) kind = parse_hook_kind(text(object, "hook_event_name"));
  if (!kind) return HookOutcome{};
  return ClaudeHook(object, surroundings).outcome(*kind);
}

Result<HookOutcome> parse_codex_notification(std::string_view input,
                                             const HookSurroundings& surroundings) {
  base::json::Document document;
  TRY(const Value object, parse_object(document, input));
  if (text(object, "type") != "agent-turn-complete") return HookOutcome{};
  const std::string_view thread = base::trim(text(object, "thread-id"));
  const std::string_view turn = base::trim(text(object, "turn-id"));
  if (thread.empty())
    return Error{Errc::invalid_argument, "the notification of Codex tells no thread-id"};
  EventWriter::Fields fields{"response"};
  if (!turn.empty()) fields.id = fmt::format("hook-{}-{}-turn", thread, turn);
  EventWriter event({"codex", thread, text(object, "cwd")}, fields, surroundings);
  event.optional("notification_type", "agent-turn-complete").optional("turn_id", turn);
  event.optional("message", text(object, "last-assistant-message"));
  event.texts("input_messages", object.find("input-messages"));
  return HookOutcome{event.take(), {}};
}

/// One pass over the words; `rm` counts also at the end of a longer word, as in `/bin/rm`.
bool is_destructive(std::string_view command) {
  bool follows_rm = false;  // with nothing but forcing options since
  std::size_t at = 0;
  while (at < command.size()) {
    if (is_space(command[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < command.size() && !is_space(command[end])) ++end;
    const std::string_view word = command.substr(at, end - at);
    if (follows_rm && is_everything(word)) return true;
    follows_rm = word.ends_with("rm") || (follows_rm && is_forcing_option(word));
    at = end;
  }
  return false;
}

bool is_sensitive(std::string_view file_path) {
  return std::any_of(kSensitiveEndings.begin(), kSensitiveEndings.end(),
                     [&](std::string_view ending) { return file_path.ends_with(ending); });
}

}  // namespace app
