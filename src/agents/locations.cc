#include "agents/locations.h"

#include <algorithm>
#include <cctype>

#include "agents/discovery.h"

namespace agents {
namespace {

struct Name {
  Agent agent;
  std::string_view short_name, adapter_name;
};
// In the order of outputs.
constexpr Name kNames[] = {
    {Agent::copilot, "copilot", "github-copilot"},
    {Agent::claude_code, "claude", "claude"},
    {Agent::cursor, "cursor", "cursor"},
    {Agent::aider, "aider", "aider"},
    {Agent::cline, "cline", "cline"},
    {Agent::codex, "codex", "codex"},
    {Agent::gemini, "gemini", "gemini"},
    {Agent::generic, "generic", "generic"},
    {Agent::opencode, "opencode", "opencode"},
};

/// The folders that patterns begin with; some are several, or none on a system.
enum class Base : std::uint8_t {
  home,
  config,       // Linux: $XDG_CONFIG_HOME
  data,         // Linux: $XDG_DATA_HOME
  any_data,     // the same, on all systems
  support,      // Mac: ~/Library/Application Support
  roaming,      // Windows: %APPDATA%
  local,        // Windows: %LOCALAPPDATA%
  mac_home,     // home, on a Mac only
  unix_home,    // home, but on Windows
  code_user,    // of VS Code, its Insiders, VSCodium and their remote hosts
  cursor_user,  // the same of Cursor
  claude,       // of Claude Code; there may be several
  codex,
};

struct Row {
  Agent agent;
  Base base;
  std::string_view tail;
  std::optional<Format> format;
};
const Row kRows[] = {
    {Agent::copilot, Base::code_user, "workspaceStorage/*/chatSessions", {}},
    {Agent::copilot, Base::code_user, "globalStorage/emptyWindowChatSessions", {}},
    {Agent::copilot, Base::code_user, "globalStorage/transferredChatSessions", {}},
    {Agent::copilot, Base::home, ".copilot/session-state", Format::copilot_cli},

    {Agent::claude_code, Base::claude, "projects", Format::claude_code},
    {Agent::claude_code, Base::unix_home, ".claude/logs", {}},
    {Agent::claude_code, Base::support, "Claude/logs", {}},
    {Agent::claude_code, Base::mac_home, "Library/Logs/Claude", {}},
    {Agent::claude_code, Base::config, "claude/logs", {}},
    {Agent::claude_code, Base::data, "claude/logs", {}},
    {Agent::claude_code, Base::roaming, "Claude/logs", {}},
    {Agent::claude_code, Base::local, "Claude/logs", {}},

    {Agent::cursor, Base::cursor_user, "globalStorage/state.vscdb", Format::cursor_state},
    {Agent::cursor, Base::cursor_user, "workspaceStorage/*/state.vscdb", Format::cursor_workspace},
    {Agent::cursor, Base::home, ".cursor/projects/*/agent-transcripts", {}},
    {Agent::cursor, Base::home, ".cursor/chats/*/*/store.db", Format::cursor_chat},
    {Agent::cursor, Base::config, "cursor/chats/*/*/store.db", Format::cursor_chat},
    {Agent::cursor, Base::support, "Cursor/logs", {}},
    {Agent::cursor, Base::mac_home, "Library/Logs/Cursor", {}},
    {Agent::cursor, Base::config, "Cursor/logs", {}},
    {Agent::cursor, Base::data, "Cursor/logs", {}},
    {Agent::cursor, Base::roaming, "Cursor/logs", {}},
    {Agent::cursor, Base::local, "Cursor/logs", {}},

    {Agent::aider, Base::home, ".aider/logs", {}},
    {Agent::aider, Base::home, ".aider/.aider.history", {}},

    {Agent::cline, Base::home, ".vscode/extensions/saoudrizwan.claude-dev-*/logs", {}},
    {Agent::cline, Base::support, "Code/logs/*/exthost", {}},
    {Agent::cline, Base::config, "Code/logs/*/exthost", {}},
    {Agent::cline, Base::roaming, "Code/logs/*/exthost", {}},

    {Agent::codex, Base::codex, "sessions", Format::codex},
    {Agent::codex, Base::codex, "archived_sessions", Format::codex},

    {Agent::gemini, Base::home, ".gemini/tmp/*/chats", {}},

    {Agent::opencode, Base::any_data, "opencode/opencode.db", Format::opencode_database},
    {Agent::opencode, Base::any_data, "opencode/storage/session", Format::opencode_session},
};

const Name& name_of(Agent agent) {
  return *std::find_if(std::begin(kNames), std::end(kNames),
                       [agent](const Name& name) { return name.agent == agent; });
}

/// Where folders are on one system; a path that is not known is empty.
class Folders {
 public:
  Folders(System system, const Environment& environment)
      : system_(system), environment_(environment) {
    home_ = set("HOME");
    if (home_.empty() && system == System::windows) home_ = set("USERPROFILE");
    const auto with_home = [this](const std::string& name) -> std::optional<std::string> {
      return name == "HOME" ? home_ : set(name);
    };
    places_ = Places::of(with_home);
  }

  std::vector<std::string> of(Base base) const {
    switch (base) {
      case Base::home:
        return {home_};
      case Base::mac_home:
        return {on(System::mac, home_)};
      case Base::unix_home:
        return {system_ == System::windows ? std::string() : home_};
      case Base::config:
        return {on(System::linux_, set_or_home("XDG_CONFIG_HOME", ".config"))};
      case Base::data:
        return {on(System::linux_, of(Base::any_data)[0])};
      case Base::any_data:
        return {set_or_home("XDG_DATA_HOME", ".local/share")};
      case Base::support:
        return {on(System::mac, below(home_, "Library/Application Support"))};
      case Base::roaming:
        return {on(System::windows, set("APPDATA"))};
      case Base::local:
        return {on(System::windows, set("LOCALAPPDATA"))};
      case Base::code_user:
        return users({"Code", "Code - Insiders", "VSCodium"},
                     {".vscode-server", ".vscode-server-insiders", ".vscodium-server"});
      case Base::cursor_user:
        return users({"Cursor"}, {".cursor-server"});
      case Base::codex:
        return {slashed(places_.codex_home)};
      case Base::claude:
        break;
    }
    std::vector<std::string> folders;
    for (const std::string& projects : places_.claude_projects)
      folders.push_back(slashed(projects.substr(0, projects.rfind('/'))));
    return folders;
  }

  static std::string below(const std::string& folder, std::string_view name) {
    return folder.empty() ? std::string() : folder + "/" + std::string(name);
  }

 private:
  std::string set(const std::string& name) const {
    return slashed(environment_(name).value_or(""));
  }
  std::string slashed(std::string path) const {
    if (system_ == System::windows) std::replace(path.begin(), path.end(), '\\', '/');
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
  }
  std::string set_or_home(const std::string& name, std::string_view folder) const {
    const std::string value = set(name);
    return value.empty() ? below(home_, folder) : value;
  }
  std::string on(System system, std::string folder) const {
    return system_ == system ? std::move(folder) : std::string();
  }
  std::vector<std::string> users(std::initializer_list<std::string_view> programs,
                                 std::initializer_list<std::string_view> servers) const {
    std::vector<std::string> folders;
    for (const Base base : {Base::support, Base::config, Base::roaming})
      for (const std::string_view program : programs)
        folders.push_back(below(below(of(base)[0], program), "User"));
    for (const std::string_view server : servers)
      folders.push_back(below(below(home_, server), "data/User"));
    return folders;
  }

  System system_;
  const Environment& environment_;
  std::string home_;
  Places places_;
};

/// The end of the name that begins at `text`: letters, digits and underscores.
std::size_t end_of_name(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_'))
    ++end;
  return end;
}

/// Puts the values of variables into `path`; one that is not set is empty.
std::string put_in(std::string_view path, System system, const Environment& environment) {
  std::string out;
  for (std::size_t i = 0; i < path.size();) {
    const std::string_view rest = path.substr(i + 1);
    std::string_view name;
    std::size_t used = 0;
    if (path[i] == '$' && rest.starts_with('{') && rest.find('}') != rest.npos) {
      name = rest.substr(1, rest.find('}') - 1);
      used = name.size() + 3;
    } else if (path[i] == '$') {
      name = rest.substr(0, end_of_name(rest));
      used = name.size() + 1;
    } else if (path[i] == '%' && system == System::windows && rest.find('%') != rest.npos) {
      name = rest.substr(0, rest.find('%'));
      used = name.size() + 2;
    }
    if (name.empty()) {
      out += path[i++];
    } else {
      out += environment(std::string(name)).value_or("");
      i += used;
    }
  }
  return out;
}

}  // namespace

System this_system() {
#if defined(_WIN32)
  return System::windows;
#elif defined(__APPLE__)
  return System::mac;
#else
  return System::linux_;
#endif
}

std::string_view short_name(Agent agent) { return name_of(agent).short_name; }
std::string_view adapter_name(Agent agent) { return name_of(agent).adapter_name; }

std::optional<Agent> parse_agent(std::string_view name) {
  for (const Name& row : kNames)
    if (row.short_name == name || row.adapter_name == name) return row.agent;
  return std::nullopt;
}

const std::vector<Agent>& agents_in_order() {
  static const std::vector<Agent> agents = [] {
    std::vector<Agent> all;
    for (const Name& row : kNames) all.push_back(row.agent);
    return all;
  }();
  return agents;
}

std::vector<Location> locations_of(Agent agent, System system, const Environment& environment) {
  const Folders folders(system, environment);
  std::vector<Location> locations;
  for (const Row& row : kRows) {
    if (row.agent != agent) continue;
    for (const std::string& folder : folders.of(row.base)) {
      const std::string pattern = Folders::below(folder, row.tail);
      const bool is_known =
          std::any_of(locations.begin(), locations.end(),
                      [&pattern](const Location& known) { return known.pattern == pattern; });
      if (!pattern.empty() && !is_known) locations.push_back({agent, pattern, row.format});
    }
  }
  return locations;
}

Location location_at(Agent agent, std::string_view path, const Environment& environment) {
  std::string pattern;
  if (path == "~" || path.starts_with("~/")) {
    const auto home = environment("HOME");
    pattern = home ? *home : environment("USERPROFILE").value_or("");
    path.remove_prefix(1);
  }
  pattern += put_in(path, this_system(), environment);
  while (pattern.size() > 1 && pattern.back() == '/') pattern.pop_back();
  return {agent, std::move(pattern), {}};
}

}  // namespace agents
