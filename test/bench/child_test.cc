#include "child.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "server.h"

namespace bench {
namespace {

class RunCommand : public testing::Test {
 protected:
  RunCommand() : directory_(std::move(TempDir::create("/tmp")).value()) {}

  Result<Completed> run(const std::string& script, const std::string& input = {}) {
    return run_command({.arguments = {"sh", "-c", script},
                        .environment = environment_in(directory_->path()),
                        .directory = {},
                        .input = input,
                        .output = output()});
  }
  std::filesystem::path output() const { return directory_->path() / "output"; }
  std::string printed() const {
    std::ifstream file(output());
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::unique_ptr<TempDir> directory_;
  std::vector<char> scratch_;
};

TEST_F(RunCommand, GivesTheInputAndKeepsTheOutput) {
  EXPECT_TRUE(run("cat", "as it was\n").ok());
  EXPECT_EQ(printed(), "as it was\n");
}

TEST_F(RunCommand, HandsDownNothingButItsOwnEnvironment) {
  ::setenv("OF_WHO_RUNS_THE_TEST", "1", 1);
  EXPECT_TRUE(run("echo \"$HOME\" \"$OF_WHO_RUNS_THE_TEST\"").ok());
  EXPECT_EQ(printed(), directory_->path().string() + " \n");
}

TEST_F(RunCommand, TellsTheTimeAndThePeakOfTheChildAlone) {
  std::vector<char>(64'000'000, 'x').swap(scratch_);
  std::vector<char>().swap(scratch_);
  const Result<Completed> done = run("sleep 0.05");
  ASSERT_TRUE(done.ok());
  EXPECT_GE(done.value().time, std::chrono::milliseconds(50));
  EXPECT_GT(done.value().peak_bytes, 100'000u);
  EXPECT_LT(done.value().peak_bytes, 64'000'000u);
}

TEST_F(RunCommand, FailsWithWhatTheProgramSaid) {
  const Result<Completed> done = run("echo no such luck >&2; exit 3");
  ASSERT_FALSE(done.ok());
  EXPECT_NE(done.error().what.find("no such luck"), std::string::npos) << done.error().what;
}

TEST_F(RunCommand, FailsWithoutTheProgram) {
  EXPECT_FALSE(run_command(Command{{"/no/such/program"}, {}, {}, {}, {}}).ok());
}

TEST_F(RunCommand, OneThatIsLeftRunningEndsWhenItIsStopped) {
  const std::string script =
      "trap 'echo ending; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
  auto started = RunningCommand::start({.arguments = {"sh", "-c", script},
                                        .environment = environment_in(directory_->path()),
                                        .directory = {},
                                        .input = {},
                                        .output = output()});
  ASSERT_TRUE(started.ok());
  const std::unique_ptr<RunningCommand> running = std::move(started).value();
  while (printed().empty()) std::this_thread::yield();
  const Result<std::uint64_t> resident = memory_of(running->pid(), "VmRSS");
  ASSERT_TRUE(resident.ok());
  EXPECT_GT(resident.value(), 100'000u);
  EXPECT_TRUE(running->stop().ok());
  EXPECT_TRUE(running->stop().ok());
  EXPECT_EQ(printed(), "ready\nending\n");
}

TEST(AddTimes, NamesThePercentiles) {
  Report report;
  std::vector<std::int64_t> times;
  for (std::int64_t ms = 100; ms >= 1; --ms) times.push_back(ms * 1'000'000);
  add_times(report, "hook", "up_", times);
  EXPECT_EQ(report.median("hook", "up_p50_ms"), 50);
  EXPECT_EQ(report.median("hook", "up_p90_ms"), 90);
  EXPECT_EQ(report.median("hook", "up_p99_ms"), 99);
}

}  // namespace
}  // namespace bench
