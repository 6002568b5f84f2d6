#include "completion.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "test_executor.h"

namespace app {
namespace {

class CompletionTest : public testing::Test {
 protected:
  CompletionTest() {
    CLI::App* backfill = cli_.add_subcommand("backfill", "what's old\nand more");
    CLI::App* run = backfill->add_subcommand("run", "take it in: once");
    run->add_option("-a,--agent", text_, "an agent");
    run->add_flag("--dry-run", flag_, "nothing is written");
    CLI::App* shell = cli_.add_subcommand("shell", "");
    shell->add_option("name", text_)->check(CLI::IsMember({"bash", "zsh"}));
  }
  std::string script(Shell shell, Descriptions descriptions = Descriptions::yes) {
    return completion_script(shell, "dev-log", completion_tree(cli_), descriptions);
  }

  std::string text_;
  bool flag_ = false;
  CLI::App cli_{"program", "dev-log"};
};

TEST_F(CompletionTest, TheTreeHasCommandsOptionsAndChoices) {
  const auto tree = completion_tree(cli_);
  ASSERT_EQ(tree.size(), 4u);
  EXPECT_EQ(tree[0].path, "");
  EXPECT_EQ(tree[0].words[0].text, "backfill");
  EXPECT_EQ(tree[0].words[0].about, "what's old");
  EXPECT_EQ(tree[2].path, " backfill run");
  EXPECT_EQ(tree[2].takers, (std::vector<std::string>{"--agent", "-a"}));
  EXPECT_EQ(tree[3].words.back().text, "zsh");
}

TEST_F(CompletionTest, BashCompletesCommandsOptionsAndChoices) {
  support::TemporaryFolder folder;
  std::ofstream(folder / "script") << script(Shell::bash);
  const std::string load = ". '" + (folder / "script") + "'; ";
  const auto offers = [&](const std::string& line, const std::string& expected) {
    const std::string code = load + "COMP_WORDS=(" + line +
                             "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dev_log; "
                             "test \"${COMPREPLY[*]}\" = \"" +
                             expected + "\"";
    std::ofstream(folder / "test") << code;
    return std::system(("bash '" + (folder / "test") + "'").c_str()) == 0;
  };
  EXPECT_TRUE(offers("dev-log b", "backfill"));
  EXPECT_TRUE(offers("dev-log --help backfill r", "run"));
  EXPECT_TRUE(offers("dev-log backfill run --d", "--dry-run"));
  EXPECT_TRUE(offers("dev-log backfill run --agent x --a", "--agent"));
  EXPECT_TRUE(offers("dev-log shell ''", "--help -h bash zsh"));
  EXPECT_TRUE(offers("dev-log backfill run --agent r", ""));
  EXPECT_TRUE(offers("dev-log run --d", ""));
}

TEST_F(CompletionTest, EveryShellGetsEveryWordAndDescriptionsOnlyIfWanted) {
  for (const char* name : {"bash", "elvish", "fish", "powershell", "zsh"}) {
    const auto shell = parse_shell(name);
    ASSERT_TRUE(shell) << name;
    const std::string whole = script(*shell), bare = script(*shell, Descriptions::no);
    for (const char* word : {"backfill", "run", "dry-run", "agent", "zsh", "dev-log"})
      EXPECT_NE(bare.find(word), bare.npos) << name << word;
    EXPECT_EQ(bare.find("nothing is written"), bare.npos) << name;
    EXPECT_EQ(whole.find("nothing is written") != whole.npos, *shell != Shell::bash) << name;
  }
  EXPECT_FALSE(parse_shell("tcsh"));
}

TEST_F(CompletionTest, QuotesAndColonsOfDescriptionsAreEscapedAsTheShellWants) {
  EXPECT_NE(script(Shell::zsh).find(R"('backfill:what'\''s old')"), std::string::npos);
  EXPECT_NE(script(Shell::fish).find(R"(-d 'what\'s old')"), std::string::npos);
  EXPECT_NE(script(Shell::powershell).find("'what''s old'"), std::string::npos);
  EXPECT_NE(script(Shell::elvish).find("'backfill  what''s old'"), std::string::npos);
}

}  // namespace
}  // namespace app
