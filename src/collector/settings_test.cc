#include "collector/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "test_executor.h"

namespace collector {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::StartsWith;

class SettingsTest : public testing::Test {
 protected:
  Environment environment() {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
  }
  base::Result<Settings> load(const std::string& text, const std::string& name = "c.json") {
    std::ofstream(folder_ / name) << text;
    return load_settings(folder_ / name, environment());
  }
  Settings loaded(const std::string& text, const std::string& name = "c.json") {
    auto settings = load(text, name);
    EXPECT_TRUE(settings.ok()) << settings.error().what;
    return settings ? *settings : Settings();
  }
  std::string refusal(const std::string& text, const std::string& name = "c.json") {
    const auto settings = load(text, name);
    return settings ? "accepted" : settings.error().what;
  }

  support::TemporaryFolder folder_;
  std::map<std::string, std::string> variables_{{"HOME", "/home/ana"}};
};

TEST_F(SettingsTest, Vector14_WithoutAFileTheDefaultsHoldAndNoKeyIsNeeded) {
  const auto settings = load_settings(folder_ / "none.json", environment());
  ASSERT_TRUE(settings.ok()) << settings.error().what;
  EXPECT_EQ(settings->backend_url, "http://localhost:3200");
  EXPECT_EQ(settings->api_key, "");
  EXPECT_EQ(settings->batch_size, 100);
  EXPECT_EQ(settings->batch_interval, seconds{5});
  EXPECT_EQ(settings->buffer_path, "/home/ana/.devlog/buffer.db");
  EXPECT_EQ(settings->backfill_path, "");
  EXPECT_EQ(settings->log_file, "/home/ana/.devlog/collector.log");
  EXPECT_EQ(settings->agents.size(), 3u);
  EXPECT_EQ(settings->agents.at("copilot").log_path, "auto");
  EXPECT_EQ(settings->server_port, 0);
}

TEST_F(SettingsTest, PathsThatNoKeyNamesAreThoseOfTheCaller) {
  const DefaultPaths paths{"~/.local/share/b.db", "/log"};
  const auto settings = load_settings(folder_ / "none.json", environment(), paths);
  ASSERT_TRUE(settings.ok()) << settings.error().what;
  EXPECT_EQ(settings->buffer_path, "/home/ana/.local/share/b.db");
  EXPECT_EQ(settings->backfill_path, "");
  EXPECT_EQ(settings->log_file, "/log");
}

TEST_F(SettingsTest, Vector14_TheFirstWrongKeyIsNamed) {
  const std::string key = R"("apiKey":"k")";
  const auto why = [&](const std::string& rest) { return refusal("{" + key + "," + rest + "}"); };
  const std::string head = "invalid configuration: ";
  EXPECT_EQ(refusal("{}"), head + "apiKey is required");
  EXPECT_EQ(why(R"("version":"")"), head + "version is required");
  EXPECT_EQ(why(R"("backendUrl":"")"), head + "backendUrl is required");
  EXPECT_EQ(why(R"("backendUrl":"ftp://x","projectId":"")"),
            head + "backendUrl must start with http:// or https://");
  EXPECT_EQ(why(R"("projectId":"")"), head + "projectId is required");
  EXPECT_EQ(why(R"("collection":{"batchSize":0})"),
            head + "collection.batchSize must be between 1 and 1000");
  EXPECT_EQ(why(R"("collection":{"batchInterval":"x"})"),
            head + "collection.batchInterval is invalid: time: invalid duration \"x\"");
  EXPECT_EQ(why(R"("collection":{"maxRetries":11})"),
            head + "collection.maxRetries must be between 0 and 10");
  EXPECT_EQ(why(R"("buffer":{"maxSize":99})"),
            head + "buffer.maxSize must be between 100 and 100000");
  EXPECT_EQ(why(R"("logging":{"level":"x"})"),
            head + "logging.level must be one of: debug, info, warn, error");
}

TEST_F(SettingsTest, D26_AnIntervalThatIsNotPositiveIsRefused) {
  for (const char* interval : {"0s", "0", "-1s"})
    EXPECT_THAT(refusal(std::string(R"({"apiKey":"k","collection":{"batchInterval":")") + interval +
                        "\"}}"),
                StartsWith("invalid configuration: collection.batchInterval is invalid: "));
}

TEST_F(SettingsTest, D26_NoRetriesAreNoRetries) {
  EXPECT_EQ(loaded(R"({"apiKey":"k","collection":{"maxRetries":0}})").max_retries, 0);
}

TEST_F(SettingsTest, KeysAreFoundWithoutRegardToCaseAndUnknownOnesIgnored) {
  const Settings settings = loaded(R"({"APIKEY":"k","Collection":{"BATCHsize":7},"new":[1]})");
  EXPECT_EQ(settings.api_key, "k");
  EXPECT_EQ(settings.batch_size, 7);
}

TEST_F(SettingsTest, NullLeavesTheDefault) {
  const Settings settings =
      loaded(R"({"apiKey":"k","version":null,"collection":null,"agents":{"claude":null}})");
  EXPECT_EQ(settings.version, "1.0");
  EXPECT_TRUE(settings.agents.at("claude").enabled);
}

TEST_F(SettingsTest, AnAgentThatIsMentionedIsReplacedWholeTheOthersStay) {
  const Settings settings =
      loaded(R"({"apiKey":"k","agents":{"claude":{"enabled":false},"mine":{"logPath":"~/l",)"
             R"("fields":{"text":"body","timestamp":["at","when"]}}}})");
  EXPECT_FALSE(settings.agents.at("claude").enabled);
  EXPECT_EQ(settings.agents.at("claude").log_path, "");
  EXPECT_EQ(settings.agents.at("cursor").log_path, "auto");
  EXPECT_THAT(settings.agents.at("mine").fields.at("text"), ElementsAre("body"));
  EXPECT_THAT(settings.agents.at("mine").fields.at("timestamp"), ElementsAre("at", "when"));
}

TEST_F(SettingsTest, AWrongTypeIsNamedWithItsPlace) {
  const std::string head = "failed to parse config file: ";
  EXPECT_EQ(refusal(R"({"collection":{"batchSize":"7"}})"),
            head + "collection.batchSize must be a whole number, not a string");
  EXPECT_EQ(refusal(R"({"collection":[]})"), head + "collection must be an object, not a list");
  EXPECT_EQ(refusal(R"({"agents":{"x":{"enabled":1}}})"),
            head + "agents.x.enabled must be true or false, not a number");
  EXPECT_EQ(refusal("[]"), head + "the file must be an object, not a list");
  EXPECT_THAT(refusal("{"), StartsWith(head));
  EXPECT_THAT(refusal(""), StartsWith(head));
}

TEST_F(SettingsTest, AFileThatCannotBeReadSaysSo) {
  const auto folder = load_settings(folder_.path(), environment());
  ASSERT_FALSE(folder.ok());
  EXPECT_THAT(folder.error().what, StartsWith("failed to read config file: "));
  EXPECT_THAT(refusal(std::string((1 << 20) + 1, ' ')), StartsWith("failed to read config file: "));
}

TEST_F(SettingsTest, YamlAndTomlHoldTheSameKeys) {
  const Settings yaml = loaded(
      "version: 1.0\napiKey: k\nprojectId: 12\ncollection:\n  batchSize: 7\n  batchInterval: 2s\n"
      "buffer: {enabled: false}\nagents:\n  claude: {enabled: false}\nlogging:\n",
      "c.yaml");
  const Settings toml = loaded(
      "version = \"1.0\"\napiKey = \"k\"\nprojectId = \"12\"\n[collection]\nbatchSize = 7\n"
      "batchInterval = \"2s\"\n[buffer]\nenabled = false\n[agents.claude]\nenabled = false\n",
      "c.TOML");
  for (const Settings& settings : {yaml, toml}) {
    EXPECT_EQ(settings.version, "1.0");
    EXPECT_EQ(settings.project_id, "12");
    EXPECT_EQ(settings.numeric_project_id(), 12);
    EXPECT_EQ(settings.batch_size, 7);
    EXPECT_EQ(settings.batch_interval, seconds{2});
    EXPECT_FALSE(settings.buffer_enabled);
    EXPECT_FALSE(settings.agents.at("claude").enabled);
  }
  EXPECT_THAT(refusal("collection: {batchSize: '7'}", "c.yml"),
              StartsWith("failed to parse config file: collection.batchSize"));
  EXPECT_THAT(refusal("a: [", "c.yml"), StartsWith("failed to parse config file: "));
  EXPECT_THAT(refusal("a = ", "c.toml"), StartsWith("failed to parse config file: "));
}

TEST_F(SettingsTest, AFileThatGrowsWhenItIsReadIsRefused) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_EQ(refusal(bomb, "c.yaml"), "failed to parse config file: too many values");
  for (const char* name : {"c.yaml", "c.toml"}) {
    EXPECT_EQ(refusal("a = " + std::string(200000, '['), name),
              "failed to parse config file: too many levels");
  }
  std::string dashes;
  for (int i = 0; i < 100000; ++i) dashes += "- ";
  EXPECT_EQ(refusal(dashes, "c.yaml"), "failed to parse config file: too many levels");
}

TEST_F(SettingsTest, Vector15_PlaceholdersAreFilledAndUnsetOnesStay) {
  variables_["A"] = "k";
  variables_["EMPTY"] = "";
  const Settings settings =
      loaded(R"({"apiKey":"${A}-${A}","projectId":"${B}${EMPTY}","backendUrl":"http://${A}/${"})");
  EXPECT_EQ(settings.api_key, "k-k");
  EXPECT_EQ(settings.project_id, "${B}${EMPTY}");
  EXPECT_EQ(settings.backend_url, "http://k/${");
  EXPECT_EQ(settings.numeric_project_id(), 1);
}

TEST_F(SettingsTest, PathsAreExpandedAndUnsetVariablesEmpty) {
  variables_["D"] = "/data";
  const Settings settings =
      loaded(R"({"apiKey":"k","buffer":{"dbPath":"$D/${X}b.db"},"logging":{"file":"~/l$"}})");
  EXPECT_EQ(settings.buffer_path, "/data/b.db");
  EXPECT_EQ(settings.log_file, "/home/ana/l$");
  EXPECT_EQ(expand_path("~ana/x", environment()), "~ana/x");
  EXPECT_EQ(expand_path("${D/x$D", environment()), "${D/x/data");
}

TEST_F(SettingsTest, D22_VariablesWinOverTheFileWhenTheyAreNotEmpty) {
  variables_ = {{"HOME", "/h"},
                {"DEVLOG_API_KEY", "e"},
                {"DEVLOG_BACKEND_URL", "https://e"},
                {"DEVLOG_PROJECT_ID", ""},
                {"DEVLOG_DB_PATH", "~/e.db"}};
  const Settings settings =
      loaded(R"({"apiKey":"f","backendUrl":"http://f","projectId":"9","buffer":{"dbPath":"/f"}})");
  EXPECT_EQ(settings.api_key, "e");
  EXPECT_EQ(settings.backend_url, "https://e");
  EXPECT_EQ(settings.project_id, "9");
  EXPECT_EQ(settings.buffer_path, "/h/e.db");
}

TEST_F(SettingsTest, TheFileIsTheFlagsThenTheVariables) {
  EXPECT_EQ(settings_path("", environment()), "/home/ana/.devlog/collector.json");
  variables_["DEVLOG_CONFIG"] = "~/x.json";
  EXPECT_EQ(settings_path("", environment()), "/home/ana/x.json");
  EXPECT_EQ(settings_path("$HOME/y.json", environment()), "/home/ana/y.json");
}

TEST_F(SettingsTest, AnUnknownWordIsSetAsideWithAWarning) {
  const Settings settings =
      loaded(R"({"apiKey":"k","collection":{"retryBackoff":"often","protocol":"legacy",)"
             R"("compression":"gzip"}})");
  EXPECT_EQ(settings.retry_backoff, Backoff::exponential);
  EXPECT_EQ(settings.protocol, Settings::Protocol::legacy);
  EXPECT_EQ(settings.compression, Settings::Compression::gzip);
  EXPECT_THAT(settings.warnings,
              ElementsAre("collection.retryBackoff \"often\" is unknown; \"exponential\" is used"));
}

TEST(DurationTest, GroupsOfNumbersAndUnitsAreAdded) {
  EXPECT_EQ(*parse_duration("1h30m"), hours{1} + minutes{30});
  EXPECT_EQ(*parse_duration("1.5h"), minutes{90});
  EXPECT_EQ(*parse_duration("2s500ms"), milliseconds{2500});
  EXPECT_EQ(*parse_duration("+.5s"), milliseconds{500});
  EXPECT_EQ(*parse_duration("-1.s"), -seconds{1});
  EXPECT_EQ(*parse_duration("3\u00b5s1us1ns"), nanoseconds{4001});
  EXPECT_EQ(*parse_duration("0"), nanoseconds{0});
}

TEST(DurationTest, RefusalsAreInGosWords) {
  const auto why = [](std::string_view text) {
    const auto duration = parse_duration(text);
    return duration ? "accepted" : duration.error().what;
  };
  EXPECT_EQ(why("5"), "time: missing unit in duration \"5\"");
  EXPECT_EQ(why("soon"), "time: invalid duration \"soon\"");
  EXPECT_EQ(why(""), "time: invalid duration \"\"");
  EXPECT_EQ(why("-"), "time: invalid duration \"-\"");
  EXPECT_EQ(why("."), "time: invalid duration \".\"");
  EXPECT_EQ(why("5 s"), "time: unknown unit \" s\" in duration \"5 s\"");
  EXPECT_EQ(why("1d"), "time: unknown unit \"d\" in duration \"1d\"");
  EXPECT_EQ(why("9999999999h"), "time: invalid duration \"9999999999h\"");
}

TEST_F(SettingsTest, ATextIsReadInTheSyntaxOfItsName) {
  const auto batch_size = [this](const std::string& text, std::string_view path) {
    const auto settings = parse_settings(text, path, environment());
    return settings ? settings->batch_size : -1;
  };
  EXPECT_EQ(batch_size(R"({"apiKey":"k","collection":{"batchSize":7}})", "c.json"), 7);
  EXPECT_EQ(batch_size("apiKey: k\ncollection:\n  batchSize: 8\n", "c.yml"), 8);
  EXPECT_EQ(batch_size("apiKey = 'k'\n[collection]\nbatchSize = 9\n", "c.toml"), 9);
  EXPECT_EQ(batch_size("apiKey: k\n", "c.json"), -1);
}

}  // namespace
}  // namespace collector
