#include "app/config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "test_executor.h"

namespace app {
namespace {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() { environment_["HOME"] = folder_.path(); }

  base::Result<Config> load() {
    return Config::load(flags_, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    });
  }
  std::string value(const std::string& name) {
    const auto config = load();
    return config ? config->text(name) : config.error().what;
  }
  std::string origin(const std::string& name) { return load()->at(name).origin; }
  void write_file(const std::string& text) {
    std::filesystem::create_directories(folder_ / ".config/sightline");
    std::ofstream(folder_ / ".config/sightline/config.yaml") << text;
  }

  support::TemporaryFolder folder_;
  Config::Flags flags_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ConfigTest, FlagsWinOverEnvironmentOverFileOverDefaults) {
  EXPECT_EQ(value("port"), "3141");
  EXPECT_EQ(origin("port"), "default");
  write_file("port: 4000\n");
  EXPECT_EQ(value("port"), "4000");
  EXPECT_EQ(origin("port"), "file " + folder_ / ".config/sightline/config.yaml");
  environment_["AGENTMONITOR_PORT"] = "5000";
  EXPECT_EQ(value("port"), "5000");
  EXPECT_EQ(origin("port"), "environment AGENTMONITOR_PORT");
  flags_["port"] = "6000";
  EXPECT_EQ(value("port"), "6000");
  EXPECT_EQ(origin("port"), "flag --port");
}

TEST_F(ConfigTest, VariablesOfAgentMonitorAreReadAsItReadsThem) {
  environment_["AGENTMONITOR_STATS_INTERVAL"] = "300ms";
  EXPECT_EQ(value("stats-interval"), "300");
  for (const char* unusable : {"", "fast", "249", "-1"}) {
    environment_["AGENTMONITOR_STATS_INTERVAL"] = unusable;
    EXPECT_EQ(value("stats-interval"), "5000") << unusable;
  }
  environment_["AGENTMONITOR_SESSION_COST_LIMIT_CODEX"] = "12.5";
  EXPECT_EQ(load()->monitor_settings().codex.session_limit, 12.5);
}

TEST_F(ConfigTest, AWrongFlagOrFileValueNamesItselfAndTheRemedy) {
  flags_["port"] = "many";
  EXPECT_EQ(value("port"), "--port: \"many\" must be a whole number of at least 1");
  flags_ = {{"durability", "some"}};
  EXPECT_EQ(value("port"), "--durability: \"some\" must be one of full|process");
  flags_ = {{"port", "70000"}};
  EXPECT_EQ(value("port"), "--port: \"70000\" must be a port of at most 65535");
  flags_.clear();
  write_file("insecure: perhaps\n");
  EXPECT_NE(value("port").find("insecure: \"perhaps\" must be true or false"), std::string::npos);
}

TEST_F(ConfigTest, AnUnknownKeyNamesTheNearestKnownOne) {
  write_file("prot: 4000\n");
  EXPECT_NE(value("port").find("unknown key \"prot\"; did you mean \"port\"?"), std::string::npos);
}

TEST_F(ConfigTest, AFileThatIsNoYamlOrNoMapIsRefused) {
  write_file("a: [1");
  EXPECT_NE(value("port").find("configuration file"), std::string::npos);
  write_file("just text");
  EXPECT_NE(value("port").find("must hold `name: value` lines"), std::string::npos);
}

TEST_F(ConfigTest, ListsAreSequencesOrTextWithCommas) {
  write_file("allow-host: [one, two]\n");
  EXPECT_EQ(load()->list("allow-host"), (std::vector<std::string>{"one", "two"}));
  flags_["allow-host"] = "a, b,";
  EXPECT_EQ(load()->list("allow-host"), (std::vector<std::string>{"a", "b"}));
}

TEST_F(ConfigTest, TheGenericWindowIsTheDefaultOfTheOthers) {
  environment_["AGENTMONITOR_SESSION_WINDOW_HOURS"] = "8";
  environment_["AGENTMONITOR_SESSION_WINDOW_HOURS_CODEX"] = "9";
  EXPECT_EQ(load()->monitor_settings().claude_code.session_window_hours, 8);
  EXPECT_EQ(load()->monitor_settings().codex.session_window_hours, 9);
}

TEST_F(ConfigTest, TheDatabaseLiesInTheDataFolder) {
  EXPECT_EQ(value("db"), folder_ / ".local/share/sightline/monitor.db");
  environment_["XDG_DATA_HOME"] = "/data";
  EXPECT_EQ(value("db"), "/data/sightline/monitor.db");
}

TEST_F(ConfigTest, ADefaultOfTheCallerStandsBelowEverythingElse) {
  const auto lookup = [this](const std::string& name) {
    const auto found = environment_.find(name);
    return found == environment_.end() ? std::nullopt : std::optional(found->second);
  };
  const auto db = [&] { return Config::load(flags_, lookup, {{"db", "./data/own.db"}})->at("db"); };
  EXPECT_EQ(db().text, "./data/own.db");
  EXPECT_EQ(db().origin, "default");
  environment_["AGENTMONITOR_DB_PATH"] = "/set.db";
  EXPECT_EQ(db().text, "/set.db");
}

}  // namespace
}  // namespace app
