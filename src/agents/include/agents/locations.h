#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/formats.h"
#include "agents/record.h"

/// Where agents keep their logs, as the table of docs/formats.md, "Where logs are": one row an
/// agent, operating system and pattern.
namespace agents {

enum class System : std::uint8_t { linux_, mac, windows };
System this_system();

using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// What the command line and the configuration call an agent: `copilot`, `claude`, ...
std::string_view short_name(Agent agent);
/// What its events call it (`agentId`): `github-copilot`, `claude`, ...
std::string_view adapter_name(Agent agent);
/// By either name.
std::optional<Agent> parse_agent(std::string_view name);
/// The order of outputs: copilot, claude, cursor, then alphabetical.
const std::vector<Agent>& agents_in_order();

/// A place where logs may be: what to watch and what counts as a log there.
struct Location {
  Agent agent;
  std::string pattern;           // a path; `*` stands for one component, `**` for any number
  std::optional<Format> format;  // of all files there; nothing: of each, see format_of
};

/// The locations of `agent`, with `~`, `$NAME`, `${NAME}` (Windows: `%NAME%`) put in; those whose
/// variables are not set are left out.
std::vector<Location> locations_of(Agent agent, System system, const Environment& environment);
/// One that the configuration names instead: a file, a folder or a pattern.
Location location_at(Agent agent, std::string_view path, const Environment& environment);

/// A file or folder that a location's pattern matches.
struct Source {
  Agent agent;
  std::string path;
  bool is_folder = false;
  std::optional<Format> format;
};
/// What there is, by path. A folder that may not be read holds nothing.
std::vector<Source> find_sources(const Location& location);

struct LogLocation {
  Agent agent;
  Format format;
  std::string path;
};
/// The logs of a source: itself, or the files below its folder that have a format, by path. Links
/// to folders are not followed.
std::vector<LogLocation> logs_of(const Source& source);
/// The format of a file below `source`; nothing when it is no log. Of two forms of one session the
/// newer one counts (Copilot: .jsonl before .json). Reads the file only where its name does not
/// say.
std::optional<Format> format_of(const Source& source, const std::string& path);

/// The longest folder of `pattern` without a wildcard: what to watch for new sources.
std::string constant_prefix(std::string_view pattern);

/// Of a path below `workspaceStorage`: the component behind it; else empty.
std::string_view workspace_hash(std::string_view path);

}  // namespace agents
