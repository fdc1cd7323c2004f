#include "viewer/diagnose/settings.h"

#include <gmock/gmock.h>

namespace sockwatch::diagnose {
namespace {

using ::testing::ElementsAre;

constexpr store::Ns kS = 1'000'000'000;

std::vector<store::Ns> ladder(const Settings& settings, int resends) {
  std::vector<store::Ns> seconds;
  for (int i = 1; i <= resends; ++i) seconds.push_back(settings.syn_resend(i) / kS);
  return seconds;
}

TEST(Settings, LadderDoublesWithoutALinearPart) {
  Settings settings;
  settings.syn_linear_timeouts = 0;
  EXPECT_THAT(ladder(settings, 6), ElementsAre(1, 3, 7, 15, 31, 63));
}

TEST(Settings, LadderBeginsLinearWhereTheKernelHasThat) {
  Settings settings;
  settings.syn_linear_timeouts = 4;
  EXPECT_THAT(ladder(settings, 10), ElementsAre(1, 2, 3, 4, 5, 7, 11, 19, 35, 67));
}

struct GiveUp {
  int retries;
  int linear;
  store::Ns seconds;
  int resends;
};

class GiveUpTest : public ::testing::TestWithParam<GiveUp> {};

TEST_P(GiveUpTest, IsTheFirstTimeoutThatEndsAtOrAfterTheModelsLimit) {
  Settings settings;
  settings.syn_retries = GetParam().retries;
  settings.syn_linear_timeouts = GetParam().linear;
  EXPECT_EQ(settings.give_up(), GetParam().seconds * kS);
  EXPECT_EQ(settings.resends_at_give_up(), GetParam().resends);
}

INSTANTIATE_TEST_SUITE_P(
    AsMeasured, GiveUpTest,
    ::testing::Values(GiveUp{1, 0, 3, 1}, GiveUp{2, 0, 7, 2}, GiveUp{3, 0, 15, 3},
                      GiveUp{4, 0, 31, 4}, GiveUp{5, 0, 63, 5}, GiveUp{6, 0, 127, 6},
                      GiveUp{1, 1, 4, 2}, GiveUp{2, 1, 8, 3}, GiveUp{3, 1, 16, 4},
                      GiveUp{1, 4, 3, 2}, GiveUp{2, 4, 7, 5}, GiveUp{3, 4, 19, 7},
                      GiveUp{4, 4, 35, 8}, GiveUp{5, 4, 67, 9}, GiveUp{6, 4, 131, 10},
                      // Beyond six doublings a time-out stays at two minutes.
                      GiveUp{7, 0, 247, 7}));

TEST(Settings, AreReadFromTheTrace) {
  const Settings settings = Settings::of({{"tcp_syn_retries", "5"},
                                          {"tcp_syn_linear_timeouts", "4"},
                                          {"tcp_retries2", "8"},
                                          {"somaxconn", "128"},
                                          {"ip_local_port_range", "40000 40009"},
                                          {"resolver_nameserver_count", "2"},
                                          {"resolver_timeout_s", "1"},
                                          {"resolver_attempts", "3"},
                                          {"resolver_nameservers", "10.0.0.2 10.0.0.3"},
                                          {"resolver_search", "example.org internal"},
                                          {"resolver_options", "rotate ndots:5"},
                                          {"proxy_http", "proxy:3128"},
                                          {"proxy_https", "set"},
                                          {"proxy_all", "proxy:3128"}});
  EXPECT_EQ(settings.syn_retries, 5);
  EXPECT_EQ(settings.syn_linear_timeouts, 4);
  EXPECT_EQ(settings.retries2, 8);
  EXPECT_EQ(settings.somaxconn, 128);
  EXPECT_EQ(settings.first_port, 40000);
  EXPECT_EQ(settings.port_count(), 10);
  EXPECT_EQ(settings.nameservers, 2);
  EXPECT_EQ(settings.resolver_timeout, kS);
  EXPECT_EQ(settings.resolver_attempts, 3);
  EXPECT_THAT(settings.nameserver_addresses, ElementsAre("10.0.0.2", "10.0.0.3"));
  EXPECT_THAT(settings.search, ElementsAre("example.org", "internal"));
  EXPECT_EQ(settings.ndots, 5);
  EXPECT_THAT(settings.proxies, ElementsAre("proxy:3128"));
}

TEST(Settings, WhatATraceLacksOrHasWrongStaysAtTheDefault) {
  const Settings defaults;
  for (const Settings& settings :
       {Settings::of({}), Settings::of({{"tcp_syn_retries", "-1"},
                                        {"tcp_syn_linear_timeouts", "99999999999999999999"},
                                        {"ip_local_port_range", "70000 3"},
                                        {"resolver_options", "ndots:-1 ndots:99 ndots:"},
                                        {"resolver_timeout_s", "0"},
                                        {"resolver_attempts", "2x"}})}) {
    EXPECT_EQ(settings.syn_retries, defaults.syn_retries);
    EXPECT_EQ(settings.syn_linear_timeouts, 0);
    EXPECT_EQ(settings.first_port, 32768);
    EXPECT_EQ(settings.last_port, 60999);
    EXPECT_EQ(settings.resolver_timeout, 5 * kS);
    EXPECT_EQ(settings.resolver_attempts, 2);
    EXPECT_EQ(settings.ndots, 1);
  }
}

}  // namespace
}  // namespace sockwatch::diagnose
