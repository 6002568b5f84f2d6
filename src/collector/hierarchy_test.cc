#include "collector/hierarchy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/started.h"
#include "sender_fixture.h"
#include "test_executor.h"

namespace collector {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class HierarchyTest : public testing::Test {
 protected:
  HierarchyTest() : worker_([this] { pool_.work(0); }) {
    sender_.answer = [this](const net::ClientRequest& request) {
      const auto reply = replies_.find(request.method + " " + request.target);
      if (reply == replies_.end()) return net::ClientResponse{404, "none"};
      return net::ClientResponse{200, reply->second};
    };
    replies_["POST /api/machines"] = R"({"id":3,"hostname":"box"})";
    replies_["POST /api/projects/resolve"] = R"({"id":12,"fullName":"acme/parser"})";
    replies_["POST /api/workspaces"] = R"({"id":41,"workspaceId":"x"})";
    write("work/.git/HEAD", "ref: refs/heads/main\n");
    write("work/.git/config", "[remote \"origin\"]\nurl = git@host:acme/parser.git\n");
    write("work/.git/refs/heads/main", kCommit);
    write("work/src/deep/file", "");
  }
  ~HierarchyTest() override {
    pool_.stop();
    worker_.join();
  }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  std::optional<Place> of_workspace(const std::string& hash) {
    return executor_.await(hierarchy_.of_workspace(hash));
  }
  std::optional<Place> of_folder(const std::string& name) {
    return executor_.await(hierarchy_.of_folder(folder_ / name));
  }
  base::Task<bool> announcing(std::vector<std::string> roots) {
    const auto announced = co_await hierarchy_.announce(std::move(roots));
    co_return announced.ok();
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> all;
    for (const net::ClientRequest& request : sender_.requests)
      all.push_back(request.method + " " + request.target);
    return all;
  }

  const std::string kCommit = std::string(40, 'c');
  support::TemporaryFolder folder_;
  support::FakeClock clock_;
  support::TestExecutor executor_;
  base::WorkerPool pool_;
  FakeSender sender_;
  std::map<std::string, std::string> replies_;
  Machine machine_{"m-id", "box", "ana", "linux", "Debian", "local", "amd64", 2};
  Hierarchy hierarchy_{executor_, *net::parse_url("http://b"), "k", machine_, sender_, pool_,
                       clock_};
  std::thread worker_;
};

TEST_F(HierarchyTest, AWorkspaceIsAskedForOnce) {
  replies_["GET /api/workspaces/9c0f"] = R"({"id":41,"projectId":12,"machineId":3})";
  EXPECT_EQ(of_workspace("9c0f"), (Place{12, 3, 41, "unknown", "unknown"}));
  EXPECT_EQ(of_workspace("9c0f")->project_id, 12);
  EXPECT_EQ(sender_.requests.size(), 1u);
  EXPECT_THAT(sender_.requests[0].headers, ElementsAre(testing::Pair("Authorization", "Bearer k")));
  clock_.time += std::chrono::minutes{10};
  of_workspace("9c0f");
  EXPECT_EQ(sender_.requests.size(), 2u);
}

TEST_F(HierarchyTest, D03_WhatIsNotResolvedIsNoErrorAndAskedAgainLater) {
  replies_["GET /api/workspaces/zero"] = R"({"workspace":{},"context":{"projectId":0}})";
  for (const char* hash : {"none", "zero"}) {
    EXPECT_EQ(of_workspace(hash), std::nullopt);
    EXPECT_EQ(of_workspace(hash), std::nullopt);
  }
  EXPECT_EQ(sender_.requests.size(), 2u);
  clock_.time += std::chrono::minutes{1};
  replies_["GET /api/workspaces/zero"] = R"({"id":1})";
  EXPECT_EQ(of_workspace("zero")->workspace_id, 1);
}

TEST_F(HierarchyTest, ANameCannotLeaveItsPlaceInThePath) {
  of_workspace("../x?y");
  EXPECT_THAT(asked(), ElementsAre("GET /api/workspaces/%2E%2E%2Fx%3Fy"));
}

TEST_F(HierarchyTest, QuestionsAtOneTimeAreOneRequest) {
  sender_.hangs = true;
  base::Started<std::optional<Place>> first(hierarchy_.of_workspace("h"));
  base::Started<std::optional<Place>> second(hierarchy_.of_workspace("h"));
  sender_.cancel();
  executor_.run_posted();
  EXPECT_TRUE(first.await_ready());
  EXPECT_TRUE(second.await_ready());
  EXPECT_EQ(sender_.requests.size(), 1u);
}

TEST_F(HierarchyTest, AFolderIsItsRepository) {
  EXPECT_EQ(of_folder("work/src/deep"), (Place{12, 3, 41, "acme/parser", "box"}));
  EXPECT_THAT(asked(), ElementsAre("POST /api/machines", "POST /api/projects/resolve",
                                   "POST /api/workspaces"));
  EXPECT_EQ(sender_.requests[0].body, to_json(machine_));
  EXPECT_EQ(sender_.requests[1].body, R"({"repoUrl":"https://host/acme/parser"})");
  EXPECT_THAT(sender_.requests[2].body,
              testing::StartsWith(R"({"projectId":12,"machineId":3,"workspaceId":")"));
  EXPECT_THAT(sender_.requests[2].body,
              HasSubstr("\"workspacePath\":\"" + (folder_ / "work") +
                        R"(","workspaceType":"folder","branch":"main","commit":")" + kCommit));
}

TEST_F(HierarchyTest, AFolderWithoutARepositoryIsItself) {
  fs::create_directory(folder_ / "plain");
  EXPECT_TRUE(of_folder("plain").has_value());
  EXPECT_EQ(sender_.requests[1].body, "{\"repoUrl\":\"file://" + (folder_ / "plain") + "\"}");
  EXPECT_THAT(sender_.requests[2].body, testing::Not(HasSubstr("branch")));
}

TEST_F(HierarchyTest, AFolderThatIsNotThereIsAskedForByNobody) {
  EXPECT_EQ(of_folder("none/such"), std::nullopt);
  EXPECT_TRUE(sender_.requests.empty());
}

TEST_F(HierarchyTest, ABackendWithoutProjectsLeavesFoldersUnresolved) {
  replies_.erase("POST /api/projects/resolve");
  EXPECT_EQ(of_folder("work"), std::nullopt);
  for (const char* reply : {"", "[]", "{}", R"({"id":0})", R"({"project":{"id":-1}})"}) {
    clock_.time += std::chrono::hours{1};
    replies_["POST /api/projects/resolve"] = reply;
    EXPECT_EQ(of_folder("work"), std::nullopt) << reply;
  }
  clock_.time += std::chrono::hours{1};
  replies_["POST /api/projects/resolve"] = R"({"project":{"id":5}})";
  EXPECT_EQ(of_folder("work"), (Place{5, 3, 41, "unknown", "box"}));
}

TEST_F(HierarchyTest, TheStartMakesTheEditorsWorkspacesKnown) {
  write("roots/9c0f/workspace.json", "{\"folder\":\"file://" + (folder_ / "work") + "\"}");
  write("roots/gone/workspace.json", "{\"folder\":\"file:///no/such\"}");
  write("roots/a-file", "");
  EXPECT_TRUE(executor_.await(announcing({folder_ / "roots", folder_ / "missing"})));
  EXPECT_THAT(asked(), ElementsAre("POST /api/machines", "POST /api/projects/resolve",
                                   "POST /api/workspaces"));
  EXPECT_THAT(sender_.requests[2].body, HasSubstr(R"("workspaceId":"9c0f")"));
  EXPECT_EQ(of_workspace("9c0f"), (Place{12, 3, 41, "acme/parser", "box"}));
  EXPECT_EQ(sender_.requests.size(), 3u);
}

TEST_F(HierarchyTest, TheStartGivesUpWhenNobodyAnswers) {
  sender_.answer = [](const net::ClientRequest&) -> base::Result<net::ClientResponse> {
    return base::Error{base::Errc::unavailable, "no route"};
  };
  testing::internal::CaptureStderr();
  EXPECT_FALSE(executor_.await(announcing({folder_ / "roots"})));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("the machine could not be registered: request failed: no route"));
  EXPECT_EQ(sender_.requests.size(), 1u);
}

TEST_F(HierarchyTest, TheStartFailsOnlyWithWhatMayGoWellLater) {
  write("roots/9c0f/workspace.json", "{\"folder\":\"file://" + (folder_ / "work") + "\"}");
  std::string failing;
  int status = 0;
  sender_.answer = [&, usual = sender_.answer](const net::ClientRequest& request) {
    if (request.target == failing) return net::ClientResponse{status, ""};
    return *usual(request);
  };
  for (const char* target : {"/api/machines", "/api/projects/resolve", "/api/workspaces"}) {
    failing = target;
    for (const int later : {408, 429, 500, 503}) {
      status = later;
      EXPECT_FALSE(executor_.await(announcing({folder_ / "roots"}))) << target << status;
    }
    for (const int never : {400, 401, 404}) {
      status = never;
      EXPECT_TRUE(executor_.await(announcing({folder_ / "roots"}))) << target << status;
    }
    failing.clear();  // the machine is known from now on
    EXPECT_TRUE(executor_.await(announcing({folder_ / "roots"})));
  }
}

TEST(WorkspaceStorageRootsTest, EditorsOfTheFamilyAreLookedFor) {
  const auto roots = workspace_storage_roots(
      [](const std::string&) { return std::optional<std::string>("/home/ana"); });
  EXPECT_EQ(roots.size(), 3u);
  EXPECT_EQ(roots[1], "/home/ana/.config/Code - Insiders/User/workspaceStorage");
}

}  // namespace
}  // namespace collector
