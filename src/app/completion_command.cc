#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "collect_flags.h"
#include "completion.h"

namespace app {
namespace {

int print_script(const std::string& shell, Descriptions descriptions) {
  CLI::App whole("", program_name());
  Action none;
  declare_all(whole, none);
  const std::string script =
      completion_script(parse_shell(shell).value_or(Shell::bash), program_name(),
                        completion_tree(whole), descriptions);
  std::printf("%s", script.c_str());
  return kDone;
}

}  // namespace

void add_completion_command(CLI::App& cli, Action& action, const std::string& name) {
  CLI::App* command =
      cli.add_subcommand(name, "print a script by which a shell completes commands");
  struct Given {
    std::string shell;
    bool without_descriptions = false;
  };
  auto given = std::make_shared<Given>();
  command->add_option("shell", given->shell, "the shell")
      ->check(CLI::IsMember({"bash", "elvish", "fish", "powershell", "zsh"}));
  command->add_flag("--no-descriptions", given->without_descriptions,
                    "the words alone, without what they are for");
  command->callback([&action, command, given] {
    action = [command, given] {
      if (!given->shell.empty())
        return print_script(given->shell,
                            given->without_descriptions ? Descriptions::no : Descriptions::yes);
      return print_help(*command);
    };
  });
}

}  // namespace app
