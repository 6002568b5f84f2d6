#include "waiting_calls.h"

#include <gtest/gtest.h>

#include <vector>

namespace agents {
namespace {

class WaitingCallsTest : public testing::Test {
 protected:
  void add(const std::string& id, std::size_t input_bytes = 2) {
    const std::string input = "\"" + std::string(input_bytes - 2, 'x') + "\"";
    Record call;
    call.kind = Record::Kind::command;
    call.tool_call_id = call.native_id = id;
    call.tool_name = "Bash";
    call.input_json = input;
    call.at = base::Time(std::chrono::milliseconds(7));
    calls_.add(call, sink_);
  }
  WaitingCalls calls_;
  std::vector<std::string> given_;
  LogReader::Sink sink_ = [this](const Record& record) {
    given_.emplace_back(record.tool_call_id);
  };
};

TEST_F(WaitingCallsTest, ACallIsTakenOnceAndIsAsItCame) {
  add("a");
  add("b");
  const auto call = calls_.take("a");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->view().kind, Record::Kind::command);
  EXPECT_EQ(call->view().tool_name, "Bash");
  EXPECT_EQ(call->view().input_json, "\"\"");
  EXPECT_EQ(call->view().at->time_since_epoch().count(), 7);
  EXPECT_FALSE(calls_.take("a"));
  EXPECT_TRUE(given_.empty());
}

TEST_F(WaitingCallsTest, AllAreGivenInTheirOrder) {
  add("b");
  add("a");
  add("b");
  calls_.give_all(sink_);
  EXPECT_EQ(given_, (std::vector<std::string>{"b", "a"}));
  EXPECT_FALSE(calls_.take("a"));
}

TEST_F(WaitingCallsTest, TheOldestGoWhenTheyAreTooMany) {
  for (std::size_t i = 0; i <= WaitingCalls::kMaxCalls; ++i) add(std::to_string(i));
  EXPECT_EQ(given_, std::vector<std::string>{"0"});
}

TEST_F(WaitingCallsTest, TheOldestGoWhenTheyAreTooLong) {
  add("a", WaitingCalls::kMaxBytes / 2);
  add("b", WaitingCalls::kMaxBytes / 2);
  EXPECT_EQ(given_, std::vector<std::string>{"a"});
  add("c", WaitingCalls::kMaxBytes);
  EXPECT_EQ(given_, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(WaitingCallsTest, TheyAreSavedAndLoadedWhole) {
  add("a", 100);
  add("b");
  StateWriter writer("w");
  calls_.save(writer);
  const std::string state = writer.take();
  StateReader reader(state, "w");
  calls_ = WaitingCalls::load(reader);
  EXPECT_TRUE(reader.is_whole());
  EXPECT_EQ(calls_.take("a")->view().input_json.size(), 100u);
  calls_.give_all(sink_);
  EXPECT_EQ(given_, std::vector<std::string>{"b"});
}

TEST(HeldRecordTest, NumbersAreKeptWithTheTexts) {
  Record record;
  record.kind = Record::Kind::response;
  record.usage = Usage{1, 2, 3, 4, 5, 6, true};
  record.cost_usd = 0.1;
  record.is_error = record.is_cut = true;
  record.duration_ms = 9;
  record.offset = 10;
  record.index = 11;
  record.ordinal = 12;
  record.text = "text";
  const std::string long_name(kMaxNameBytes + 1, 'n');
  record.model = long_name;
  StateWriter writer("h");
  HeldRecord(record).save(writer);
  const std::string state = writer.take();
  StateReader reader(state, "h");
  const HeldRecord held = HeldRecord::load(reader);
  const Record view = held.view();
  EXPECT_TRUE(reader.is_whole());
  EXPECT_EQ(view.kind, Record::Kind::response);
  EXPECT_EQ(view.usage->cache_write_1h, 5);
  EXPECT_TRUE(view.usage->input_includes_cache);
  EXPECT_EQ(view.cost_usd, 0.1);
  EXPECT_TRUE(view.is_error && view.is_cut);
  EXPECT_EQ(view.duration_ms + static_cast<std::int64_t>(view.offset + view.index + view.ordinal),
            42);
  EXPECT_EQ(view.text, "text");
  EXPECT_EQ(view.model.size(), kMaxNameBytes);
}

}  // namespace
}  // namespace agents
