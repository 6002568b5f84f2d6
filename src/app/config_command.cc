#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/json_writer.h"
#include "command.h"

namespace app {
namespace {

bool is_shown_masked(const ConfigKey& key, const ConfigValue& value) {
  return key.kind == KeyKind::secret && !value.text.empty();
}

int show_config(const Config& config, bool as_json) {
  if (as_json) {
    std::string out;
    base::json::Writer json(out);
    json.begin_object();
    for (const ConfigKey& key : config_keys()) {
      const ConfigValue& value = config.at(key.name);
      json.key(key.name).begin_object();
      json.key("value").value(is_shown_masked(key, value) ? "********" : value.text);
      json.key("origin").value(value.origin).key("variable").value(key.variable).end_object();
    }
    json.end_object();
    std::printf("%s\n", out.c_str());
    return kDone;
  }
  for (const ConfigKey& key : config_keys()) {
    const ConfigValue& value = config.at(key.name);
    std::printf("%-36s %-40s %s\n", std::string(key.name).c_str(),
                is_shown_masked(key, value) ? "********" : value.text.c_str(),
                value.origin.c_str());
  }
  return kDone;
}

}  // namespace

void add_config_command(CLI::App& cli, Action& action) {
  CLI::App* config = cli.add_subcommand("config", "look at the configuration");
  config->require_subcommand(1);
  CLI::App* show = config->add_subcommand("show", "print every value and where it came from");
  auto flags = std::make_shared<ConfigFlags>(*show);
  auto as_json = std::make_shared<bool>(false);
  show->add_flag("--json", *as_json, "print JSON");
  show->callback([&action, flags, as_json] {
    action = [flags, as_json] {
      const auto loaded = flags->load();
      return loaded ? show_config(*loaded, *as_json) : complain(loaded.error());
    };
  });
}

}  // namespace app
