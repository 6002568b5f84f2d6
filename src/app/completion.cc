#include "completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace app {
namespace {

constexpr std::pair<std::string_view, Shell> kShells[] = {{"bash", Shell::bash},
                                                          {"elvish", Shell::elvish},
                                                          {"fish", Shell::fish},
                                                          {"powershell", Shell::powershell},
                                                          {"zsh", Shell::zsh}};

using Tree = std::vector<CompletionCommand>;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// The choices that an argument's type names: `TEXT:{bash,zsh}`.
std::vector<std::string> choices_of(const CLI::Option& argument) {
  std::vector<std::string> choices;
  const std::string type = argument.get_type_name();
  const std::size_t begin = type.find('{'), end = type.find('}');
  if (begin == type.npos || end == type.npos) return choices;
  std::string rest = type.substr(begin + 1, end - begin - 1);
  for (std::size_t comma; !rest.empty(); rest.erase(0, comma == rest.npos ? comma : comma + 1)) {
    comma = rest.find(',');
    choices.push_back(rest.substr(0, comma));
  }
  return choices;
}

void add_options(const CLI::App& cli, CompletionCommand& command) {
  for (const CLI::Option* option : cli.get_options()) {
    const std::string about = first_line(option->get_description());
    std::vector<std::string> names;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    if (names.empty())
      for (const std::string& choice : choices_of(*option)) command.words.push_back({choice, ""});
    for (const std::string& name : names) {
      command.words.push_back({name, about});
      if (option->get_items_expected_max() > 0) command.takers.push_back(name);
    }
  }
}

void add_tree(const CLI::App& cli, const std::string& path, Tree& tree) {
  CompletionCommand command{path, {}, {}};
  const auto subcommands = cli.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : subcommands)
    command.words.push_back({sub->get_name(), first_line(sub->get_description())});
  add_options(cli, command);
  tree.push_back(std::move(command));
  for (const CLI::App* sub : subcommands) add_tree(*sub, path + " " + sub->get_name(), tree);
}

/// `text` with each of `character` written as `instead`, between single quotes.
std::string quoted(std::string_view text, std::string_view instead, char character = '\'') {
  std::string out = "'";
  for (const char c : text) {
    if (c == character)
      out += instead;
    else
      out += c;
  }
  return out + "'";
}
std::string in_shell(std::string_view text) { return quoted(text, "'\\''"); }  // bash, zsh
std::string in_fish(std::string_view text) { return quoted(text, "\\'"); }     // no backslashes
std::string doubled(std::string_view text) { return quoted(text, "''"); }      // the other two

using Quote = std::string (*)(std::string_view);

/// The paths of all commands but the program's own.
std::string paths_of(const Tree& tree, Quote quote, std::string_view separator) {
  std::string out;
  for (const CompletionCommand& command : tree)
    if (!command.path.empty())
      out += (out.empty() ? "" : std::string(separator)) + quote(command.path);
  return out;
}

/// A name for functions: letters, digits and `_`.
std::string identifier(std::string program) {
  std::replace(program.begin(), program.end(), '-', '_');
  return program;
}

// All scripts first walk the words of the line and remember which command they name.

std::string bash_script(const std::string& program, const Tree& tree) {
  std::string cases;
  for (const CompletionCommand& command : tree) {
    std::string words, takers;
    for (const CompletionWord& word : command.words)
      words += (words.empty() ? "" : " ") + word.text;
    for (const std::string& taker : command.takers) takers += (takers.empty() ? "" : "|") + taker;
    cases += fmt::format("    {})\n", in_shell(command.path));
    if (!takers.empty())
      cases += fmt::format("      case \"$before\" in {}) return ;; esac\n", takers);
    cases += fmt::format("      words={} ;;\n", in_shell(words));
  }
  return fmt::format(R"(# bash completion of {0}
_{1}() {{
  local at='' words='' word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$at ${{COMP_WORDS[i]}}" in
      {2}) at+=" ${{COMP_WORDS[i]}}" ;;
    esac
  done
  COMPREPLY=()
  case "$at" in
{3}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _{1} {0}
)",
                     program, identifier(program), paths_of(tree, in_shell, "|"), cases);
}

std::string zsh_script(const std::string& program, const Tree& tree, Descriptions descriptions) {
  // A colon parts a word from what it is for.
  const auto entry = [&](const CompletionWord& word) {
    std::string text = word.text;
    for (std::size_t at = 0; (at = text.find(':', at)) != text.npos; at += 2) text.insert(at, "\\");
    if (descriptions == Descriptions::yes && !word.about.empty()) text += ":" + word.about;
    return in_shell(text);
  };
  std::string cases;
  for (const CompletionCommand& command : tree) {
    std::string takers;
    for (const std::string& taker : command.takers) takers += (takers.empty() ? "" : "|") + taker;
    cases += fmt::format("    {})\n", in_shell(command.path));
    if (!takers.empty())
      cases += fmt::format("      case \"$before\" in {}) _files; return ;; esac\n", takers);
    cases += "      candidates=(\n";
    for (const CompletionWord& word : command.words)
      cases += fmt::format("        {}\n", entry(word));
    cases += "      ) ;;\n";
  }
  return fmt::format(R"(#compdef {0}
# zsh completion of {0}
_{1}() {{
  local at='' before=$words[CURRENT-1] i
  local -a candidates
  for ((i = 2; i < CURRENT; ++i)); do
    case "$at $words[i]" in
      {2}) at+=" $words[i]" ;;
    esac
  done
  case "$at" in
{3}  esac
  _describe '{0}' candidates
}}
if [ "$funcstack[1]" = "_{1}" ]; then
  _{1} "$@"
else
  compdef _{1} {0}
fi
)",
                     program, identifier(program), paths_of(tree, in_shell, "|"), cases);
}

std::string fish_script(const std::string& program, const Tree& tree, Descriptions descriptions) {
  std::string lines;
  for (const CompletionCommand& command : tree) {
    const std::string head = fmt::format("complete -c {} -n \"__{}_is {}\"", program,
                                         identifier(program), in_fish(command.path));
    for (const CompletionWord& word : command.words) {
      const bool is_option = word.text.starts_with('-');
      const bool takes_value = std::find(command.takers.begin(), command.takers.end(), word.text) !=
                               command.takers.end();
      lines += head;
      if (word.text.starts_with("--"))
        lines += " -l " + word.text.substr(2);
      else if (is_option)
        lines += " -s " + word.text.substr(1);
      else
        lines += " -f -a " + in_fish(word.text);
      if (takes_value) lines += " -r";
      if (descriptions == Descriptions::yes && !word.about.empty())
        lines += " -d " + in_fish(word.about);
      lines += "\n";
    }
  }
  return fmt::format(R"(# fish completion of {0}
function __{1}_is
  set -l at ''
  set -l typed (commandline -opc)
  for word in $typed[2..-1]
    if contains -- "$at $word" {2}
      set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
{3})",
                     program, identifier(program), paths_of(tree, in_fish, " "), lines);
}

std::string powershell_script(const std::string& program, const Tree& tree,
                              Descriptions descriptions) {
  std::string cases;
  for (const CompletionCommand& command : tree) {
    cases += fmt::format("    {} {{\n", doubled(command.path));
    for (const CompletionWord& word : command.words) {
      const bool is_told = descriptions == Descriptions::yes && !word.about.empty();
      cases += fmt::format("      & $offer {} {}\n", doubled(word.text),
                           doubled(is_told ? word.about : word.text));
    }
    cases += "    }\n";
  }
  return fmt::format(R"(# PowerShell completion of {0}
Register-ArgumentCompleter -Native -CommandName '{0}' -ScriptBlock {{
  param($wordToComplete, $commandAst, $cursorPosition)
  $paths = @({1})
  $at = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {{
    if ($element.Extent.EndOffset -ge $cursorPosition) {{ break }}
    if ($paths -ccontains "$at $element") {{ $at = "$at $element" }}
  }}
  $offer = {{
    param($word, $about)
    if ($word.StartsWith($wordToComplete)) {{
      [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }}
  }}
  switch -CaseSensitive ($at) {{
{2}  }}
}}
)",
                     program, paths_of(tree, doubled, ", "), cases);
}

std::string elvish_script(const std::string& program, const Tree& tree, Descriptions descriptions) {
  std::string cases;
  for (const CompletionCommand& command : tree) {
    cases += fmt::format("    &{}= {{\n", doubled(command.path));
    for (const CompletionWord& word : command.words) {
      const bool is_told = descriptions == Descriptions::yes && !word.about.empty();
      cases += is_told ? fmt::format("      edit:complex-candidate {} &display={}\n",
                                     doubled(word.text), doubled(word.text + "  " + word.about))
                       : fmt::format("      put {}\n", doubled(word.text));
    }
    cases += "    }\n";
  }
  return fmt::format(R"(# elvish completion of {0}
set edit:completion:arg-completer[{0}] = {{|@words|
  var at = ''
  var offers = [
{1}  ]
  for word $words[1..-1] {{
    if (has-key $offers $at' '$word) {{
      set at = $at' '$word
    }}
  }}
  $offers[$at]
}}
)",
                     program, cases);
}

}  // namespace

std::optional<Shell> parse_shell(std::string_view name) {
  for (const auto& [known, shell] : kShells)
    if (known == name) return shell;
  return std::nullopt;
}

Tree completion_tree(const CLI::App& cli) {
  Tree tree;
  add_tree(cli, "", tree);
  return tree;
}

std::string completion_script(Shell shell, const std::string& program, const Tree& tree,
                              Descriptions descriptions) {
  switch (shell) {
    case Shell::bash:
      return bash_script(program, tree);
    case Shell::elvish:
      return elvish_script(program, tree, descriptions);
    case Shell::fish:
      return fish_script(program, tree, descriptions);
    case Shell::powershell:
      return powershell_script(program, tree, descriptions);
    case Shell::zsh:
      break;
  }
  return zsh_script(program, tree, descriptions);
}

}  // namespace app
