"""Instructions of single calls, counted by callgrind: they repeat exactly, whatever else runs."""
import re
import shutil
import subprocess

from . import machine

# case, times the call is made, what it stands for
CASES = [
    ("read", 2000, "read, descriptor of no interest"),
    ("write", 2000, "write, descriptor of no interest"),
    ("poll-1", 1000, "poll, nothing pending, 1 descriptor"),
    ("poll-100", 1000, "poll, nothing pending, 100"),
    ("poll-1000", 1000, "poll, nothing pending, 1000"),
    ("select-1", 1000, "select, nothing pending, 1 descriptor"),
    ("select-100", 1000, "select, nothing pending, 100"),
    ("select-1000", 1000, "select, nothing pending, 1000"),
    ("epoll-1", 1000, "epoll_wait, nothing pending, 1 descriptor"),
    ("epoll-100", 1000, "epoll_wait, nothing pending, 100"),
    ("epoll-1000", 1000, "epoll_wait, nothing pending, 1000"),
    ("pending-poll-2", 1000, "poll, a connect pending elsewhere, 2"),
    ("pending-poll-1002", 1000, "poll, a connect pending elsewhere, 1002"),
    ("pending-select-900", 1000, "select, a connect pending elsewhere, 900"),
    ("recorded", 1000, "poll that is recorded, 2"),
    ("connect", 300, "connect, poll, SO_ERROR, close"),
    ("talk", 500, "send, poll, recv on an open connection"),
]


def _count(setup, case, times, extra):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--vgdb=no", "--callgrind-out-file=/dev/null",
         "--toggle-collect=measured", setup.calls, case, str(times)],
        env=machine.environment(extra), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=300, check=True)
    # The process the case may fork collects nothing; it does not report, as it is killed.
    counts = [int(text) for text in re.findall(r"Collected : (\d+)", done.stderr)]
    return max(counts) / times


def measure(setup):
    if not shutil.which("valgrind"):
        return
    table = machine.Table("Instructions a call in user space (callgrind)",
                          "call", "bare", "no-op", "sockwatch", "added", "over no-op")
    with machine.collector(setup) as collector:
        for case, times, words in CASES:
            times = times // 5 if setup.quick else times
            bare, no_op, ours = (_count(setup, case, times, extra) for extra in (
                {}, {"LD_PRELOAD": setup.no_op}, collector.environment))
            table.add(words, f"{bare:.0f}", f"+{no_op - bare:.0f}", f"{ours:.0f}",
                      f"+{ours - bare:.0f}", f"+{ours - no_op:.0f}")
    yield table
