#include <signal.h>

#include <cerrno>

#include "tests/preload/hazards.h"

namespace sockwatch::preload {

using wire::Loss;
using wire::Op;

namespace {

Expected event(Op op) { return Expected(op); }
Expected refused() { return event(Op::connect).error(ECONNREFUSED).tcp().peer(); }
Expected connected() { return event(Op::connect).result(0).without(wire::kBegin).tcp().peer(); }
Expected begun() { return event(Op::connect).flags(wire::kBegin).peer(); }

void add_signals(std::vector<Hazard>& list) {
  // A cancelled or jumped-out-of connect has its begin and no end.
  list.push_back(
      {"cancel_cleanup", {"cancel_cleanup"}, Recording::of({begun().times(2), refused()})});
  // Seven processes, each with a connect at its end.
  list.push_back({"cancel_lookup",
                  {"cancel_lookup"},
                  Recording::of({refused().times(7), event(Op::getaddrinfo).flags(wire::kBegin)})
                      .segments(7)});
  list.push_back(
      {"cancel_destructors", {"cancel_destructors"}, Recording::of({begun().times(2), refused()})});
  list.push_back({"interrupted",
                  {"interrupted"},
                  Recording::of({event(Op::connect).error(EINTR).times(2), refused()})});
  list.push_back(
      {"longjmp_out", {"longjmp_out"}, Recording::of({begun().times(4), refused().times(12)})});
  list.push_back({"signal_handler_connects",
                  {"signal_handler_connects"},
                  Recording::of({refused().times(50)})
                      .may({Loss::nested, Loss::ring_full})
                      .hardly_nested(20)});
}

void add_storms(std::vector<Hazard>& list) {
  list.push_back({"alternate_stack",
                  {"alternate_stack"},
                  Recording::of({refused().times(30)})
                      .may({Loss::nested, Loss::ring_full})
                      .hardly_nested(20)});
  // Too large for the stack: it stays as it is, and is noted.
  Hazard small{"small_stacks",
               {"small_stacks"},
               Recording::of({refused()}).noted(wire::ExecWhy::scrubbed, 1)};
  list.push_back(small);
  small.name += "_followed";
  small.follow = true;
  list.push_back(small);
  for (const char* when : {"warm", "cold"}) {
    list.push_back(
        {std::string("longjmp_storm_") + when,
         {"longjmp_storm", when},
         Recording::of({event(Op::connect).result(0).without(wire::kBegin).tcp().times(5)})
             .may({Loss::nested, Loss::ring_full})});
  }
  list.push_back({"cancel_storm",
                  {"cancel_storm"},
                  Recording::of({refused().times(3)}).may({Loss::nested, Loss::ring_full})});
  for (const char* time : {"first", "second", "third"}) {
    list.push_back({std::string("killed_a_") + time + "_time",
                    {"killed"},
                    Recording::of({refused().times(20)}).may({Loss::ring_full}),
                    {},
                    {},
                    128 + SIGKILL});
  }
}

void add_processes(std::vector<Hazard>& list) {
  list.push_back({"vfork_first", {"vfork_first"}, Recording::of({refused().times(3)})});
  const std::vector<Expected> goes_on = {event(Op::send).result(1).detail(wire::kTurnStart),
                                         event(Op::recv).result(1).detail(wire::kFirstByte),
                                         event(Op::write).never()};
  for (const char* what : {"writes", "makes_a_socket"}) {
    std::vector<Expected> events = goes_on;
    events.push_back(event(Op::close).tcp());
    list.push_back(
        {std::string("vfork_child_") + what, {"vfork_child", what}, Recording::of(events)});
  }
  list.push_back({"vfork_child_under_a_filter",
                  {"vfork_child", "sandboxed"},
                  Recording::of(goes_on).in_sandbox()});
  list.push_back({"vfork_child_of_a_fresh_fork",
                  {"vfork_child", "of_fork"},
                  Recording::of({refused().times(2)}).segments(2)});
  list.push_back({"fork_under_load",
                  {"fork_under_load"},
                  Recording::of({refused().times(150)}).segments(101).may({Loss::ring_full})});
  list.push_back({"fork_under_load_a_thousand_times",
                  {"fork_under_load", "1000"},
                  Recording::of({refused().times(1050)}).segments(1001).may({Loss::ring_full})});
  for (const char* how : {"fork", "_Fork", "bare_fork"}) {
    list.push_back({std::string(how) + "_in_handler",
                    {"fork_in_handler", "300", how},
                    Recording::of({event(Op::connect).error(ENOENT).peer()})
                        .segments(301)
                        .may({Loss::nested, Loss::ring_full})});
  }
  // Each of a hundred processes, and some of their children.
  list.push_back({"forked_while_a_segment_is_made",
                  {"fork_while_created"},
                  Recording::of({refused()}).segments(100, 200)});
  list.push_back({"double_fork", {"double_fork"}, Recording::of({refused().times(3)}).segments(3)});
  list.push_back({"vfork_exec",
                  {"vfork_exec"},
                  Recording::of({refused().times(2), event(Op::close).tcp()}).segments(2)});
  list.push_back(
      {"posix_spawned", {"posix_spawned"}, Recording::of({refused().times(3)}).segments(4)});
  list.push_back({"raw_clone", {"raw_clone"}, Recording::of({refused().times(8)}).segments(7)});
  list.push_back({"exec_chain", {"exec_chain"}, Recording::of({refused().times(4)}).segments(4)});
}

// Thirteen programs with an environment of the caller's making; the calls that fail are none.
void add_programs(std::vector<Hazard>& list) {
  using wire::ExecWhy;
  constexpr std::size_t kPrograms = 13;
  list.push_back({"exec_scrubbed",
                  {"exec_scrubbed"},
                  Recording::of({refused()}).noted(ExecWhy::scrubbed, kPrograms)});
  Hazard followed{"exec_scrubbed_and_followed",
                  {"exec_scrubbed"},
                  Recording::of({refused().times(1 + kPrograms)}).segments(1 + kPrograms)};
  followed.follow = true;
  list.push_back(followed);
  Hazard failing{"exec_that_fails", {"exec_scrubbed", "failures"}, Recording::of({refused()})};
  list.push_back(failing);
  failing.name += "_and_is_followed";
  failing.follow = true;
  list.push_back(failing);
  // Where ours would make it too large, it goes as it is; how often, the search decides.
  Hazard large{"exec_with_an_environment_as_large_as_may_be",
               {"exec_scrubbed", "large"},
               Recording::of({refused()}).segments(2, 20).noted(ExecWhy::scrubbed, 1, 20)};
  large.follow = true;
  list.push_back(large);
  list.push_back({"exec_unseen",
                  {"exec_unseen", program_path("static_client")},
                  Recording::of({}).segments(0).noted(ExecWhy::is_static, 2)});
  list.push_back({"exec_out_of_reach", {"exec_out_of_reach"}, Recording::of({}).segments(1)});
  list.push_back({"exec_go",
                  {"exec_unseen", program_path("go_program")},
                  Recording::of({refused().times(2)}).segments(2).noted(ExecWhy::is_go, 2)});
}

void add_threads(std::vector<Hazard>& list) {
  // Few rings are used again and again, and nobody drains them.
  list.push_back({"thread_churn",
                  {"thread_churn"},
                  Recording::of({refused().times(300)}).slots(24).may({Loss::ring_full})});
  list.push_back({"thread_crowd",
                  {"thread_churn", "many"},
                  Recording::of({refused().times(127)}).must({Loss::no_slot})});
  list.push_back({"thread_keys", {"thread_keys"}, Recording::of({refused().times(3)})});
}

// Where recording may be impossible: none, or a whole segment.
Recording perhaps() {
  return Recording::of({}).segments(0, 1).may({Loss::no_memory, Loss::ring_full});
}

void add_limits(std::vector<Hazard>& list) {
  list.push_back({"nofile_lowered_before", {"nofile_lowered", "before"}, perhaps()});
  list.push_back(
      {"nofile_lowered_after", {"nofile_lowered", "after"}, Recording::of({refused().times(2)})});
  for (const char* way : {"default", "handler", "blocked"}) {
    list.push_back({std::string("fsize_zero_") + way, {"fsize_zero", way}, perhaps()});
  }
  list.push_back({"address_space", {"address_space"}, perhaps()});
  list.push_back({"address_space_for_the_program_alone",
                  {"address_space", "40", "30"},
                  Recording::of({}).segments(0)});
  list.push_back(
      {"address_space_for_both", {"address_space", "400", "300"}, Recording::of({refused()})});
  list.push_back({"memory_locked", {"memory_locked"}, perhaps()});
  list.push_back({"memory_hole", {"memory_hole"}, Recording::of({refused().times(101)})});
  list.push_back({"not_dumped", {"not_dumped"}, Recording::of({refused().times(2)}).segments(2)});
  list.push_back({"foreign_descriptors",
                  {"foreign_descriptors"},
                  Recording::of({refused()}).segments(200).noted(wire::ExecWhy::scrubbed, 100)});
  list.push_back({"buffer_given_back",
                  {"buffer_given_back"},
                  Recording::of({event(Op::send), event(Op::sendmsg)}).may({Loss::ring_full})});
  for (const char* how : {"no_descriptor", "another_user", "new_pids", "leader_gone", "notified"}) {
    list.push_back(
        {std::string("first_connect_") + how, {"first_connect", how}, Recording::of({refused()})});
  }
  list.push_back({"stopped", {"stopped"}, Recording::of({}).segments(0, 200)});
  list.push_back({"changed_root", {"changed_root"}, Recording::of({refused()})});
  list.push_back({"odd_umask", {"odd_umask"}, Recording::of({refused()})});
  list.push_back(
      {"privileges_dropped_before", {"dropped_privileges", "before"}, Recording::of({refused()})});
  list.push_back({"privileges_dropped_by_a_worker",
                  {"dropped_privileges", "worker"},
                  Recording::of({refused().times(2)}).segments(2)});
  list.push_back({"privileges_dropped_after",
                  {"dropped_privileges", "after"},
                  Recording::of({refused().times(2)})});
  list.push_back({"undumpable", {"undumpable"}, Recording::of({refused()})});
  list.push_back({"process_state", {"process_state"}, Recording::of({refused()})});
}

void add_sandboxes(std::vector<Hazard>& list) {
  for (const char* how : {"prctl", "seccomp", "bare_prctl"}) {
    list.push_back({std::string("sandboxed_before_by_") + how,
                    {"seccomp_filter", "before", how},
                    Recording::of({}).segments(0)});
    list.push_back({std::string("sandboxed_after_by_") + how,
                    {"seccomp_filter", "after", how},
                    Recording::of({refused()}).in_sandbox()});
    list.push_back({std::string("sandbox_inherited_by_") + how,
                    {"seccomp_filter", "inherited", how},
                    Recording::of({}).segments(0)});
    list.push_back({std::string("killing_sandbox_inherited_by_") + how,
                    {"seccomp_filter", "inherited_killing", how},
                    Recording::of({}).segments(0)});
  }
  list.push_back({"sandboxed_by_another_thread",
                  {"seccomp_threads"},
                  Recording::of({refused()})
                      .segments(100)
                      .in_sandbox()
                      .may({Loss::ring_full, Loss::no_memory})});
  list.push_back({"sandbox_refused", {"seccomp_refused"}, Recording::of({refused().times(2)})});
  list.push_back({"thread_in_a_sandbox_with_a_ring",
                  {"sandboxed_thread", "with_a_ring"},
                  Recording::of({refused(), event(Op::send).result(1).detail(wire::kTurnStart)})
                      .in_sandbox()});
  list.push_back({"thread_in_a_sandbox",
                  {"sandboxed_thread"},
                  Recording::of({}).in_sandbox().must({Loss::no_memory})});
  list.push_back({"killing_sandbox_inherited_through_the_shell",
                  {"seccomp_filter", "inherited_by_shell", "prctl"},
                  Recording::of({}).segments(0)});
  list.push_back(
      {"calls_made_signals", {"user_dispatch"}, Recording::of({refused()}).in_sandbox()});
}

void add_loaders(std::vector<Hazard>& list) {
  const std::string early = program_path("modules/libearly.so");
  // main, its exit handler, the library's destructor; its constructor too where ours has run
  // before.
  list.push_back({"linked_library_uses_sockets_early",
                  {"early_sockets"},
                  Recording::of({refused().times(3)})});
  list.push_back(
      {"linked_library_reads_while_relocated", {"early_resolver"}, Recording::of({refused()})});
  list.push_back({"own_strings", {"own_strings"}, Recording::of({refused()})});
  const Recording more = Recording::of({refused().times(21)});
  list.push_back({"library_before_uses_sockets_early", {"plain_client"}, more, {early}, {}});
  list.push_back({"library_after_uses_sockets_early", {"plain_client"}, more, {}, {early}});
  const std::string wrapping = program_path("modules/libwrapping.so");
  list.push_back({"wrapped_by_a_library_before",
                  {"plain_client"},
                  Recording::of({refused().times(20)}),
                  {wrapping},
                  {}});
  list.push_back({"wrapping_a_library_after",
                  {"plain_client"},
                  Recording::of({refused().times(20)}),
                  {},
                  {wrapping}});
  // Others with a dlsym of their own: the program, a library before us, one behind us that has its
  // own connect and send as well.
  list.push_back({"linked_high", {"linked_high"}, Recording::of({refused()})});
  list.push_back({"own_dlsym", {"own_dlsym"}, Recording::of({refused(), connected()})});
  const std::string handing_on = program_path("modules/libhanding_on.so");
  const Recording ordinary = Recording::of({refused().times(20), connected().times(20)});
  list.push_back({"behind_a_library_with_a_dlsym", {"plain_client"}, ordinary, {handing_on}, {}});
  for (const char* style : {"gnu", "sysv"}) {
    const std::string proxy = program_path(std::string("modules/libproxy_") + style + ".so");
    list.push_back({std::string("before_a_proxy_with_a_dlsym_") + style,
                    {"plain_client"},
                    ordinary,
                    {},
                    {proxy}});
  }
  list.push_back({"before_a_library_with_versions_of_its_own",
                  {"plain_client"},
                  ordinary,
                  {},
                  {program_path("modules/libversioned.so")}});
  list.push_back({"listed_twice",
                  {"plain_client"},
                  Recording::of({refused().times(20)}),
                  {SOCKWATCH_LIBRARY},
                  {}});
  // Two files of it: one of them records, and nothing is recorded twice (there is one segment).
  const std::string second = program_path("modules/libsecond.so");
  list.push_back({"listed_twice_from_two_files",
                  {"plain_client"},
                  Recording::of({refused().times(20)}),
                  {second},
                  {}});
  list.push_back({"listed_twice_from_two_files_around_another",
                  {"plain_client"},
                  Recording::of({refused().times(20)}),
                  {},
                  {wrapping, second}});
  list.push_back({"opened_late", {"opened_late", second}, Recording::of({refused().times(7)})});
  list.push_back({"opened_modules", {"opened_modules"}, Recording::of({refused().times(15)})});
}

}  // namespace

std::vector<Hazard> hazards_of_life() {
  std::vector<Hazard> list;
  add_signals(list);
  add_storms(list);
  add_processes(list);
  add_programs(list);
  add_threads(list);
  add_limits(list);
  add_sandboxes(list);
  add_loaders(list);
  return list;
}

}  // namespace sockwatch::preload
