"""Collectors, programs and launchers that die, and programs that end in other odd ways."""
import importlib.machinery
import importlib.util
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

from lab import (Outcome, Skipped, collector_of, judge, kill, run_directory_of, wait_until)

HERE = os.path.dirname(os.path.abspath(__file__))


def collector_killed(lab):
    kills = lab.fewer(500, 15)
    done = subprocess.run(
        [os.path.join(HERE, "collector_kills"), "--kills", str(kills), "--seed", str(lab.seed),
         "--build", lab.build], capture_output=True, text=True, timeout=1800)
    found = dict(re.findall(r"^(.*?) {2,}(.*)$", done.stdout, re.M))
    if "connects" not in found:
        raise RuntimeError(done.stdout + done.stderr)
    number = lambda key: int(found.get(key, "0"))
    lost = number("missing") + (0 if found["lost"] == "0" else 1)
    remark = "" if found["lost"] == "0" else f"counted: {found['lost']}"
    return Outcome("collector killed at random, 4 processes of 4 threads", number("killed"),
                   number("connects"), lost, number("twice"),
                   number("not ended") + number("other outcomes"), remark)


def collector_killed_at_each_statement(lab):
    result = lab.path("restart.json")
    every = lab.fewer(1, 23)
    done = subprocess.run(
        [os.path.join(lab.build, "tests/unit/drain/restart_test"),
         "--gtest_filter=*DeathAtAnyStep*:*KilledAtAnyStep*", f"--gtest_output=json:{result}"],
        env={**os.environ, "RESTART_EVERY": str(every)}, capture_output=True, text=True,
        timeout=3000)
    with open(result) as file:
        suites = json.load(file)["testsuites"]
    deaths = sum(int(test.get("deaths", 0)) for suite in suites for test in suite["testsuite"])
    failed = 0 if done.returncode == 0 else 1
    return Outcome("collector (and recover) killed at each statement", deaths, deaths * 10, failed,
                   0, 0, done.stdout[-2000:] if failed else "")


def ended(how, what):
    def scenario(lab):
        times = lab.fewer({"short": 10000, "exec": 300}.get(how, 500), {"short": 100}.get(how, 25))
        made, begun, status, trace = lab.run_target(how, how, times)
        exact = how in ("short", "exec")
        wrong = abs(made - begun) if exact else 0
        return judge(what, times, trace, made, begun, crashed=(status != 0) + wrong)
    scenario.__name__ = how
    return scenario


def no_collector_then_one(lab):
    times = lab.fewer(100, 30)  # all of it must fit into the rings
    directory, trace = lab.path("late"), lab.path("late.sockwatch")
    os.mkdir(directory, 0o700)
    library = os.path.join(lab.build, "shim/libsockwatch.so")
    done = subprocess.run(
        [lab.program("chaos_target"), lab.path("late.counts"), "exec", str(times), str(lab.seed)],
        env={**os.environ, "SOCKWATCH_DIR": directory, "LD_PRELOAD": library},
        capture_output=True, text=True, timeout=600)
    made = int(done.stdout.split()[0])
    collector = subprocess.Popen([lab.sockwatch, "collect", "--dir", directory, "-o", trace],
                                 stderr=subprocess.DEVNULL)
    wait_until(lambda: not os.listdir(directory) or
               all(not name.endswith(".seg") for name in os.listdir(directory)), 120)
    collector.send_signal(signal.SIGTERM)
    status = collector.wait(120)
    return judge("no collector at all, one started later", times, trace, made,
                 crashed=int(done.returncode != 0) + int(status != 0))


def all_killed_then_recovered(lab):
    """Launcher and collector at once; the program goes on to its end; `recover` has everything."""
    times = lab.fewer(40, 3)
    dice = random.Random(lab.seed)
    total = Outcome("launcher and collector killed, then sockwatch recover", times)
    for turn in range(times):
        trace, whole = lab.path(f"dead{turn}"), lab.path(f"whole{turn}")
        counts = trace + ".counts"
        launcher = lab.record(trace, [lab.program("chaos_target"), counts, "exec", "20",
                                      str(lab.seed + turn)])
        wait_until(lambda: collector_of(launcher.pid) and os.path.exists(counts))
        collector = collector_of(launcher.pid)
        directory = run_directory_of(collector)
        time.sleep(dice.random() * 0.4)
        launcher.kill()
        kill(collector)
        out, _ = launcher.communicate(timeout=120)  # the program holds the pipe until its end
        if not os.path.isdir(directory):
            total.remark = "a recording had ended before it was killed"
            continue
        recover = lambda: subprocess.run([lab.sockwatch, "recover", directory, "-o", whole],
                                         capture_output=True, text=True, timeout=120)
        # Its processes may still be on their way out.
        said = []
        wait_until(lambda: said.append(recover().stderr) or "still being recorded" not in said[-1],
                   20)
        if "was completed" in said[-1]:  # it had come as far as that
            whole = trace
            shutil.rmtree(directory)
        made = int(out.split()[0])
        one = judge("", 1, whole, made)
        total.connects += made
        total.lost += one.lost
        total.twice += one.twice
        total.crashed += one.crashed + int(os.path.isdir(directory))
        total.remark = total.remark or one.remark
    return total


SCENARIOS = [
    collector_killed,
    collector_killed_at_each_statement,
    ended("kill", "program killed (SIGKILL) while its threads connect"),
    ended("exit", "program left by _exit while its threads connect"),
    ended("exec", "program executed itself again"),
    ended("stop", "program stopped, continued, killed"),
    ended("short", "short processes that connect once"),
    no_collector_then_one,
    all_killed_then_recovered,
]
