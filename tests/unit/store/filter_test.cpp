#include "tests/unit/store/support.h"

namespace sockwatch::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// 1 connected, ipv4, named        2 timed out, ipv6          3 unix path
// 4 pending and never ended       5 closed while connecting  6 fe80::1, process that ended
class FilterTest : public StoreTest {
 protected:
  void SetUp() override {
    Writer writer = this->writer();
    ProcessRow curl;
    curl.id = 1;
    curl.exe = "/usr/bin/curl_100%";
    ProcessRow java;
    java.id = 2;
    java.exe = "/opt/java/bin/java";
    java.ended_ns = 9'000;
    ProcessRow unknown;
    unknown.id = 3;
    for (const ProcessRow& process : {curl, java, unknown}) ASSERT_TRUE(ok(writer.put(process)));

    ConnectionRow named = connection_row(1);
    named.peer_name = "DB_1.Example.com";
    named.peer_address = "10.0.7.13";
    named.decided_ns = 1'500;
    named.ending = "reset";
    put(writer, named);

    ConnectionRow silent = connection_row(2);
    silent.process_id = 2;
    silent.family = "ipv6";
    silent.peer_name = "db%1";
    silent.peer_address = "::1";
    silent.peer_port = 8443;
    silent.decided_ns = 2'000 + 700;
    silent.outcome = "timed_out_kernel";
    put(writer, silent);

    ConnectionRow local = connection_row(3);
    local.process_id = 3;
    local.family = "unix";
    local.peer_address = "/run/app:443";
    local.peer_port.reset();
    local.decided_ns = 3'001;
    put(writer, local);

    ConnectionRow hanging = connection_row(4);
    hanging.process_id = 3;
    hanging.outcome = "pending";
    hanging.peer_address = "192.0.2.1";
    put(writer, hanging);

    ConnectionRow given_up = connection_row(5);
    given_up.closed_ns = 5'000 + 600;
    given_up.outcome = "timed_out_caller";
    put(writer, given_up);

    ConnectionRow left = connection_row(6);
    left.process_id = 2;
    left.family = "ipv6";
    left.peer_address = "fe80::1";
    left.outcome = "abandoned";
    put(writer, left);
    ASSERT_TRUE(ok(writer.finish()));
  }

  static void put(Writer& writer, const ConnectionRow& row) { ASSERT_TRUE(ok(writer.put(row))); }

  std::vector<std::int64_t> to(const std::string& destination) const {
    Filter filter;
    filter.destination = destination;
    return ids(*Reader::open(path()), filter);
  }
  std::vector<std::int64_t> with(const std::string& outcome) const {
    Filter filter;
    filter.outcome = outcome;
    return ids(*Reader::open(path()), filter);
  }
  Error refused(const Filter& filter) const {
    const Status status =
        Reader::open(path())->connections(filter, [](const ConnectionRow&) { return true; });
    if (!status) return status.error();
    ADD_FAILURE() << "the filter was accepted";
    return {};
  }
};

TEST_F(FilterTest, EmptyIsEverything) {
  EXPECT_THAT(ids(*Reader::open(path())), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(to(""), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(with(""), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(FilterTest, DestinationIsAPartOfNameOrAddress) {
  EXPECT_THAT(to("example.COM"), ElementsAre(1));
  EXPECT_THAT(to("10.0.7"), ElementsAre(1));
  EXPECT_THAT(to("10.0."), ElementsAre(1, 5));
  EXPECT_THAT(to("nowhere"), IsEmpty());
}

TEST_F(FilterTest, DestinationWithPort) {
  EXPECT_THAT(to("example.com:443"), ElementsAre(1));
  EXPECT_THAT(to("example.com:8443"), IsEmpty());
  EXPECT_THAT(to(":443"), ElementsAre(1, 4, 5, 6));
  EXPECT_THAT(to(":8443"), ElementsAre(2));
  EXPECT_THAT(to(":44"), IsEmpty());
}

TEST_F(FilterTest, DestinationIpv6) {
  EXPECT_THAT(to("::1"), ElementsAre(2, 6));  // a part
  EXPECT_THAT(to("[::1]"), ElementsAre(2));   // brackets: the whole address
  EXPECT_THAT(to("[::1]:8443"), ElementsAre(2));
  EXPECT_THAT(to("[::1]:443"), IsEmpty());
  EXPECT_THAT(to("[0:0::0001]:8443"), ElementsAre(2));
  EXPECT_THAT(to("[FE80::1%eth0]"), ElementsAre(6));
  EXPECT_THAT(to("[::ffff:10.0.7.13]:443"), ElementsAre(1));
}

TEST_F(FilterTest, DestinationPathsHaveNoPort) {
  EXPECT_THAT(to("/run/app:443"), ElementsAre(3));
  EXPECT_THAT(to("/run/"), ElementsAre(3));
}

TEST_F(FilterTest, PatternCharactersMeanThemselves) {
  EXPECT_THAT(to("db_1"), ElementsAre(1));
  EXPECT_THAT(to("db%1"), ElementsAre(2));
  EXPECT_THAT(to("%"), ElementsAre(2));
  EXPECT_THAT(to("' OR 1=1 --"), IsEmpty());
  EXPECT_THAT(to("*"), IsEmpty());
  EXPECT_THAT(to("\\"), IsEmpty());
}

TEST_F(FilterTest, DestinationThatCannotBeOne) {
  for (const char* text : {"host:65536", "host:99999999999999999999", "[::1", "[::1]443",
                           "[::1]:", "[::1]:x", "[name]:443", "[]"}) {
    Filter filter;
    filter.destination = text;
    const Error error = refused(filter);
    EXPECT_THAT(error.message, HasSubstr(text));
    EXPECT_NE(error.hint, "");
  }
}

TEST_F(FilterTest, ExeIsAPartOfThePath) {
  const auto by = [&](const std::string& exe) {
    Filter filter;
    filter.exe = exe;
    return ids(*Reader::open(path()), filter);
  };
  EXPECT_THAT(by("java"), ElementsAre(2, 6));
  EXPECT_THAT(by("curl_1"), ElementsAre(1, 5));
  EXPECT_THAT(by("100%"), ElementsAre(1, 5));
  EXPECT_THAT(by("curl%"), IsEmpty());
  EXPECT_THAT(by("JAVA"), IsEmpty());
  EXPECT_THAT(by(""), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(FilterTest, OutcomeOrEnding) {
  EXPECT_THAT(with("pending"), ElementsAre(4));
  EXPECT_THAT(with("reset"), ElementsAre(1));
  EXPECT_THAT(with("timed_out_kernel, timed_out_caller,,abandoned"), ElementsAre(2, 5, 6));
  EXPECT_THAT(with("refused"), IsEmpty());
}

TEST_F(FilterTest, OutcomeThatDoesNotExistIsAnErrorNotNothing) {
  Filter filter;
  filter.outcome = "pending,timeout";
  const Error error = refused(filter);
  EXPECT_THAT(error.message, HasSubstr("'timeout'"));
  EXPECT_THAT(error.hint, HasSubstr("timed_out_caller"));
}

TEST_F(FilterTest, OutcomeThisVersionDoesNotKnowButTheTraceHas) {
  run_sql(path(), "UPDATE connection SET ending = 'vanished' WHERE id = 3");
  EXPECT_THAT(with("vanished"), ElementsAre(3));
}

TEST_F(FilterTest, Since) {
  Filter filter;
  filter.since_ns = 4'000;
  EXPECT_THAT(ids(*Reader::open(path()), filter), ElementsAre(4, 5, 6));
}

TEST_F(FilterTest, MinimumConnectTime) {
  const auto at_least = [&](Ns minimum) {
    Filter filter;
    filter.min_connect_ns = minimum;
    return ids(*Reader::open(path()), filter);
  };
  EXPECT_THAT(at_least(0), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(at_least(500), ElementsAre(1, 2, 4, 5, 6));
  EXPECT_THAT(at_least(501), ElementsAre(2, 4, 5, 6));
  EXPECT_THAT(at_least(601), ElementsAre(2, 4, 6));  // 5: until its close
  EXPECT_THAT(at_least(3'000), ElementsAre(4, 6));   // 6: until its process ended
  EXPECT_THAT(at_least(3'001), ElementsAre(4));      // 4: may have taken any time
}

TEST_F(FilterTest, AllConditionsMustHold) {
  Filter filter;
  filter.exe = "curl";
  filter.destination = ":443";
  filter.outcome = "connected,timed_out_caller";
  filter.min_connect_ns = 1;
  EXPECT_THAT(ids(*Reader::open(path()), filter), ElementsAre(1, 5));
  filter.since_ns = 2'000;
  EXPECT_THAT(ids(*Reader::open(path()), filter), ElementsAre(5));
}

}  // namespace
}  // namespace sockwatch::store
