// Attempts that were answered by a no, or did not leave this host: each rule at its bounds.
#include "tests/unit/viewer/diagnose/handshake_rows.h"

namespace sockwatch::testing {
namespace {

TEST(Refused, AtOnceOrLater) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443);
  EXPECT_EQ(find(findings(rows), "REFUSED").confidence, Confidence::high);
  rows.connections.back().decided_ns = rows.connections.back().started_ns + 199 * kMs;
  EXPECT_EQ(find(findings(rows), "REFUSED").confidence, Confidence::high);
  rows.connections.back().decided_ns = rows.connections.back().started_ns + 200 * kMs;
  EXPECT_EQ(find(findings(rows), "REFUSED").confidence, Confidence::medium);
}

// A firewall that rejects with a reset looks the same as a port nobody listens on.
TEST(Refused, AServiceThatWentAwayOnce) {
  const auto summary = [](std::initializer_list<bool> course,
                          const std::string& other = "10.0.0.7") {
    Rows rows;
    store::Ns at = 0;
    for (const bool connects : course) {
      if (connects) {
        rows.connected(at, "10.0.0.7", 443, "shop.test");
      } else {
        rows.refused(at, rows.connections.size() == 2 ? other : "10.0.0.7", 443, "shop.test");
      }
      at += 2 * kS;
    }
    return find(run_all(rows), "REFUSED").summary;
  };
  const auto restarted = HasSubstr("answered 'no' for 2.0 s, and connected before and after");
  EXPECT_THAT(summary({true, false, false, true, true}), restarted);
  EXPECT_THAT(summary({true, false, true}), Not(restarted));                // once: no time
  EXPECT_THAT(summary({true, false, false}), Not(restarted));               // still away
  EXPECT_THAT(summary({true, false, false, true, false}), Not(restarted));  // again and again
  EXPECT_THAT(summary({false, true, false, false, true}), Not(restarted));
  EXPECT_THAT(summary({true, false, false, true}, "10.0.0.8"), Not(restarted));  // two addresses
}

// curl looks up localhost by itself: there is no name that has both addresses.
// A server that takes most connections does listen.
TEST(Refused, OfSomeAttemptsOnly) {
  Rows rows;
  for (int i = 0; i < 60; ++i) {
    if (i % 7 == 3) {
      rows.refused(i * 100 * kMs, "10.0.0.7", 443);
    } else {
      rows.connected(i * 100 * kMs, "10.0.0.7", 443);
    }
  }
  const Finding some = find(run_all(rows), "REFUSED");
  EXPECT_THAT(some.summary,
              HasSubstr("answered 'no' to 9 of 60 attempts and took others: at times"));
  EXPECT_THAT(some.next_steps[0], HasSubstr("--outcome refused"));
  Rows all;
  all.refused(0, "10.0.0.7", 443);
  EXPECT_THAT(find(run_all(all), "REFUSED").summary, HasSubstr("at once: nothing listens"));
}

TEST(Refused, NamesTheOtherFamilyOfThisMachine) {
  const auto door = Contains(HasSubstr("[::1]:8080 of this machine connected"));
  Rows rows;
  rows.refused(0, "127.0.0.1", 8080);
  rows.connected(kS, "::1", 8081);
  EXPECT_THAT(find(run_all(rows), "REFUSED").evidence, Not(door));
  rows.connected(2 * kS, "::1", 8080);
  EXPECT_THAT(find(run_all(rows), "REFUSED").evidence, door);
}

TEST(Refused, ManyPortsOfOneHostAreToldTogether) {
  for (const auto& [ports, expected] : {std::pair{9, 9}, std::pair{10, 1}}) {
    Rows rows;
    for (int i = 0; i < ports; ++i) rows.refused(i * kMs, "10.0.0.7", 8000 + i);
    EXPECT_EQ(findings(rows).size(), static_cast<std::size_t>(expected)) << ports;
  }
  Rows rows;
  for (int i = 0; i < 99; ++i) rows.refused(i * kMs, "10.0.0.7", 8000 + i);
  rows.refused(kS, "10.0.0.8", 80);
  rows.connected(2 * kS, "10.0.0.7", 9000);
  rows.refused(3 * kS, "10.0.0.7", 9000);  // at times it is up
  const auto all = findings(rows);
  EXPECT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].subject, "10.0.0.7");
  EXPECT_EQ(all[0].count, 99);
  EXPECT_THAT(all[0].summary, HasSubstr("10.0.0.7 answered 'no' on 99 ports, 8000 to 8098"));
  EXPECT_EQ(all[0].connections_total, 99);
  EXPECT_EQ(all[0].explained.size(), 99U);  // none is forgotten
}

// One who goes through a list of hosts, or looks for those that listen.
TEST(Refused, ManyHostsAreToldTogether) {
  for (const int hosts : {19, 20, 300}) {
    Rows rows;
    for (int i = 0; i < hosts; ++i) {
      rows.refused(i * kMs, "10.0." + std::to_string(i / 200) + "." + std::to_string(i % 200), 80);
    }
    for (int i = 0; i < 3; ++i) rows.refused(kS + i * kMs, "10.1.0.1", 80);
    const auto all = findings(rows);
    if (hosts < 20) {
      EXPECT_EQ(all.size(), 20U);
      continue;
    }
    ASSERT_THAT(ids(all), ElementsAre("REFUSED", "REFUSED"));
    const auto count = static_cast<std::size_t>(hosts);
    EXPECT_THAT(all[0].summary, HasSubstr(std::to_string(hosts) +
                                          " destinations fared alike. The first: 10.0.0.0:80"));
    EXPECT_EQ(all[0].count, hosts);
    EXPECT_EQ(all[0].of, hosts);
    EXPECT_EQ(all[0].connections_total, hosts);
    EXPECT_EQ(all[0].connections.size(), std::min(count, Finding::kExamples));
    EXPECT_EQ(all[0].explained.size(), count);
    EXPECT_EQ(all[1].count, 3);
  }
}

TEST(Refused, ClaimsNoMoreThanANo) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443);
  const auto found = find(findings(rows), "REFUSED");
  EXPECT_EQ(found.summary,
            "10.0.0.7:443 answered 'no' at once: nothing listens on port 443, or a firewall "
            "refuses for it.");
  EXPECT_THAT(found.next_steps, Contains(HasSubstr("firewall")));
}

// Where no packet of the connection came back, the answer was a message about it (port
// unreachable), which no kernel sends for a port of its own.
TEST(Refused, AnIcmpMessageIsAFirewalls) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443).segs_in = 0;
  const auto icmp = find(findings(rows), "REFUSED");
  EXPECT_EQ(icmp.summary,
            "10.0.0.7:443 answered 'no' at once: a firewall or router refuses port 443 for it.");
  EXPECT_THAT(icmp.evidence, Contains(HasSubstr("ICMP message (port unreachable)")));
  // One that was answered by a packet, and the rule is as open as before.
  rows.refused(kS, "10.0.0.7", 443);
  EXPECT_THAT(find(findings(rows), "REFUSED").summary, HasSubstr("nothing listens"));
  // Counters of a socket the kernel has taken apart prove nothing.
  Rows blocking;
  auto& row = blocking.refused(0, "10.0.0.7", 443);
  row.segs_in = 0;
  row.segs_out = 0;
  EXPECT_THAT(find(findings(blocking), "REFUSED").summary, HasSubstr("nothing listens"));
}

TEST(Refused, QuotesTheHostInItsCommands) {
  Rows rows;
  rows.refused(0, "10.0.0.7;reboot", 443);
  EXPECT_THAT(find(findings(rows), "REFUSED").next_steps[0],
              HasSubstr("on '10.0.0.7;reboot': ss -ltn"));
}

TEST(Refused, IsNoTroubleWhereTheNextAddressWorks) {
  for (const auto& [next, expected] : {std::pair{kS, false}, std::pair{kS + kMs, true}}) {
    Rows rows;
    rows.refused(0, "10.0.0.5", 443, "shop.test");
    rows.connected(next + kMs / 5, "10.0.0.6", 443, "shop.test");
    EXPECT_EQ(has(findings(rows), "REFUSED"), expected) << next;
  }
  Rows other_process;
  other_process.refused(0, "10.0.0.5", 443, "shop.test");
  other_process.connected(kMs, "10.0.0.6", 443, "shop.test").process_id = 2;
  EXPECT_TRUE(has(findings(other_process), "REFUSED"));
}

TEST(Refused, OneSuccessMakesGoodOneRefusal) {
  Rows rows;
  for (int i = 0; i < 3; ++i) rows.refused(i * kMs, "10.0.0.5", 443, "shop.test");
  rows.connected(10 * kMs, "10.0.0.6", 443, "shop.test");
  const Finding found = find(findings(rows), "REFUSED");
  EXPECT_EQ(found.count, 2);
  EXPECT_THAT(found.evidence, Contains(HasSubstr("within a second: 1 more refusal")));
}

// A pool that goes round its servers: with two bad ones of three no other rule would speak.
TEST(Refused, AnAddressThatAlwaysRefusesIsNotForgotten) {
  for (const auto& [times, first] : {std::pair{5, "10.0.0.5"}, {4, "10.0.0.5"}, {5, "127.0.0.1"}}) {
    Rows rows;
    for (int i = 0; i < times; ++i) {
      rows.refused(3 * i * 100 * kMs, first, 443, "shop.test");
      rows.refused((3 * i + 1) * 100 * kMs, "127.0.0.2", 443, "shop.test");
      rows.connected((3 * i + 2) * 100 * kMs, "10.0.0.7", 443, "shop.test");
    }
    const auto all = findings(rows);
    const bool expected = times == 5 && std::string_view(first) == "10.0.0.5";
    EXPECT_EQ(has(all, "REFUSED"), expected) << times << first;
    if (!expected) continue;
    const Finding found = find(all, "REFUSED");
    EXPECT_EQ(found.severity, Severity::warning);
    EXPECT_EQ(found.count, 5);
    EXPECT_THAT(found.summary, HasSubstr("10.0.0.5) answered 'no' each time. Within a second the "
                                         "program got through on another address"));
  }
}

TEST(Refused6, FallBackIsOnlyWorthKnowing) {
  Rows rows;
  rows.refused(0, "::1", 8080, "localhost");
  rows.connected(kMs, "127.0.0.1", 8080, "localhost");
  const auto all = findings(rows);
  EXPECT_THAT(ids(all), ElementsAre("REFUSED6"));
  EXPECT_EQ(all[0].severity, Severity::info);
  EXPECT_EQ(all[0].confidence, Confidence::high);
}

TEST(Refused6, AListenerProvesIt) {
  Rows rows;
  rows.listener("127.0.0.1", 8080);
  rows.refused(0, "::1", 8080, "localhost");
  const auto all = findings(rows);
  EXPECT_THAT(ids(all), ElementsAre("REFUSED6"));
  EXPECT_EQ(all[0].severity, Severity::error);
  EXPECT_EQ(all[0].confidence, Confidence::high);
  EXPECT_THAT(all[0].summary, HasSubstr("listens on 127.0.0.1 only"));
}

TEST(Refused6, WithoutProofItIsLikely) {
  Rows rows;
  rows.refused(0, "::1", 8080, "localhost");
  EXPECT_EQ(find(findings(rows), "REFUSED6").confidence, Confidence::medium);
}

// Where localhost is 127.0.0.1 and nothing else, nobody listens: that is all.
TEST(Refused6, NotWhereTheNameIsNotKnownToHaveTheOther) {
  Rows rows;
  rows.refused(kS, "127.0.0.1", 8080, "localhost");
  rows.lookup(0, "localhost", kMs, 0, "127.0.0.1");
  EXPECT_THAT(found(rows), ElementsAre("REFUSED"));
  rows.lookup(0, "localhost", kMs, 0, "::1 127.0.0.1");
  EXPECT_THAT(found(rows), ElementsAre("REFUSED6"));
}

TEST(Refused6, BothRefusingMeansNobodyListens) {
  Rows rows;
  rows.refused(0, "::1", 8080, "localhost");
  rows.refused(kMs, "127.0.0.1", 8080, "localhost");
  EXPECT_THAT(found(rows), ElementsAre("REFUSED"));
}

TEST(NotYet, UpWithinAMinute) {
  for (const auto& [up, expected] : {std::pair{60 * kS, true}, std::pair{60 * kS + kMs, false}}) {
    Rows rows;
    rows.refused(0, "10.0.0.7", 443);
    rows.connected(up, "10.0.0.7", 443);
    EXPECT_EQ(has(findings(rows), "NOTYET"), expected);
    EXPECT_EQ(findings(rows)[0].severity, expected ? Severity::info : Severity::error);
  }
}

TEST(NotYet, NobodyCameUpWhereASocketIsConnectedToItself) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443);
  auto& row = rows.connected(kS, "10.0.0.7", 443);
  row.local_address = "10.0.0.7";
  row.local_port = 443;
  EXPECT_FALSE(has(findings(rows), "NOTYET"));
}

TEST(NotYet, NotWhereItGoesAwayAgain) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443);
  rows.connected(kS, "10.0.0.7", 443);
  rows.refused(2 * kS, "10.0.0.7", 443);
  EXPECT_THAT(found(rows), ElementsAre("REFUSED"));
  Rows restart;
  restart.connected(0, "10.0.0.7", 443);
  restart.refused(kS, "10.0.0.7", 443);
  restart.connected(2 * kS, "10.0.0.7", 443);
  EXPECT_THAT(found(restart), ElementsAre("REFUSED"));
}

TEST(Rejected, AtOnceOrAtTheSecondSynOfIpv6) {
  struct Want {
    std::string address;
    store::Ns took;
    Confidence confidence;
  };
  for (const auto& [address, took, confidence] :
       {Want{"10.0.0.7", 200 * kMs, Confidence::high},
        Want{"10.0.0.7", 201 * kMs, Confidence::medium}, Want{"::1", 1005 * kMs, Confidence::high},
        Want{"::1", 1101 * kMs, Confidence::medium}}) {
    Rows rows;
    failed(rows, 0, EACCES, "rejected", took, address);
    EXPECT_EQ(find(findings(rows), "REJECTED").confidence, confidence) << took;
  }
}

TEST(Neigh, ThreeQuestionsASecondApart) {
  for (const auto& [took, rule] :
       {std::pair{2799 * kMs, "REJECTED"}, std::pair{2800 * kMs, "NEIGH"},
        std::pair{3400 * kMs, "NEIGH"}, std::pair{3401 * kMs, "REJECTED"}}) {
    Rows rows;
    failed(rows, 0, EHOSTUNREACH, "rejected", took);
    EXPECT_THAT(found(rows), ElementsAre(rule)) << took;
  }
}

// Those that begin while the kernel is asking are all told at once: it is no quick rejection.
TEST(Neigh, AttemptsThatJoinedTheWait) {
  Rows rows;
  failed(rows, 0, EHOSTUNREACH, "rejected", 3050 * kMs);
  failed(rows, 2900 * kMs, EHOSTUNREACH, "rejected", 150 * kMs, "10.0.0.8");
  EXPECT_THAT(found(rows), ElementsAre("NEIGH", "NEIGH"));
}

// While the kernel asks for the neighbour it does not send the SYN again, and counts only the
// first.
TEST(Neigh, GivenUpWhileTheFirstSynWaitsHere) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, 2500 * kMs, 2).segs_out = 1;
  EXPECT_THAT(found(rows), ElementsAre("NEIGH"));
  EXPECT_EQ(findings(rows)[0].confidence, Confidence::medium);
  EXPECT_THAT(findings(rows)[0].summary,
              HasSubstr("No SYN for 10.0.0.7:443 is known to have left"));
  rows.connections[0].segs_out = 3;
  EXPECT_THAT(found(rows), ElementsAre("SYNDROP"));
}

TEST(HsReset, ResetAsTheResultOfConnect) {
  Rows rows;
  failed(rows, 0, ECONNRESET, "reset", 5 * kMs);
  EXPECT_THAT(found(rows), ElementsAre("HSRESET"));
  EXPECT_EQ(findings(rows)[0].confidence, Confidence::medium);
}

TEST(Refused, OfThisHostSaysSo) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    Rows rows;
    rows.refused(0, address, 8089);
    EXPECT_EQ(find(findings(rows), "REFUSED").next_steps.front(),
              "on this host: ss -ltn 'sport = :8089'");
  }
}

}  // namespace
}  // namespace sockwatch::testing
