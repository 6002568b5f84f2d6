#include "store/owner_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "test_executor.h"

namespace store {
namespace {

class OwnerLockTest : public testing::Test {
 protected:
  void write_mark(const std::string& json) { std::ofstream(lock_path_) << json; }

  support::TemporaryFolder folder_;
  std::string path_ = folder_ / "test.db";
  std::string lock_path_ = path_ + ".runtime.lock";
};

TEST_F(OwnerLockTest, ASecondOwnerIsRefusedWithThePidOfTheFirst) {
  const auto first = OwnerLock::acquire(path_);
  ASSERT_TRUE(first);
  const auto second = OwnerLock::acquire(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::Errc::conflict);
  EXPECT_NE(second.error().what.find("process " + std::to_string(::getpid())), std::string::npos);
}

TEST_F(OwnerLockTest, ItIsFreeAgainWhenTheOwnerLetsGo) {
  { ASSERT_TRUE(OwnerLock::acquire(path_)); }
  EXPECT_FALSE(std::ifstream(lock_path_).good());
  EXPECT_TRUE(OwnerLock::acquire(path_));
}

TEST_F(OwnerLockTest, ADeadOwnersMarkIsTakenOver) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);  // a pid that is certainly nobody's
  write_mark("{\"pid\":" + std::to_string(child) + ",\"token\":\"t\"}");
  EXPECT_TRUE(OwnerLock::acquire(path_));
}

TEST_F(OwnerLockTest, ALivingForeignProgramKeepsItsDatabase) {
  write_mark("{\"pid\":" + std::to_string(::getppid()) + ",\"token\":\"t\"}");
  const auto refused = OwnerLock::acquire(path_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find(std::to_string(::getppid())), std::string::npos);
}

TEST_F(OwnerLockTest, AMarkOfOursWithoutItsLockIsTakenOverEvenIfThePidLives) {
  write_mark("{\"pid\":" + std::to_string(::getppid()) + ",\"program\":\"sightline\"}");
  EXPECT_TRUE(OwnerLock::acquire(path_));
}

}  // namespace
}  // namespace store
