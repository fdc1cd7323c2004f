"""What the scenarios share: recordings in a place of their own, and what became of them."""
import dataclasses
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time


@dataclasses.dataclass
class Outcome:
    """One line of the table. `lost`: neither stored nor, where that is allowed, counted."""
    what: str
    times: int
    connects: int = 0
    lost: int = 0
    twice: int = 0
    crashed: int = 0
    remark: str = ""

    def good(self):
        return not (self.lost or self.twice or self.crashed)


class Skipped(Exception):
    pass


class Lab:
    def __init__(self, build, place, seed, short):
        self.build, self.place, self.seed, self.short = build, place, seed, short
        self.sockwatch = os.path.join(build, "bin/sockwatch")

    def path(self, name):
        return os.path.join(self.place, name)

    def program(self, name):
        return os.path.join(self.build, "tests/chaos", name)

    def fewer(self, times, in_short):
        return in_short if self.short else times

    def record(self, trace, command):
        """A recording under way; its words go to a file, the command's to a pipe."""
        errors = open(self.path(os.path.basename(trace) + ".errors"), "w+")
        process = subprocess.Popen([self.sockwatch, "record", "-o", trace, "--", *command],
                                   stdout=subprocess.PIPE, stderr=errors, text=True)
        process.errors = errors
        return process

    def storm(self, trace, processes=2, threads=2, pause_us=3000):
        """The same of a storm of connects; `stop()` ends it and gives (connects, status)."""
        stop = self.path(os.path.basename(trace) + ".stop")
        process = self.record(trace, [self.program("connect_storm"), stop, str(processes),
                                      str(threads), str(pause_us)])

        def end():
            open(stop, "w").close()
            out, _ = process.communicate(timeout=120)
            return int(out.split()[0]) if out.split() else 0, process.returncode
        process.stop = end
        process.words = lambda: words_of(process.errors)
        wait_until(lambda: os.path.exists(trace) or process.poll() is not None)
        return process

    def run_target(self, name, how, times):
        """chaos_target under `record`: (made, begun, status, trace)."""
        trace = self.path(name)
        process = self.record(trace, [self.program("chaos_target"), trace + ".counts", how,
                                      str(times), str(self.seed)])
        out, _ = process.communicate(timeout=1200)
        made, begun = (int(word) for word in out.split())
        return made, begun, process.returncode, trace


def words_of(file):
    file.seek(0)
    return file.read()


def wait_until(condition, seconds=30):
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.005)
    return True


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def collector_of(launcher):
    """The launcher's child that runs `sockwatch collect`; None while there is none."""
    for pid in children(launcher):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[1:2] == [b"collect"]:
            return pid
    return None


def run_directory_of(collector):
    with open(f"/proc/{collector}/cmdline", "rb") as file:
        words = file.read().decode().split("\0")
    return words[words.index("--dir") + 1]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def judge(what, times, trace, made, begun=None, counted_is_told=False, crashed=0, remark=""):
    """Compares a finished trace with what the programs counted."""
    begun = made if begun is None else begun
    try:
        database = sqlite3.connect(f"file:{trace}?mode=ro", uri=True)
        rows, cookies, different = database.execute(
            "SELECT count(*), count(cookie), count(DISTINCT cookie) FROM connection").fetchone()
        losses = dict(database.execute(
            "SELECT cause, sum(count) FROM loss WHERE cause <> 'late' GROUP BY cause"))
        finished = database.execute("SELECT count(*) FROM trace WHERE key = 'finished'").fetchone()
        database.close()
    except sqlite3.Error as error:
        return Outcome(what, times, made, made, 0, crashed,
                       f"the trace cannot be read: {error}; {remark}")
    missing = max(0, made - rows)
    lost = (0 if losses else missing) if counted_is_told else missing + sum(losses.values())
    remarks = [remark] if remark else []
    if losses:
        remarks.append("counted: " + ", ".join(f"{cause} {n}" for cause, n in losses.items()))
    if not finished[0]:
        crashed += 1
        remarks.append("the trace is not finished")
    twice = cookies - different + max(0, rows - begun)
    return Outcome(what, times, made, lost, twice, crashed, "; ".join(remarks))


def in_private_mounts(lab, name):
    """Runs one scenario again in a mount namespace of its own; what it came to."""
    command = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "run"),
               "--inside", name, "--build", lab.build, "--seed", str(lab.seed)]
    command += ["--short"] if lab.short else []
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    try:
        done = subprocess.run(namespace + command, capture_output=True, text=True, timeout=300)
    except FileNotFoundError as error:
        raise Skipped("there is no unshare(1)") from error
    if done.returncode != 0:
        if re.search("unshare|not permitted", done.stderr):
            raise Skipped("no mount namespaces here: " + done.stderr.strip().splitlines()[-1])
        raise RuntimeError(done.stderr)
    return Outcome(**json.loads(done.stdout))
