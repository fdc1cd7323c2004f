// Other words for what a trace names: of the same kind, the same for the same, never one the trace
// has.
#include "collector/store/pseudonyms.h"

#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

Pseudonyms replacing() {
  Pseudonyms pseudonyms;
  pseudonyms.begin_to_replace();
  return pseudonyms;
}

TEST(PseudonymsTest, AnAddressStaysAnAddress) {
  Pseudonyms p = replacing();
  EXPECT_EQ(p.address("10.0.7.13"), "240.0.0.1");
  EXPECT_EQ(p.address("192.0.2.9"), "240.0.0.2");
  EXPECT_EQ(p.address("10.0.7.13"), "240.0.0.1");
  EXPECT_EQ(p.address("2a00:1450::1"), "2001:db8::0:1");
  EXPECT_EQ(p.address("fe80::1234"), "fe80::0:1");
  for (const char* same : {"127.0.0.1", "127.0.0.53", "0.0.0.0", "::1", "::", ""})
    EXPECT_EQ(p.address(same), same);
  EXPECT_EQ(p.original("240.0.0.2"), "192.0.2.9");
  EXPECT_EQ(p.original("something else"), "something else");
}

TEST(PseudonymsTest, ANameKeepsItsLabels) {
  Pseudonyms p = replacing();
  EXPECT_EQ(p.name("db.prod.example.com"), "n1.n2.n3.n4");
  EXPECT_EQ(p.name("web.prod.example.com"), "n5.n2.n3.n4");
  EXPECT_EQ(p.name("example.com"), "n3.n4") << "a suffix of the search list";
  EXPECT_EQ(p.name("Example.COM."), "n3.n4.") << "case does not matter to names";
  EXPECT_EQ(p.name("localhost"), "localhost");
  EXPECT_EQ(p.name("10.0.7.13"), p.address("10.0.7.13")) << "looked up as if it were a name";
  EXPECT_EQ(p.original("n5.n2.n3.n4"), "web.prod.example.com");
}

TEST(PseudonymsTest, PathsAndPrograms) {
  Pseudonyms p = replacing();
  EXPECT_EQ(p.path("/run/secret.sock"), "/path1");
  EXPECT_EQ(p.path("@secret"), "@path2");
  EXPECT_EQ(p.program("/usr/bin/curl"), "curl");
  EXPECT_EQ(p.program("/usr/bin/../../home/me/x"), "program1");
  EXPECT_EQ(p.program("/home/me/tool"), "program2");
  EXPECT_EQ(p.program("/opt/acme/bin/node"), "node") << "a name everybody knows";
  EXPECT_EQ(p.program("/usr/local/bin/acme"), "program3");
}

TEST(PseudonymsTest, OwnAddressesAndProxies) {
  Pseudonyms p = replacing();
  FailedCallRow call;
  call.address = "10.0.7.13";
  p.apply(call);
  EXPECT_EQ(call.address, "240.0.0.1");
  ProcessRow process;
  process.proxies = "10.0.7.13:3128 proxy.corp:8080";
  p.apply(process);
  EXPECT_EQ(process.proxies, "240.0.0.1:3128 n1.n2:8080");
}

TEST(PseudonymsTest, NoneIsAWordOfTheTrace) {
  Pseudonyms p;
  p.address("240.0.0.1");
  p.name("n1.n3");
  p.begin_to_replace();
  EXPECT_EQ(p.address("10.0.0.1"), "240.0.0.2");
  EXPECT_EQ(p.address("240.0.0.1"), "240.0.0.3");
  EXPECT_EQ(p.name("a.b"), "n2.n4");
}

TEST(PseudonymsTest, OfTheFactsOnlyWhatNamesNobodyIsLeft) {
  Pseudonyms p = replacing();
  std::map<std::string, std::string> facts = {{"host", "app-7"},
                                              {"kernel", "6.1"},
                                              {"boot_id", "0123"},
                                              {"resolver_nameservers", "10.0.0.53 127.0.0.53"},
                                              {"resolver_search", "corp.example example"},
                                              {"resolver_options", "ndots:5"},
                                              {"proxy_http", "proxy.corp:3128"},
                                              {"proxy_https", "[2a00::1]:3128"},
                                              {"proxy_all", "set"},
                                              {"told by nobody we know", "secret"}};
  p.apply(facts);
  const std::map<std::string, std::string> expected = {
      {"host", "n1"},
      {"kernel", "6.1"},
      {"proxy_all", "set"},
      {"proxy_http", "n2.n3:3128"},
      {"proxy_https", "[2001:db8::0:1]:3128"},
      {"redacted", "1"},
      {"resolver_nameservers", "240.0.0.1 127.0.0.53"},
      {"resolver_search", "n3.n4 n4"}};
  EXPECT_EQ(facts, expected);
}

class RedactedTrace : public StoreTest {};

TEST_F(RedactedTrace, IsTheSameWhateverIsAsked) {
  {
    Writer trace = writer();
    for (std::int64_t id = 1; id <= 3; ++id) {
      ConnectionRow row = connection_row(id);
      row.family = "ipv4";
      row.peer_address = "10.0.0." + std::to_string(id);
      row.peer_name = "host" + std::to_string(id) + ".example";
      row.outcome = id == 3 ? "refused" : "connected";
      ASSERT_TRUE(ok(trace.put(row)));
    }
    ResolutionRow lookup;
    lookup.id = 1;
    lookup.name = "host3.example";
    lookup.addresses = "10.0.0.3 10.0.0.1";
    ASSERT_TRUE(ok(trace.put(lookup)));
    ASSERT_TRUE(ok(trace.finish()));
  }
  auto reader = Reader::open(path());
  ASSERT_TRUE(ok(reader));
  ASSERT_TRUE(ok(reader->redact()));
  const auto third = reader->connection(3);
  ASSERT_TRUE(ok(third));
  EXPECT_EQ((*third)->peer_address, "240.0.0.3") << "numbered as they stand in the trace";
  EXPECT_EQ((*third)->peer_name, "n4.n2");
  Filter filter;
  filter.destination = "10.0.0.3";
  std::vector<std::string> chosen;
  ASSERT_TRUE(ok(reader->connections(filter, [&](const ConnectionRow& row) {
    chosen.push_back(*row.peer_address);
    return true;
  })));
  EXPECT_EQ(chosen, std::vector<std::string>{"240.0.0.3"}) << "filters speak of the originals";
  ASSERT_TRUE(ok(reader->resolutions([&](const ResolutionRow& row) {
    EXPECT_EQ(row.name, "n4.n2");
    EXPECT_EQ(row.addresses, "240.0.0.3 240.0.0.1");
    return true;
  })));
  EXPECT_EQ(reader->original("n4.n2"), "host3.example");
}

}  // namespace
}  // namespace sockwatch::store
