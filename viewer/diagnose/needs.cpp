#include "viewer/diagnose/needs.h"
#include "viewer/diagnose/units.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

struct Declared {
  std::string_view rule;
  Need need;
};

constexpr Need kNever{};

constexpr Troubles kNoConnection = kFailed | kRejected | kUnanswered;

// A rule is shown all plain attempts of a place (service, trace) or none. None is right where the
// findings of the rule cannot depend on them: because what they count was never found there.
constexpr std::array kNeeds = {
    // Say of the first attempt of a place all they want to know; it is never left out.
    Declared{"NOATTEMPT", kNever},
    Declared{"NOTYET", kNever},
    // What they look for is never plain, and they count nothing else.
    Declared{"PATHLOST", kNever},
    Declared{"IDLEDROP", kNever},
    Declared{"ZEROWIN", kNever},
    Declared{"LONGHANG", kNever},
    Declared{"MTUOUT", kNever},
    Declared{"MTUIN", kNever},
    Declared{"STALEPOOL", kNever},
    Declared{"FAR", kNever},
    Declared{"UNIXFULL", kNever},
    Declared{"UNIXGONE", kNever},
    // Compare and count where they found something.
    Declared{"STORM", {.at_place = kFailed}},
    Declared{"FLOWHOLE", {.at_place = kUnanswered}},
    Declared{"QUEUEFULL", {.at_place = kUnanswered | kLate}},
    Declared{"SNATRACE", {.at_place = kLate}},
    Declared{"PORTREUSE", {.at_place = kUnanswered}},
    Declared{"NEVERREAD", {.at_place = kMute}},
    Declared{"PORTS", {.at_place = kDenied}},
    Declared{"SELF", {.at_place = kSelf}},
    Declared{"REFUSED", {.at_service = kRefused}},
    Declared{"REFUSED6", {.at_service = kRefused}},
    // Its cases are those of a service, in the order in which they are known to be some.
    Declared{"SYNLOST", {.at_service = kLate}},
    // Another address of the name may have made it good.
    Declared{"SYNDROP", {.at_service = kNoConnection}},
    Declared{"SYNGIVEUP", {.at_service = kNoConnection}},
    Declared{"SHORTTO", {.at_service = kNoConnection}},
    Declared{"ATTEMPTCAP", {.at_service = kNoConnection | kCutShort}},
    Declared{"REJECTED", {.at_service = kNoConnection}},
    Declared{"NEIGH", {.at_service = kNoConnection}},
    Declared{"HSRESET", {.at_service = kNoConnection}},
    Declared{"BADADDR", {.at_service = kFailed}},
    Declared{"V6BAD", {.at_service = kUnanswered | kRejected}},
    Declared{"V6-OFF", {.at_service = kDenied}},
    Declared{"NOROUTE", {.at_service = kDenied}},
    Declared{"LOCALDENY", {.at_service = kDenied}},
    Declared{"BLOCKLOOP", {.anywhere = kStoodStill}},
    Declared{"STARVED", {.anywhere = kLookedUp}},
    Declared{"FDS", {.anywhere = kDescriptors}},
    Declared{"VIAPROXY", {.anywhere = kProxy}},
    Declared{"DNS-POOL", {.anywhere = kNode}},
    // Speaks of connections that went well.
    Declared{"CHURN", {.always = true}},
};

}  // namespace

Troubles troubles_of(const Attempt& attempt) {
  const auto& row = attempt.row;
  const auto bit = [](bool is, Troubles trouble) { return is ? trouble : kNoTrouble; };
  const bool unanswered = attempt.silent || attempt.is(Outcome::timed_out_kernel);
  const bool connected = attempt.is(Outcome::connected);
  return bit(attempt.failed, kFailed) | bit(attempt.is(Outcome::refused), kRefused) |
         bit(attempt.is(Outcome::rejected), kRejected) |
         bit(attempt.is(Outcome::local_error) || attempt.is(Outcome::unreachable), kDenied) |
         bit(connected && row.syn_retransmits.value_or(0) > 0, kLate) |
         bit(unanswered, kUnanswered) |
         bit(attempt.silent && row.syn_retransmits.value_or(1) == 0, kCutShort) |
         bit(connected && !row.first_receive_ns, kMute) |
         bit(row.local_port && row.local_port == row.peer_port, kSelf) |
         bit(row.blocking == true && attempt.elapsed_ns >= 100 * kMs, kStoodStill) |
         bit(attempt.silent && row.resolution_id, kLookedUp) |
         bit(row.error == EMFILE || row.error == ENFILE, kDescriptors);
}

Need need_of(std::string_view rule) {
  const auto* found = std::find_if(kNeeds.begin(), kNeeds.end(),
                                   [&](const Declared& one) { return one.rule == rule; });
  return found == kNeeds.end() ? Need{.is_declared = false} : found->need;
}

}  // namespace sockwatch::diagnose
