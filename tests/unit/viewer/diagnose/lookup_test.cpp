#include <gmock/gmock.h>
#include <netdb.h>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {
namespace {

using diagnose::add_lookup_rules;
using diagnose::Confidence;
using diagnose::Severity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> of_one_lookup(store::Ns took, std::int64_t result = 0,
                                       std::string addresses = "10.0.0.7 2001:db8::7") {
  Rows rows;
  rows.lookup(0, "db.internal", took, result, std::move(addresses));
  return ids(run(add_lookup_rules, rows));
}

TEST(Dns5s, IsOneTwoOrThreeTimeoutsOfTheResolver) {
  for (const store::Ns whole : {5 * kS, 10 * kS, 15 * kS}) {
    EXPECT_THAT(of_one_lookup(whole - whole / 200), ElementsAre("DNS-5S")) << whole;
    EXPECT_THAT(of_one_lookup(whole), ElementsAre("DNS-5S")) << whole;
    EXPECT_THAT(of_one_lookup(whole + whole / 100 * 3), ElementsAre("DNS-5S")) << whole;
    EXPECT_THAT(of_one_lookup(whole - whole / 200 - 1), IsEmpty()) << whole;
    EXPECT_THAT(of_one_lookup(whole + whole / 100 * 3 + 1), IsEmpty()) << whole;
  }
  EXPECT_THAT(of_one_lookup(20 * kS), IsEmpty());
}

TEST(Dns5s, AServerThatIsMerelySlowIsNone) {
  EXPECT_THAT(of_one_lookup(4'900 * kMs), IsEmpty());
  EXPECT_THAT(of_one_lookup(7 * kS), IsEmpty());
}

TEST(Dns5s, FollowsTheTimeoutOfTheTrace) {
  Rows rows;
  rows.settings.resolver_timeout = kS;
  rows.lookup(0, "db", kS + 10 * kMs, 0, "::1");
  rows.lookup(0, "db", 5 * kS, 0, "::1");
  const auto found = find(run(add_lookup_rules, rows), "DNS-5S");
  EXPECT_EQ(found.count, 1);
  EXPECT_EQ(found.of, 2);
  EXPECT_EQ(found.severity, Severity::warning);
  EXPECT_THAT(found.summary, HasSubstr("Looking up db took 1.0 s: one query got no answer"));
  EXPECT_THAT(found.resolutions, ElementsAre(1));
}

TEST(Dns5s, NamesADeadServerOnlyFromFiveLookupsAndNineTenthsOn) {
  Rows rows;
  rows.settings.nameservers = 2;
  for (int i = 0; i < 4; ++i) rows.lookup(i * kS, "db", 5 * kS);
  EXPECT_THAT(find(run(add_lookup_rules, rows), "DNS-5S").summary,
              ::testing::Not(HasSubstr("dead")));
  for (int i = 0; i < 5; ++i) rows.lookup(i * kS, "db", 5 * kS);
  rows.lookup(0, "db", 4 * kMs);
  EXPECT_THAT(find(run(add_lookup_rules, rows), "DNS-5S").summary,
              HasSubstr("first name server is dead"));
  rows.lookup(0, "db", 4 * kMs);
  EXPECT_THAT(find(run(add_lookup_rules, rows), "DNS-5S").summary,
              ::testing::Not(HasSubstr("dead")));
}

// All tries for one name, and then the answer: the resolver went on to another name.
TEST(Dns5s, TheSearchListMayHaveBeenAskedFirst) {
  const auto look_up = [](const std::string& name, store::Ns took, int ndots) {
    Rows rows;
    rows.settings.search = {"corp.example"};
    rows.settings.ndots = ndots;
    rows.settings.nameservers = 2;  // 5 s, twice, at both
    for (int i = 0; i < 6; ++i) rows.lookup(i * 30 * kS, name, took, 0, "10.0.0.7");
    return run(add_lookup_rules, rows);
  };
  const auto found = look_up("shop.test", 20 * kS, 2);
  ASSERT_THAT(ids(found), ElementsAre("DNS-5S"));
  EXPECT_THAT(found[0].summary, HasSubstr("asks for shop.test.corp.example first (search list)"));
  EXPECT_EQ(found[0].next_steps[0], "dig shop.test.corp.example A");
  EXPECT_THAT(ids(look_up("shop.test", 20 * kS - 101 * kMs, 2)), IsEmpty());
  EXPECT_THAT(ids(look_up("shop.test", 20 * kS, 1)), IsEmpty());  // the name itself comes first
  EXPECT_THAT(ids(look_up("shop.test.", 20 * kS, 3)), IsEmpty());
  EXPECT_THAT(ids(look_up("shop", 20 * kS, 2)), IsEmpty());  // meant to be found there
  EXPECT_THAT(look_up("shop.test", 5 * kS, 2)[0].summary, HasSubstr("first name server is dead"));
}

TEST(DnsAaaa, NotWhereAnotherNameMayHaveHadNoAnswer) {
  Rows rows;
  rows.settings.search = {"corp.example"};
  for (int i = 0; i < 6; ++i) rows.lookup(i * 30 * kS, "shop.test", 10 * kS, 0, "10.0.0.7");
  EXPECT_THAT(ids(run(add_lookup_rules, rows)), ElementsAre("DNS-AAAA"));
  rows.settings.ndots = 2;
  EXPECT_THAT(ids(run(add_lookup_rules, rows)), ElementsAre("DNS-5S"));
}

TEST(Dns5s, FewAreLostQueries) {
  Rows rows;
  rows.lookup(0, "db", 5 * kS);
  for (int i = 0; i < 20; ++i) rows.lookup(i * kS, "db", 4 * kMs);
  EXPECT_THAT(find(run(add_lookup_rules, rows), "DNS-5S").summary, HasSubstr("being lost"));
}

TEST(DnsAaaa, IsThreeTimeoutsAndNoIpv6) {
  EXPECT_THAT(of_one_lookup(15 * kS, 0, "10.0.0.7"), ElementsAre("DNS-AAAA"));
  EXPECT_THAT(of_one_lookup(15 * kS, 0, "10.0.0.7 ::1"), ElementsAre("DNS-5S"));
  EXPECT_THAT(of_one_lookup(14'900 * kMs, 0, "10.0.0.7"), IsEmpty());
  EXPECT_THAT(of_one_lookup(15'451 * kMs, 0, "10.0.0.7"), IsEmpty());
}

TEST(DnsAaaa, TwoTimeoutsCountWhenRepeated) {
  Rows rows;
  for (int i = 0; i < 2; ++i) rows.lookup(i * kS, "db", 10 * kS, 0, "10.0.0.7");
  EXPECT_THAT(ids(run(add_lookup_rules, rows)), ElementsAre("DNS-5S"));
  rows.lookup(9 * kS, "db", 10 * kS, 0, "10.0.0.7");
  const auto findings = run(add_lookup_rules, rows);
  ASSERT_THAT(ids(findings), ElementsAre("DNS-AAAA"));
  EXPECT_EQ(findings[0].count, 3);
  EXPECT_THAT(ids(findings[0].explained), ElementsAre("DNS-5S"));
}

// Where one packet in four is lost, some lookups take two time-outs and some none.
TEST(DnsAaaa, ALookupOfBothFamiliesThatWasQuickDisprovesIt) {
  const auto found = [](store::Ns quick, store::OptText family = "any") {
    Rows rows;
    for (int i = 0; i < 3; ++i) rows.lookup(i * kS, "db", 10 * kS, 0, "10.0.0.7");
    rows.lookup(9 * kS, "db", 15 * kS, 0, "10.0.0.7");
    rows.lookup(9 * kS, "db", quick, 0, "10.0.0.7").family = std::move(family);
    return run(add_lookup_rules, rows);
  };
  ASSERT_THAT(ids(found(2'499 * kMs)), ElementsAre("DNS-5S"));
  EXPECT_EQ(found(2'499 * kMs)[0].count, 4);
  EXPECT_THAT(ids(found(100'001)), ElementsAre("DNS-5S"));
  EXPECT_THAT(ids(found(kMs, {})), ElementsAre("DNS-5S"));
  EXPECT_THAT(ids(found(100'000)), ElementsAre("DNS-AAAA"));  // asked nobody
  EXPECT_THAT(ids(found(2'500 * kMs)), ElementsAre("DNS-AAAA"));
  EXPECT_THAT(ids(found(kMs, "ipv4")), ElementsAre("DNS-AAAA"));  // no such question
}

TEST(DnsDead, IsTryAgainAfterAllTries) {
  EXPECT_THAT(of_one_lookup(9'700 * kMs, EAI_AGAIN), ElementsAre("DNS-DEAD"));
  EXPECT_THAT(of_one_lookup(9'699 * kMs, EAI_AGAIN), IsEmpty());
  EXPECT_THAT(of_one_lookup(20 * kS, EAI_AGAIN), ElementsAre("DNS-DEAD"));
  EXPECT_THAT(of_one_lookup(10 * kS, TRY_AGAIN), ElementsAre("DNS-DEAD"));
  EXPECT_THAT(of_one_lookup(10 * kS, EAI_NONAME), ElementsAre("DNS-NX"));
  Rows rows;
  rows.settings.resolver_timeout = kS;
  rows.settings.resolver_attempts = 1;
  rows.settings.nameserver_addresses = {"10.0.0.2"};
  rows.lookup(0, "db", kS, EAI_AGAIN);
  const auto found = find(run(add_lookup_rules, rows), "DNS-DEAD");
  EXPECT_EQ(found.severity, Severity::error);
  EXPECT_THAT(found.summary, HasSubstr("No name server answered within 1.0 s"));
  EXPECT_THAT(found.evidence[0], HasSubstr("1 of 1"));
  EXPECT_THAT(found.next_steps[0], HasSubstr("dig @10.0.0.2 db"));
}

TEST(DnsFail, IsAFailureAtOnce) {
  EXPECT_THAT(of_one_lookup(3 * kMs, EAI_AGAIN), ElementsAre("DNS-FAIL"));
  EXPECT_THAT(of_one_lookup(2'500 * kMs - 1, EAI_AGAIN), ElementsAre("DNS-FAIL"));
  EXPECT_THAT(of_one_lookup(2'500 * kMs, EAI_AGAIN), IsEmpty());
  EXPECT_THAT(of_one_lookup(3 * kMs, EAI_FAIL), ElementsAre("DNS-FAIL"));
  EXPECT_THAT(of_one_lookup(3 * kMs, NO_RECOVERY), ElementsAre("DNS-FAIL"));
}

// EAI_AGAIN at once comes of SERVFAIL, of a closed port 53 and of a missing route alike.
TEST(DnsFail, DoesNotClaimAnAnswer) {
  Rows rows;
  rows.lookup(0, "db", 3 * kMs, EAI_AGAIN);
  const auto found = find(run(add_lookup_rules, rows), "DNS-FAIL");
  EXPECT_EQ(found.summary,
            "The lookup of db failed without a time-out: a name server answered with a failure "
            "(SERVFAIL), or none could be asked (nobody serves port 53 there, no route).");
}

// A dead name server must not bury the report under one finding for each name.
TEST(DnsFail, IsOneForAllNames) {
  Rows rows;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "a"}) {
    rows.lookup(0, name, 3 * kMs, EAI_AGAIN);
  }
  rows.lookup(kS, "b", 3 * kMs);
  rows.lookup(kS, "fine", 3 * kMs);
  const auto all = run(add_lookup_rules, rows);
  ASSERT_THAT(ids(all), ElementsAre("DNS-FAIL"));
  EXPECT_EQ(all[0].subject, "6 names");
  EXPECT_EQ(all[0].count, 7);
  EXPECT_EQ(all[0].of, 8);
  EXPECT_THAT(all[0].resolutions, ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(all[0].summary,
              HasSubstr("The lookups of a, b, c and 3 other names failed without a time-out"));
  EXPECT_THAT(all[0].evidence,
              ElementsAre(HasSubstr("7 of 8 (88 %) lookups of these names failed"),
                          HasSubstr("2 lookups of other names or at other times were answered"),
                          "a: 2 of 2", "b: 1 of 2", "c: 1 of 1", "d: 1 of 1", "e: 1 of 1"));
  EXPECT_EQ(all[0].next_steps.back(), "dig a +trace");
  rows.resolutions.resize(4);
  EXPECT_THAT(find(run(add_lookup_rules, rows), "DNS-FAIL").summary,
              HasSubstr("The lookups of a, b, c and d failed"));
}

TEST(DnsFail, QuotesNamesInItsCommands) {
  const auto steps = [](std::string name) {
    Rows rows;
    rows.settings.nameserver_addresses = {"10.0.0.2"};
    rows.lookup(0, std::move(name), 3 * kMs, EAI_AGAIN);
    return find(run(add_lookup_rules, rows), "DNS-FAIL").next_steps;
  };
  EXPECT_THAT(steps("db"),
              ElementsAre("dig @10.0.0.2 db A; dig @10.0.0.2 db AAAA", "dig db +trace"));
  EXPECT_EQ(steps("a;reboot #")[1], "dig 'a;reboot #' +trace");
  EXPECT_EQ(steps("it's")[1], R"(dig 'it'\''s' +trace)");
  EXPECT_EQ(steps("-f/etc/shadow")[1], "dig -q -f/etc/shadow +trace");
}

TEST(DnsNx, IsNoSuchNameOrNoAddress) {
  for (const int result : {EAI_NONAME, EAI_NODATA, HOST_NOT_FOUND, NO_DATA}) {
    EXPECT_THAT(of_one_lookup(3 * kMs, result), ElementsAre("DNS-NX")) << result;
  }
  EXPECT_THAT(of_one_lookup(50'000, EAI_NONAME), ElementsAre("DNS-NX"));
}

TEST(DnsNx, TryingWhetherATextIsAnAddressAsksNobody) {
  EXPECT_THAT(of_one_lookup(49'999, EAI_NONAME), IsEmpty());
}

TEST(DnsNx, ANameFoundFiveSecondsBeforeOrAfterWasAskedForAnotherFamily) {
  for (const int result : {EAI_NODATA, EAI_NONAME}) {
    Rows rows;
    rows.lookup(0, "db", 3 * kMs, result);
    rows.lookup(5 * kS, "db", 3 * kMs);
    rows.lookup(10 * kS, "db", 3 * kMs, result);
    EXPECT_THAT(run(add_lookup_rules, rows), IsEmpty());
    rows.lookup(10 * kS + 1, "db", 3 * kMs, result);
    const auto found = find(run(add_lookup_rules, rows), "DNS-NX");
    EXPECT_EQ(found.count, 1);
    EXPECT_EQ(found.of, 4);
    EXPECT_EQ(found.severity, result == EAI_NODATA ? Severity::info : Severity::warning);
  }
}

// ssh first asks whether the name is an address. Traces of earlier versions hold that, too.
TEST(DnsNx, SaysNothingOfANameThatGotNoAnswerFiveSecondsBeforeOrAfter) {
  for (const int result : {EAI_AGAIN, TRY_AGAIN, EAI_INPROGRESS}) {
    Rows rows;
    rows.lookup(0, "db", 78 * kMs, EAI_NONAME);
    rows.lookup(5 * kS, "db", 10 * kS, result);
    rows.lookup(20 * kS, "db", 78 * kMs, EAI_NONAME);
    EXPECT_FALSE(has(run(add_lookup_rules, rows), "DNS-NX")) << result;
    rows.lookup(20 * kS + 1, "db", 78 * kMs, EAI_NONAME);
    EXPECT_EQ(find(run(add_lookup_rules, rows), "DNS-NX").count, 1) << result;
  }
  Rows rows;
  rows.lookup(0, "db", 78 * kMs, EAI_NONAME);
  rows.lookup(5 * kS + 1, "db", 10 * kS, EAI_AGAIN);
  EXPECT_TRUE(has(run(add_lookup_rules, rows), "DNS-NX"));
}

diagnose::Finding without_address(store::OptText family, store::OptInt exit_status) {
  Rows rows;
  rows.process("/usr/bin/wget").exit_status = exit_status;
  rows.lookup(0, "db", 3 * kMs, EAI_NODATA).family = std::move(family);
  return find(run(add_lookup_rules, rows), "DNS-NX");
}

TEST(DnsNx, ANameWithoutAnAddressOfTheFamilyExists) {
  const auto found = without_address("ipv6", 4);
  EXPECT_EQ(found.severity, Severity::error);
  EXPECT_EQ(found.confidence, Confidence::high);
  EXPECT_EQ(found.summary, "db exists, but has no IPv6 address.");
  EXPECT_EQ(without_address("ipv4", 4).summary, "db exists, but has no IPv4 address.");
  EXPECT_EQ(without_address("any", 4).summary, "db exists, but has no address.");
  EXPECT_EQ(without_address({}, 4).summary, "db exists, but has no address of the kind asked for.");
}

TEST(DnsNx, AProgramThatOnlyTriesAFamilyHasNoError) {
  EXPECT_EQ(without_address("ipv6", 0).severity, Severity::info);
  EXPECT_EQ(without_address("ipv6", {}).severity, Severity::warning);
  Rows rows;
  rows.process("/usr/bin/python3").exit_status = 1;
  rows.lookup(0, "db", 3 * kMs);
  rows.lookup(60 * kS, "db", 3 * kMs, EAI_NODATA).family = "ipv6";
  const auto found = find(run(add_lookup_rules, rows), "DNS-NX");
  EXPECT_EQ(found.severity, Severity::info);
  EXPECT_THAT(found.evidence[1], HasSubstr("1 other lookup found an address"));
}

TEST(DnsNx, ProbesOfTheSearchListAreForgiven) {
  Rows rows;
  rows.settings.search = {"prod.example", "example"};
  rows.lookup(0, "db.prod.example", 3 * kMs, EAI_NONAME);
  rows.lookup(kMs, "db", 3 * kMs, EAI_NONAME);
  rows.lookup(2 * kMs, "db.example", 3 * kMs);
  EXPECT_THAT(ids(run(add_lookup_rules, rows)), ElementsAre("DNS-NX"));  // db.prod.example
  rows.lookup(3 * kMs, "db", 3 * kMs);
  EXPECT_THAT(run(add_lookup_rules, rows), IsEmpty());
}

TEST(DnsNx, AddressesAndTheOwnHostAreNoNames) {
  Rows rows;
  rows.lookup(0, "10.0.0.7", kMs, EAI_NONAME);
  rows.lookup(0, "fe80::1%eth0", kMs, EAI_NONAME);
  rows.lookup(0, "localhost", 5 * kS);
  EXPECT_THAT(run(add_lookup_rules, rows), IsEmpty());
}

// A lookup of `took`, then an attempt that timed out after `rest`.
Rows budget(store::Ns took, store::Ns rest, std::int64_t resends = 0) {
  Rows rows;
  rows.lookup(0, "db", took);
  rows.syn_dropped(took, "10.0.0.7", 443, rest, resends, "db").resolution_id = 1;
  return rows;
}

TEST(DnsBudget, IsSixtyPercentOfAFailedCall) {
  const auto found = find(run(add_lookup_rules, budget(4'900 * kMs, 100 * kMs)), "DNS-BUDGET");
  EXPECT_EQ(found.subject, "db:443");
  EXPECT_EQ(found.confidence, Confidence::high);
  EXPECT_EQ(found.summary,
            "4.9 s of the 5.0 s budget went to the lookup; the connection had 100 ms.");
  EXPECT_TRUE(has(run(add_lookup_rules, budget(600 * kMs, 400 * kMs)), "DNS-BUDGET"));
  EXPECT_FALSE(has(run(add_lookup_rules, budget(599 * kMs, 401 * kMs)), "DNS-BUDGET"));
  EXPECT_TRUE(has(run(add_lookup_rules, budget(250 * kMs, kMs)), "DNS-BUDGET"));
  EXPECT_FALSE(has(run(add_lookup_rules, budget(249 * kMs, kMs)), "DNS-BUDGET"));
}

TEST(DnsBudget, IsLessSureWhereTheSynHadItsTime) {
  const auto found = find(run(add_lookup_rules, budget(5 * kS, 2 * kS, 1)), "DNS-BUDGET");
  EXPECT_EQ(found.confidence, Confidence::medium);
  EXPECT_THAT(found.explains, IsEmpty());
}

TEST(DnsBudget, NeedsAnAttemptThatTimedOut) {
  Rows rows;
  rows.lookup(0, "db", 4 * kS);
  rows.connected(4 * kS, "10.0.0.7", 443, "db").resolution_id = 1;
  rows.refused(4 * kS, "10.0.0.7", 443, "db").resolution_id = 1;
  EXPECT_FALSE(has(run(add_lookup_rules, rows), "DNS-BUDGET"));
}

TEST(DnsBudget, ALookupThatNeverEndedAteAllOfIt) {
  Rows rows;
  rows.lookup(0, "db", 3 * kS, EAI_INPROGRESS);
  const auto found = find(run(add_lookup_rules, rows), "DNS-BUDGET");
  EXPECT_THAT(found.summary, HasSubstr("gave up on db after 3.0 s"));
}

// `rounds` lookups on each of `threads` threads, each as soon as the one before has ended; their
// connects (made by the main thread) follow `later` after the answer.
Rows pool(std::string program, int threads, int rounds, store::Ns took = 500 * kMs,
          store::Ns gap = kMs / 50, store::OptInt later = kMs) {
  Rows rows;
  rows.process(std::move(program));
  for (int round = 0; round < rounds; ++round) {
    for (int thread = 0; thread < threads; ++thread) {
      rows.lookup(thread * kMs + round * (took + gap), "db", took).tid = 100 + thread;
    }
  }
  if (!later) return rows;
  for (const auto& lookup : rows.resolutions) {
    const store::Ns answer = lookup.started_ns - kStart + lookup.duration_ns;
    rows.connected(answer + *later, "10.0.0.7", 443, "db").resolution_id = lookup.id;
  }
  return rows;
}

TEST(DnsPool, IsThreeLookupsThatBeganWhereOthersEnded) {
  // As node does: of its four threads two look up.
  const auto found = find(run(add_lookup_rules, pool("/usr/bin/node", 2, 4)), "DNS-POOL");
  EXPECT_THAT(found.summary,
              HasSubstr("All 2 threads for lookups were busy, one of them for 2.0 s"));
  EXPECT_EQ(found.confidence, Confidence::medium);
  EXPECT_EQ(found.count, 6);
  EXPECT_EQ(found.of, 8);
  EXPECT_FALSE(has(run(add_lookup_rules, pool("/usr/bin/curl", 2, 4)), "DNS-POOL"));
  EXPECT_FALSE(has(run(add_lookup_rules, pool("/usr/bin/node", 2, 2)), "DNS-POOL"));
}

TEST(DnsPool, NeedsASecondOfWork) {
  EXPECT_FALSE(has(run(add_lookup_rules, pool("/usr/bin/node", 2, 4, 200 * kMs)), "DNS-POOL"));
  EXPECT_TRUE(has(run(add_lookup_rules, pool("/usr/bin/node", 2, 4, 250 * kMs)), "DNS-POOL"));
}

TEST(DnsPool, ManyAtOnceAreNoProofOfWaiting) {
  EXPECT_FALSE(has(run(add_lookup_rules, pool("/usr/bin/node", 8, 1, 3 * kS)), "DNS-POOL"));
}

// What asks again after an answer uses the answer first.
TEST(DnsPool, OneAfterTheOtherIsNone) {
  EXPECT_FALSE(
      has(run(add_lookup_rules, pool("/usr/bin/node", 2, 6, 500 * kMs, 3 * kMs, kMs)), "DNS-POOL"));
  EXPECT_TRUE(has(run(add_lookup_rules, pool("/usr/bin/node", 2, 6, 500 * kMs, 3 * kMs, 4 * kMs)),
                  "DNS-POOL"));
  // One thread alone is busy: nobody waits for it.
  EXPECT_FALSE(has(run(add_lookup_rules, pool("/usr/bin/node", 1, 6)), "DNS-POOL"));
}

TEST(DnsPool, WithoutConnectsOnlyAHandoverAtOnceCounts) {
  for (const auto& [gap, expected] : {std::pair{kMs / 10, true}, std::pair{kMs / 10 + 1, false}}) {
    EXPECT_EQ(has(run(add_lookup_rules, pool("/usr/bin/node", 2, 4, 500 * kMs, gap, std::nullopt)),
                  "DNS-POOL"),
              expected)
        << gap;
  }
}

TEST(DnsStale, IsAnAddressTheNameNoLongerHas) {
  Rows rows;
  rows.process("/usr/bin/java");
  rows.process("/usr/bin/curl");
  rows.lookup(0, "db", kMs, 0, "10.0.0.7");
  rows.lookup(10 * kS, "db", kMs, 0, "10.0.0.8").process_id = 2;
  rows.syn_dropped(300 * kS + 1, "10.0.0.7", 443, 3 * kS, 1, "db");
  // The first answer is just older than five minutes.
  const auto found = find(run(add_lookup_rules, rows), "DNS-STALE");
  EXPECT_EQ(found.summary, "java still uses 10.0.0.7; db now resolves to 10.0.0.8.");
  rows.connections[0].started_ns -= 1;
  EXPECT_THAT(run(add_lookup_rules, rows), IsEmpty());
}

TEST(DnsStale, NotWhileTheNameStillHasTheAddressOrTheAttemptWorks) {
  Rows rows;
  rows.lookup(0, "db", kMs, 0, "10.0.0.7");
  rows.lookup(10 * kS, "db", kMs, 0, "10.0.0.8").process_id = 2;
  rows.connected(400 * kS, "10.0.0.7", 443, "db");
  EXPECT_THAT(run(add_lookup_rules, rows), IsEmpty());
  rows.syn_dropped(400 * kS, "10.0.0.8", 443, 3 * kS, 1, "db");
  EXPECT_THAT(run(add_lookup_rules, rows), IsEmpty());
}

// A socket of UDP to port 53 that got no answer for `open`.
store::ConnectionRow& asked(Rows& rows, store::Ns at, std::string server, store::Ns open) {
  store::ConnectionRow& row = rows.attempt(at, std::move(server), 53);
  row.protocol = "udp";
  row.outcome = "connected";
  row.ending = "closed";
  row.first_send_ns = row.started_ns;
  row.closed_ns = row.started_ns + open;
  return row;
}

TEST(DnsDead, AlsoOfAResolverOfThePrograms) {
  Rows rows;
  rows.process("/usr/bin/node");
  asked(rows, 0, "10.0.0.53", kS);
  const auto found = find(run(add_lookup_rules, rows), "DNS-DEAD");
  EXPECT_EQ(found.severity, Severity::error);
  EXPECT_EQ(found.confidence, Confidence::medium);
  EXPECT_EQ(found.subject, "10.0.0.53:53/udp");
  EXPECT_EQ(found.summary,
            "node asked 10.0.0.53:53/udp by a resolver of its own, and nothing came back for 1.0 "
            "s: the name server does not answer, or the answers get lost.");
  EXPECT_THAT(found.connections, ElementsAre(1));
  EXPECT_THAT(found.excluded, ::testing::Contains(HasSubstr("A refusal")));
}

TEST(DnsDead, OfItsOwnResolverNeedsASecondOfSilence) {
  const auto is_told = [](auto change) {
    Rows rows;
    change(asked(rows, 0, "10.0.0.53", kS));
    return has(run(add_lookup_rules, rows), "DNS-DEAD");
  };
  using Row = store::ConnectionRow;
  EXPECT_TRUE(is_told([](Row&) {}));
  EXPECT_FALSE(is_told([](Row& row) { row.closed_ns = *row.closed_ns - 1; }));
  EXPECT_FALSE(is_told([](Row& row) { row.closed_ns.reset(); }));
  EXPECT_FALSE(is_told([](Row& row) { row.first_receive_ns = row.closed_ns; }));
  EXPECT_FALSE(is_told([](Row& row) { row.first_send_ns.reset(); }));
  EXPECT_FALSE(is_told([](Row& row) { row.peer_port = 514; }));  // a log is never answered
  EXPECT_FALSE(is_told([](Row& row) { row.protocol = "tcp"; }));
}

TEST(DnsDead, IsAWarningWhereAnotherServerAnsweredIt) {
  Rows rows;
  asked(rows, 0, "10.0.0.53", 2 * kS);
  auto& row = asked(rows, 2 * kS, "10.0.0.54", 3 * kS);
  row.first_receive_ns = row.started_ns + kMs;
  EXPECT_EQ(find(run(add_lookup_rules, rows), "DNS-DEAD").severity, Severity::warning);
  rows.connections[0].fast_open = true;  // never connected, so a refusal would not be told
  EXPECT_THAT(find(run(add_lookup_rules, rows), "DNS-DEAD").evidence,
              ::testing::Contains(HasSubstr("not connected")));
}

}  // namespace
}  // namespace sockwatch::testing
