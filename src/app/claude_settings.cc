#include "claude_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using base::json::Kind;
using base::json::Value;

constexpr int kTimeout = 10;  // seconds that Claude Code gives a hook

constexpr std::array<std::string_view, 7> kScripts = {
    "session_start",      "session_end",  "pre_tool_use",       "post_tool_use",
    "user_prompt_submit", "notification", "instructions_loaded"};

/// JSON for people: two spaces a level, members in their order, numbers as they were written.
class Pretty {
 public:
  Pretty& open(char bracket) {
    separate();
    out_ += bracket;
    ++depth_, is_first_ = true;
    return *this;
  }
  Pretty& close(char bracket) {
    --depth_;
    if (!is_first_) line();
    out_ += bracket;
    is_first_ = false;
    return *this;
  }
  Pretty& key(std::string_view name) {
    separate();
    base::json::append_string(out_, name);
    out_ += ": ";
    has_key_ = true;
    return *this;
  }
  Pretty& text(std::string_view value) {
    separate();
    base::json::append_string(out_, value);
    return *this;
  }
  Pretty& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }
  Pretty& value(const Value& value) {
    switch (value.kind()) {
      case Kind::null:
        return raw("null");
      case Kind::boolean:
        return raw(value.truth() ? "true" : "false");
      case Kind::number:
        return raw(value.text());
      case Kind::string:
        return text(value.text());
      case Kind::array:
        open('[');
        for (const Value& element : value.elements()) this->value(element);
        return close(']');
      case Kind::object:
        open('{');
        for (const auto& [name, member] : value.members()) key(name).value(member);
        return close('}');
    }
    return *this;
  }
  std::string take() { return std::move(out_) + "\n"; }

 private:
  void separate() {
    if (!has_key_ && depth_ > 0) {
      if (!is_first_) out_ += ',';
      line();
    }
    is_first_ = has_key_ = false;
  }
  void line() {
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  std::string out_;
  std::size_t depth_ = 0;
  bool is_first_ = true, has_key_ = false;
};

/// The path, with quotes removed, that a command runs first: behind `NAME=value` words.
std::vector<std::string> words(std::string_view command) {
  std::vector<std::string> found;
  std::string word;
  char quote = 0;
  bool has_word = false;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (has_word) found.push_back(std::exchange(word, {}));
      has_word = false;
      continue;
    }
    has_word = true;
    if (quote == c) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != '\'' && c == '\\' && i + 1 < command.size()) {
      word += command[++i];
    } else {
      word += c;
    }
  }
  if (has_word) found.push_back(word);
  return found;
}

bool is_assignment(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos || equals == 0) return false;
  return word.substr(0, equals).find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789abcdefghijklmnopqrstuvwxyz") == word.npos;
}

bool is_our_script(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos || !path.substr(0, slash).ends_with("hooks/claude-code")) return false;
  std::string_view name = path.substr(slash + 1);
  if (name.ends_with(".sh") || name.ends_with(".py")) name.remove_suffix(3);
  return std::find(kScripts.begin(), kScripts.end(), name) != kScripts.end();
}

bool is_ours(const Value& entry) {
  const auto command = entry.is(Kind::object) ? entry.find("command") : std::nullopt;
  if (!command || !command->is(Kind::string)) return false;
  std::vector<std::string> parts = words(command->text());
  const auto begin = std::find_if_not(parts.begin(), parts.end(), is_assignment);
  if (begin == parts.end()) return false;
  const std::string_view program = std::string_view(*begin).substr(begin->rfind('/') + 1);
  if (program == "sightline") return begin + 1 != parts.end() && begin[1] == "hook";
  return std::any_of(begin, parts.end(), is_our_script);
}

bool is_ours_in(const Value& group) {
  const auto hooks = group.is(Kind::object) ? group.find("hooks") : std::nullopt;
  if (!hooks || !hooks->is(Kind::array)) return false;
  const auto all = hooks->elements();
  for (const Value& entry : all)
    if (is_ours(entry)) return true;
  return false;
}

/// Whether a group has entries of others; one without any entry at all is another's too.
bool is_foreign_in(const Value& group) {
  const auto hooks = group.is(Kind::object) ? group.find("hooks") : std::nullopt;
  if (!hooks || !hooks->is(Kind::array) || hooks->size() == 0) return true;
  for (const Value& entry : hooks->elements())
    if (!is_ours(entry)) return true;
  return false;
}

void write_foreign(Pretty& json, const Value& group) {
  if (!is_ours_in(group)) {
    json.value(group);
    return;
  }
  json.open('{');
  for (const auto& [name, member] : group.members()) {
    json.key(name);
    if (name != "hooks" || !member.is(Kind::array)) {
      json.value(member);
      continue;
    }
    json.open('[');
    for (const Value& entry : member.elements())
      if (!is_ours(entry)) json.value(entry);
    json.close(']');
  }
  json.close('}');
}

void write_entry(Pretty& json, const HookEntry& entry) {
  json.open('{');
  if (entry.has_matcher) json.key("matcher").text(entry.matcher);
  json.key("hooks").open('[').open('{').key("type").text("command");
  json.key("command").text(entry.command);
  json.key("async").raw(entry.is_async ? "true" : "false");
  json.key("timeout").raw(std::to_string(kTimeout));
  if (!entry.status_message.empty()) json.key("statusMessage").text(entry.status_message);
  json.close('}').close(']').close('}');
}

/// The groups of one hook: those of others, then ours. Writes nothing when none is left that was
/// ours alone.
void write_hook(Pretty& json, std::string_view name, const std::optional<Value>& groups,
                const std::vector<HookEntry>& entries) {
  const auto is_of_hook = [&](const HookEntry& entry) { return entry.hook == name; };
  std::size_t left =
      static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), is_of_hook));
  bool had_ours = false;
  if (groups) {
    for (const Value& group : groups->elements()) {
      left += is_foreign_in(group);
      had_ours = had_ours || is_ours_in(group);
    }
  }
  if (left == 0 && had_ours) return;
  json.key(name).open('[');
  if (groups) {
    for (const Value& group : groups->elements())
      if (is_foreign_in(group)) write_foreign(json, group);
  }
  for (const HookEntry& entry : entries)
    if (is_of_hook(entry)) write_entry(json, entry);
  json.close(']');
}

/// Whether nothing is left of `hooks` once ours are gone, and something was.
bool vanishes(const Value& hooks, const std::vector<HookEntry>& entries) {
  if (!entries.empty() || hooks.size() == 0) return false;
  for (const auto& [name, groups] : hooks.members()) {
    if (groups.size() == 0) return false;
    for (const Value& group : groups.elements())
      if (is_foreign_in(group)) return false;
  }
  return true;
}

void write_hooks(Pretty& json, const std::optional<Value>& hooks,
                 const std::vector<HookEntry>& entries) {
  std::vector<std::string> written;
  json.open('{');
  if (hooks) {
    for (const auto& [name, groups] : hooks->members()) {
      write_hook(json, name, groups, entries);
      written.emplace_back(name);
    }
  }
  for (const HookEntry& entry : entries) {
    if (std::find(written.begin(), written.end(), entry.hook) != written.end()) continue;
    write_hook(json, entry.hook, std::nullopt, entries);
    written.push_back(entry.hook);
  }
  json.close('}');
}

Result<void> check(const Value& settings) {
  const auto wrong = [](std::string_view what) {
    return Error{Errc::invalid_argument, std::string(what)};
  };
  if (!settings.is(Kind::object)) return wrong("must be a JSON object");
  std::vector<std::string_view> seen;
  const auto is_again = [](std::vector<std::string_view>& names, std::string_view name) {
    const bool again = std::find(names.begin(), names.end(), name) != names.end();
    names.push_back(name);
    return again;
  };
  for (const auto& [name, value] : settings.members())
    if (name == "hooks" && is_again(seen, name)) return wrong("has hooks twice");
  const auto hooks = settings.find("hooks");
  if (!hooks) return {};
  if (!hooks->is(Kind::object)) return wrong("hooks must be an object");
  seen.clear();
  for (const auto& [name, groups] : hooks->members()) {
    if (is_again(seen, name)) return wrong(fmt::format("has hooks.{} twice", name));
    if (!groups.is(Kind::array)) return wrong(fmt::format("hooks.{} must be an array", name));
  }
  return {};
}

}  // namespace

Result<std::string> with_hooks(std::string_view settings, const std::vector<HookEntry>& entries) {
  if (base::trim(settings).empty()) settings = "{}";
  base::json::Document document;
  TRY(const Value root, document.parse(settings));
  TRY_OK(check(root));
  const auto hooks = root.find("hooks");
  Pretty json;
  json.open('{');
  for (const auto& [name, member] : root.members()) {
    if (name != "hooks") {
      json.key(name).value(member);
    } else if (!vanishes(member, entries)) {
      write_hooks(json.key(name), hooks, entries);
    }
  }
  if (!hooks && !entries.empty()) write_hooks(json.key("hooks"), std::nullopt, entries);
  json.close('}');
  return json.take();
}

Result<std::string> formatted(std::string_view settings) {
  if (base::trim(settings).empty()) settings = "{}";
  base::json::Document document;
  TRY(const Value root, document.parse(settings));
  Pretty json;
  json.value(root);
  return json.take();
}

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace app
