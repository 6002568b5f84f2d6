#include "collector/machine.h"

#include <gtest/gtest.h>

#include <map>

namespace collector {
namespace {

std::string type_in(std::map<std::string, std::string> variables) {
  return machine_type([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(MachineTest, Vector16_TheIdIsMadeOfTheNames) {
  EXPECT_EQ(machine_id("build-box", "ana", "linux"), "714516873f57b8de-build-box-linux");
  EXPECT_EQ(machine_id("Studio.local", "ana", "darwin"), "08d504dd24fea9a1-studio-local-darwin");
  EXPECT_EQ(machine_id("a_b@c", "Kim", "windows"), "1f864e7139a04292-a-b-c-windows");
}

TEST(MachineTest, Vector17_TheEnvironmentTellsWhatKindItIs) {
  EXPECT_EQ(type_in({{"GITHUB_ACTIONS", "true"}, {"SSH_CONNECTION", "x"}}), "ci");
  EXPECT_EQ(type_in({{"GITHUB_ACTIONS", "1"}, {"CODESPACES", "true"}}), "cloud");
  EXPECT_EQ(type_in({{"GITPOD_WORKSPACE_ID", "w"}, {"SSH_CLIENT", "x"}}), "cloud");
  EXPECT_EQ(type_in({{"SSH_CLIENT", "x"}}), "remote");
  EXPECT_EQ(type_in({{"SSH_CLIENT", ""}}), "local");
}

TEST(MachineTest, TheSystemIsNamedByItsReleaseFile) {
  EXPECT_EQ(os_version("ID=x\nNAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\n"),
            "Debian GNU/Linux 12");
  EXPECT_EQ(os_version("NAME=Arch\n"), "Arch");
  EXPECT_EQ(os_version("VERSION_ID=1\nnothing\n"), "unknown");
  EXPECT_EQ(os_version(""), "unknown");
}

TEST(MachineTest, ThisMachineIsFound) {
  const auto machine = detect_machine([](const std::string&) { return std::nullopt; });
  ASSERT_TRUE(machine.ok()) << machine.error().what;
  EXPECT_EQ(machine->machine_id,
            machine_id(machine->hostname, machine->username, machine->os_type));
  EXPECT_FALSE(machine->arch.empty());
}

TEST(MachineTest, ARegistrationLeavesOutWhatIsNotKnown) {
  Machine machine{"id", "h", "u", "linux", "", "local", "amd64", 2};
  EXPECT_EQ(to_json(machine), R"({"machineId":"id","hostname":"h","username":"u","osType":"linux",)"
                              R"("machineType":"local","metadata":{"arch":"amd64","numCPU":2}})");
}

}  // namespace
}  // namespace collector
