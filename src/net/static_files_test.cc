#include "net/static_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "test_executor.h"

namespace net {
namespace {

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    std::filesystem::create_directories(folder_ / "root/js");
    std::filesystem::create_directories(folder_ / "outside");
    write("root/index.html", "<title>home</title>");
    write("root/js/app.js", "0123456789");
    write("root/.secret", "secret");
    write("outside/file.txt", "outside");
    std::filesystem::create_directory_symlink(folder_ / "outside", folder_ / "root/link");
  }
  ~StaticFilesTest() override {
    pool_.stop();
    worker_.join();
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  Response get(std::string path,
               std::vector<std::pair<std::string_view, std::string_view>> headers = {}) {
    Request request;
    request.path = std::move(path);
    request.headers = std::move(headers);
    return executor_.await(files_.serve(request));
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [known, value] : response.headers)
      if (known == name) return value;
    return {};
  }

  support::TemporaryFolder folder_;
  support::TestExecutor executor_;
  base::WorkerPool pool_;
  std::thread worker_{[this] { pool_.work(0); }};
  StaticFiles files_{folder_ / "root", pool_};
};

TEST_F(StaticFilesTest, FilesAreServedWithTheirType) {
  EXPECT_EQ(get("/").body, "<title>home</title>");
  EXPECT_EQ(get("/js/app.js").body, "0123456789");
  EXPECT_EQ(get("/js/app.js").content_type, "text/javascript; charset=utf-8");
}

TEST_F(StaticFilesTest, NothingOutsideTheFolderShows) {
  for (const char* path : {"/.secret", "/../outside/file.txt", "/link/file.txt", "/link", "//etc",
                           "//etc/passwd", "/nope", "/js/../.secret", "/js\\app.js"})
    EXPECT_EQ(get(path).status, 404) << path;
}

TEST_F(StaticFilesTest, AFolderWithoutItsSlashIsRedirected) {
  const Response moved = get("/js");
  EXPECT_EQ(moved.status, 301);
  EXPECT_EQ(header(moved, "Location"), "/js/");
}

TEST_F(StaticFilesTest, AnUnchangedFileIsNotSentAgain) {
  const std::string etag = header(get("/js/app.js"), "ETag");
  EXPECT_EQ(get("/js/app.js", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(get("/js/app.js", {{"If-None-Match", "\"other\""}}).status, 200);
  const std::string modified = header(get("/js/app.js"), "Last-Modified");
  EXPECT_EQ(get("/js/app.js", {{"If-Modified-Since", modified}}).status, 304);
}

TEST_F(StaticFilesTest, APartIsSentWhenAPartIsAskedFor) {
  const auto range = [&](std::string_view what) { return get("/js/app.js", {{"Range", what}}); };
  EXPECT_EQ(range("bytes=2-4").body, "234");
  EXPECT_EQ(range("bytes=2-4").status, 206);
  EXPECT_EQ(header(range("bytes=8-"), "Content-Range"), "bytes 8-9/10");
  EXPECT_EQ(range("bytes=-3").body, "789");
  EXPECT_EQ(range("bytes=10-").status, 416);
  EXPECT_EQ(range("bytes=0-1,3-4").status, 200);
  EXPECT_EQ(range("lines=1").status, 200);
}

}  // namespace
}  // namespace net
