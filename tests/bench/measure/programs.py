"""Times of whole programs, interleaved: each round runs the program once under each tool."""
import os
import shutil
import subprocess
import time

from . import machine

STRACE = ["strace", "-f", "--seccomp-bpf", "-e", "trace=connect,getsockopt", "-o", "/dev/null"]
TRUE = shutil.which("true")


class Variant:
    def __init__(self, name, extra=None, before=()):
        self.name = name
        self.before = list(before)
        self.environment = machine.environment(extra or {})


def variants(setup, collector):
    all_of_them = [
        Variant("bare"),
        Variant("bare again"),
        Variant("no-op", {"LD_PRELOAD": setup.no_op}),
        Variant("sockwatch", collector.environment),
    ]
    if shutil.which("strace"):
        all_of_them.append(Variant("strace", before=STRACE))
    return all_of_them


def interleaved(variants_, rounds, measure_one):
    """Median by variant. The order is turned each round, so that none always follows the same."""
    values = {variant.name: [] for variant in variants_}
    for turn in range(rounds):
        at = turn % len(variants_)
        for variant in variants_[at:] + variants_[:at]:
            values[variant.name].append(measure_one(variant))
    return {name: machine.median(all_values) for name, all_values in values.items()}


def _ns_a_call(setup, case, times):
    def one(variant):
        done = subprocess.run([*variant.before, setup.calls, case, str(times)],
                              env=variant.environment, stdout=subprocess.PIPE, text=True,
                              timeout=300, check=True)
        return float(done.stdout.split()[0])
    return one


def _start(variant):
    command = [*variant.before, TRUE]
    program = shutil.which(command[0])
    begun = time.perf_counter_ns()
    pid = os.posix_spawn(program, command, variant.environment)
    _, status = os.waitpid(pid, 0)
    took = time.perf_counter_ns() - begun
    if status != 0:
        raise RuntimeError(f"{variant.name}: {TRUE} ended with {status}")
    return took


def _row(table, words, result, unit, scale):
    bare = result["bare"]
    table.add(words, f"{bare / scale:.2f} {unit}",
              *(f"{result[name] / bare:.3f}" if name in result else "-"
                for name in ("bare again", "no-op", "sockwatch", "strace")),
              f"{(result['sockwatch'] - bare) / scale:+.2f} {unit}")


def measure(setup):
    table = machine.Table("Times, medians of interleaved runs, as ratios to the bare program",
                          "program", "bare", "bare again", "no-op", "sockwatch", "strace", "added")
    with machine.collector(setup) as collector:
        every = variants(setup, collector)
        light = [variant for variant in every if variant.name != "strace"]
        _row(table, "start of `true`", interleaved(every, setup.rounds(300), _start), "us", 1e3)
        for case, times, rounds, words in (
                ("connect", 3000, 31, "connect, poll, SO_ERROR, close"),
                ("talk", 20_000, 31, "send, poll, recv on an open connection")):
            _row(table, words,
                 interleaved(every, setup.rounds(rounds), _ns_a_call(setup, case, times)), "us", 1e3)
        for case, times, words in (
                ("read", 300_000, "read, descriptor of no interest"),
                ("poll-1", 200_000, "poll, nothing pending, 1 descriptor"),
                ("poll-1000", 5_000, "poll, nothing pending, 1000"),
                ("recorded", 100_000, "poll that is recorded")):
            _row(table, words,
                 interleaved(light, setup.rounds(31), _ns_a_call(setup, case, times)), "ns", 1)
    yield table
    yield _whole_run(setup)


def _whole_run(setup):
    table = machine.Table("`sockwatch record -q -- true` in all", "", "ms")
    times = []
    for _ in range(setup.rounds(40)):
        trace = f"/tmp/sockwatch-bench-{os.getpid()}.sockwatch"
        begun = time.perf_counter()
        subprocess.run([setup.sockwatch, "record", "-q", "--force", "-o", trace, "--", TRUE],
                       stderr=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - begun) * 1e3)
        os.unlink(trace)
    table.add("median", f"{machine.median(times):.1f}")
    table.add("quickest", f"{min(times):.1f}")
    return table
