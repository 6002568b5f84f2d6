#include "net/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace net {
namespace {

std::string way(const std::string& url, const ProxySettings& settings) {
  const auto proxy = proxy_for(*parse_url(url), settings);
  if (!proxy) return "refused: " + proxy.error().what;
  if (!*proxy) return "direct";
  return (**proxy).credentials + "@" + (**proxy).url.authority();
}

TEST(ProxyTest, TheSchemeChoosesTheProxy) {
  const ProxySettings settings{"http://a:1", "b:2", ""};
  EXPECT_EQ(way("http://x.example", settings), "@a:1");
  EXPECT_EQ(way("https://x.example", settings), "@b:2");
  EXPECT_EQ(way("https://x.example", {"http://a:1", "", ""}), "direct");
}

TEST(ProxyTest, LoopbackIsReachedDirectly) {
  const ProxySettings settings{"a:1", "a:1", ""};
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "[::1]"})
    EXPECT_EQ(way(std::string("http://") + host, settings), "direct") << host;
  EXPECT_EQ(way("http://127.evil.example", settings), "@a:1");
}

TEST(ProxyTest, ExceptionsAreNamesSuffixesAndPorts) {
  const auto with = [](const std::string& exceptions) {
    return way("https://api.acme.example:8443", {"", "p", exceptions});
  };
  EXPECT_EQ(with("acme.example"), "direct");
  EXPECT_EQ(with("other, .ACME.example"), "direct");
  EXPECT_EQ(with("*.acme.example"), "direct");
  EXPECT_EQ(with("api.acme.example:8443"), "direct");
  EXPECT_EQ(with("*"), "direct");
  EXPECT_EQ(with("api.acme.example:443"), "@p:80");
  EXPECT_EQ(with("cme.example"), "@p:80");
  EXPECT_EQ(with(",,"), "@p:80");
}

TEST(ProxyTest, CredentialsAreDecodedAndNeverTold) {
  EXPECT_EQ(way("http://x", {"http://ana:p%40ss@px:3128", "", ""}), "ana:p@ss@px:3128");
  const std::string refused = way("http://x", {"socks5://ana:secret@px:99999", "", ""});
  EXPECT_EQ(refused, "refused: HTTP_PROXY is not an address such as http://proxy.example:3128");
}

TEST(ProxyTest, VariablesAreReadInEitherCase) {
  std::map<std::string, std::string> variables{
      {"http_proxy", "a"}, {"HTTPS_PROXY", "b"}, {"https_proxy", "c"}, {"no_proxy", "d"}};
  const auto environment = [&](const std::string& name) -> std::optional<std::string> {
    if (!variables.contains(name)) return std::nullopt;
    return variables[name];
  };
  ProxySettings settings = ProxySettings::from(environment);
  EXPECT_EQ(settings.http, "a");
  EXPECT_EQ(settings.https, "b");
  EXPECT_EQ(settings.exceptions, "d");
  variables["HTTP_PROXY"] = "from a header";
  variables["REQUEST_METHOD"] = "GET";
  EXPECT_EQ(ProxySettings::from(environment).http, "a");
}

}  // namespace
}  // namespace net
