#include <array>

#include "viewer/texts/meanings.h"
#include "viewer/texts/recordings.h"

namespace sockwatch::texts {
namespace {

constexpr std::string_view kAnyRuby = "Ruby";
constexpr std::string_view kNetHttp = "Ruby's Net::HTTP and what uses it";

const std::array kRubyTexts = {
    ErrorText{
        "errno::etimedout*connect(2) for || connection timed out - connect(2) || errno::etimedout",
        kAnyRuby, &kConnectTimedOut, &kAnyProgram},
    ErrorText{"errno::econnrefused*connect(2) for || connection refused - connect(2) || "
              "errno::econnrefused",
              kAnyRuby, &kRefused, &kAnyProgram},
    ErrorText{"errno::ehostunreach || no route to host - connect(2) for", kAnyRuby, &kNoRoute,
              &kAnyProgram},
    ErrorText{"errno::econnreset", kAnyRuby, &kReset, &kAnyProgram},
    ErrorText{"errno::epipe", kAnyRuby, &kBrokenPipe, &kAnyProgram},
    ErrorText{"failed to open tcp connection to*connection refused", kNetHttp, &kRefused,
              &kAnyProgram},
    ErrorText{"failed to open tcp connection to*getaddrinfo: name or service not known || "
              "socketerror: getaddrinfo: name or service not known",
              kNetHttp, &kNameUnknown, &kAnyProgram},
    ErrorText{"failed to open tcp connection to*getaddrinfo: temporary failure in name resolution",
              kNetHttp, &kLookupFailed, &kAnyProgram},
    ErrorText{"failed to open tcp connection to*execution expired", kNetHttp, &kConnectTimeout,
              &kAnyProgram, "The limit is open_timeout, 60 s by default; the lookup is in it."},
    ErrorText{"failed to open tcp connection to*no route to host", kNetHttp, &kNoRoute,
              &kAnyProgram},
    ErrorText{"failed to open tcp connection to", kNetHttp, &kConnectFailed, &kAnyProgram},
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
