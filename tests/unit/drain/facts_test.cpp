#include "collector/drain/facts.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <map>

#include "collector/drain/clock.h"
#include "collector/drain/resolver_settings.h"

namespace sockwatch::drain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ResolverSettings, DefaultsOfAnEmptyFile) {
  const ResolverSettings settings = parse_resolver_settings("", "");
  EXPECT_THAT(settings.nameservers, ElementsAre("127.0.0.1"));
  EXPECT_EQ(settings.timeout_s, 5);
  EXPECT_EQ(settings.attempts, 2);
  EXPECT_THAT(settings.search, IsEmpty());
  EXPECT_THAT(settings.options, IsEmpty());
}

TEST(ResolverSettings, TypicalFile) {
  const ResolverSettings settings = parse_resolver_settings(
      "# made by hand\n"
      "; so was this\n"
      "nameserver 10.0.0.2\n"
      "nameserver\tfe80::1%eth0\r\n"
      "search svc.cluster.local  cluster.local\n"
      "options ndots:5 timeout:1 rotate\n"
      "options attempts:3",
      "");
  EXPECT_THAT(settings.nameservers, ElementsAre("10.0.0.2", "fe80::1%eth0"));
  EXPECT_THAT(settings.search, ElementsAre("svc.cluster.local", "cluster.local"));
  EXPECT_THAT(settings.options, ElementsAre("ndots:5", "timeout:1", "rotate", "attempts:3"));
  EXPECT_EQ(settings.timeout_s, 1);
  EXPECT_EQ(settings.attempts, 3);
}

TEST(ResolverSettings, OnlyThreeNameserversAreUsed) {
  const auto settings = parse_resolver_settings(
      "nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n", "");
  EXPECT_THAT(settings.nameservers, ElementsAre("1.1.1.1", "2.2.2.2", "3.3.3.3"));
}

TEST(ResolverSettings, LastOfSearchAndDomainCounts) {
  EXPECT_THAT(parse_resolver_settings("search a b\ndomain c\n", "").search, ElementsAre("c"));
  EXPECT_THAT(parse_resolver_settings("domain c\nsearch a b\n", "").search, ElementsAre("a", "b"));
}

TEST(ResolverSettings, LimitsAndRubbish) {
  const auto settings = parse_resolver_settings(
      "options timeout:3000 attempts:99 timeout: attempts:x timeout:-4\n"
      " nameserver 9.9.9.9\nnameserver\nnameserverx 8.8.8.8\n\n\n",
      "");
  EXPECT_EQ(settings.timeout_s, 30);
  EXPECT_EQ(settings.attempts, 5);
  EXPECT_THAT(settings.nameservers, ElementsAre("127.0.0.1"));
  EXPECT_EQ(parse_resolver_settings("options timeout:0\n", "").timeout_s, 1);
}

TEST(ResolverSettings, EnvironmentAmends) {
  const auto settings =
      parse_resolver_settings("options timeout:1 attempts:4\n", "timeout:9 single-request");
  EXPECT_EQ(settings.timeout_s, 9);
  EXPECT_EQ(settings.attempts, 4);
  EXPECT_EQ(settings.options.back(), "single-request");
}

TEST(Proxy, HostAndPort) {
  EXPECT_EQ(proxy_host_port("http://proxy.example:3128"), "proxy.example:3128");
  EXPECT_EQ(proxy_host_port("proxy.example:3128/"), "proxy.example:3128");
  EXPECT_EQ(proxy_host_port("socks5h://[2001:db8::1]:1080/x?y"), "[2001:db8::1]:1080");
  EXPECT_EQ(proxy_host_port("http://proxy"), "proxy");
  EXPECT_EQ(proxy_host_port(""), std::nullopt);
}

TEST(Proxy, CredentialsNeverComeOut) {
  for (const char* value :
       {"http://user:secret@proxy:3128", "user:secret@proxy:3128", "http://secret@proxy:3128/",
        "http://user:sec@ret@proxy:3128", "http://user:sec/ret@proxy:3128",
        "http://user:sec#ret?secret@proxy:3128", "http://us://er:secret@proxy:3128"}) {
    EXPECT_EQ(proxy_host_port(value), "proxy:3128") << value;
  }
  for (const char* value : {"http://user:secret", "secret word", "http://:secret@", "://", "@",
                            "proxy:99999999", "http://\x1b[2J:80", "[secret]:1"}) {
    EXPECT_EQ(proxy_host_port(value), "set") << value;
  }
}

TEST(Facts, AllKeysTheRulesNeed) {
  ::setenv("https_proxy", "http://me:secret@gate:8080", 1);
  ::unsetenv("http_proxy");
  ::setenv("HTTP_PROXY", "gate2:81", 1);
  ::setenv("NO_PROXY", "localhost", 1);
  const Facts list = collect_facts(true);
  const std::map<std::string, std::string> facts(list.begin(), list.end());
  EXPECT_EQ(facts.size(), list.size()) << "a key twice";
  for (const char* key :
       {"sockwatch_version", "host", "boot_id", "kernel", "monotonic_to_unix_ns", "detail",
        "started", "tcp_syn_retries", "tcp_syn_linear_timeouts", "tcp_retries2", "tcp_tw_reuse",
        "ip_local_port_range", "somaxconn", "resolver_nameservers", "resolver_nameserver_count",
        "resolver_timeout_s", "resolver_attempts", "resolver_options", "resolver_search"}) {
    EXPECT_TRUE(facts.contains(key)) << key;
  }
  EXPECT_EQ(facts.at("detail"), "calls");
  EXPECT_EQ(facts.at("proxy_https"), "gate:8080");
  EXPECT_EQ(facts.at("proxy_http"), "gate2:81");
  EXPECT_EQ(facts.at("proxy_no"), "set");
  EXPECT_EQ(facts.at("ip_local_port_range").find('\t'), std::string::npos);
  const std::int64_t unix_now = std::stoll(facts.at("monotonic_to_unix_ns")) + monotonic_ns();
  EXPECT_NEAR(static_cast<double>(unix_now), static_cast<double>(clock_ns(CLOCK_REALTIME)), 1e9);
}

TEST(Facts, ProxiesOfAnEnvironment) {
  using namespace std::literals;
  EXPECT_EQ(proxies_in("PATH=/bin\0http_proxy=http://me:secret@proxy:3128/\0"
                       "HTTPS_PROXY=proxy:3128\0all_proxy=socks5://10.0.0.9:1080\0"sv),
            "proxy:3128 10.0.0.9:1080");
  EXPECT_EQ(proxies_in("http_proxy=\0no_proxy=a\0xhttp_proxy=b:1\0http_proxy\0"sv), "");
  EXPECT_EQ(proxies_in("http_proxy=a b\0"sv), "");  // not understood
  EXPECT_EQ(proxies_in("http_proxy=a:1"sv), "a:1");
  EXPECT_EQ(proxies_in(""sv), "");
}

}  // namespace
}  // namespace sockwatch::drain
