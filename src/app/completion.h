#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

/// Scripts by which a shell completes the words of a command line, made from its declaration.
namespace app {

enum class Shell { bash, elvish, fish, powershell, zsh };
std::optional<Shell> parse_shell(std::string_view name);

/// A word that may stand somewhere, and what it is for.
struct CompletionWord {
  std::string text, about;
};

/// What may follow the name of a command.
struct CompletionCommand {
  std::string path;  // ` backfill run`: each name with a blank before it; empty for the program
  std::vector<CompletionWord> words;  // commands, choices and options
  std::vector<std::string> takers;    // the options that a value follows: a file, to the script
};

/// Of the program and all its commands, the program first.
std::vector<CompletionCommand> completion_tree(const CLI::App& cli);

enum class Descriptions : bool { no, yes };  // beside the words, where the shell shows them
/// For `program`, the name that is typed; of letters, digits and `-`.
std::string completion_script(Shell shell, const std::string& program,
                              const std::vector<CompletionCommand>& tree,
                              Descriptions descriptions = Descriptions::yes);

}  // namespace app
