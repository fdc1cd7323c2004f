#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyRuby = "Ruby";
constexpr std::string_view kNetHttp = "Ruby's Net::HTTP and what uses it";

const std::array kRubyTexts = {
    ErrorText{"errno::etimedout*connect(2) for || connection timed out - connect(2)", kAnyRuby,
              &kConnectTimedOut, &kAnyProgram},
    ErrorText{"errno::econnrefused*connect(2) for || connection refused - connect(2)", kAnyRuby,
              &kRefused, &kAnyProgram},
    ErrorText{"net::opentimeout*execution expired || net::opentimeout", kNetHttp, &kConnectTimeout,
              &kAnyProgram, "The limit is open_timeout, 60 s by default; the lookup is in it."},
    ErrorText{"connectionfailed (execution expired) || connectionfailed*execution expired",
              "Ruby: Faraday", &kConnectTimeout, &kAnyProgram},
    ErrorText{"net::readtimeout", kNetHttp, &kNoReply, &kAnyProgram,
              "The limit is read_timeout, 60 s by default, between two reads."},
};

}  // namespace

std::span<const ErrorText> ruby_texts() { return kRubyTexts; }

}  // namespace sockwatch::texts
