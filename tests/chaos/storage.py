"""A trace whose file system, file or database is taken away, and shared memory that is full."""
import os
import re
import sqlite3
import subprocess
import time

from lab import Outcome, collector_of, in_private_mounts, judge, kill, wait_until


def mount_tmpfs(path, size):
    os.makedirs(path, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", path],
                   check=True)


def disk_full(lab):
    disk = lab.path("disk")
    mount_tmpfs(disk, "500k")
    storm = lab.storm(os.path.join(disk, "trace"))
    said = wait_until(lambda: "tried again every second" in storm.words(), 30)
    time.sleep(lab.fewer(10, 1))
    subprocess.run(["mount", "-o", "remount,size=500m", disk], check=True)
    time.sleep(2.5)
    connects, status = storm.stop()
    return judge("disk full for a while", 1, os.path.join(disk, "trace"), connects,
                 crashed=int(status != 0) + int(not said))


def read_only(lab):
    disk = lab.path("readonly")
    mount_tmpfs(disk, "1m")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    mark = lab.path("was-run")
    done = subprocess.run([lab.sockwatch, "record", "-o", os.path.join(disk, "trace"), "--",
                           "touch", mark], capture_output=True, text=True)
    told = re.search("sockwatch: .*Read-only", done.stderr) is not None
    return Outcome("read-only directory: said, and nothing is started", 1,
                   crashed=int(done.returncode != 125) + int(os.path.exists(mark)) + int(not told),
                   remark="" if told else done.stderr)


def shared_memory_full(lab):
    mount_tmpfs("/dev/shm", "700k")
    trace = lab.path("noshm")
    storm = lab.storm(trace, 4, 4)
    time.sleep(lab.fewer(10, 2))
    connects, status = storm.stop()
    return judge("/dev/shm full: what is missing is counted", 1, trace, connects,
                 counted_is_told=True, crashed=int(status != 0))


def trace_removed(lab):
    trace = lab.path("removed")
    storm = lab.storm(trace)
    time.sleep(0.5)
    os.unlink(trace)
    time.sleep(0.7)
    connects, status = storm.stop()
    return judge("trace removed meanwhile", 1, trace, connects, crashed=int(status != 0))


def trace_removed_and_collector_killed(lab):
    trace = lab.path("removed2")
    storm = lab.storm(trace)
    time.sleep(0.7)
    for suffix in ("", "-wal", "-shm"):
        os.unlink(trace + suffix)
    kill(collector_of(storm.pid))
    time.sleep(1)
    connects, status = storm.stop()
    return judge("trace removed and collector killed: the rest counted", 1, trace, connects,
                 counted_is_told=True, crashed=int(status != 0))


def trace_replaced(lab):
    trace = lab.path("replaced")
    storm = lab.storm(trace)
    time.sleep(0.5)
    with open(trace + ".mine", "w") as file:
        file.write("mine")
    os.rename(trace + ".mine", trace)
    time.sleep(0.7)
    connects, status = storm.stop()
    with open(trace) as file:
        harmed = file.read() != "mine"
    told = f"'{trace}-2'" in storm.words()
    return judge("trace replaced by another file", 1, trace + "-2", connects,
                 crashed=int(status != 0) + int(harmed) + int(not told))


def database_busy(lab):
    trace = lab.path("busy")
    storm = lab.storm(trace)
    time.sleep(0.5)
    other = sqlite3.connect(trace, isolation_level=None, timeout=20)
    other.execute("BEGIN IMMEDIATE")
    time.sleep(lab.fewer(20, 3))
    other.execute("ROLLBACK")
    other.close()
    time.sleep(1.5)
    connects, status = storm.stop()
    return judge("trace locked by another program for a while", 1, trace, connects,
                 crashed=int(status != 0))


def database_corrupted(lab):
    trace, whole = lab.path("corrupt"), lab.path("corrupt-whole")
    storm = lab.storm(trace)
    time.sleep(0.7)
    for name in (trace, trace + "-wal"):
        with open(name, "r+b") as file:
            file.write(os.urandom(min(os.path.getsize(name), 1 << 20)))
    time.sleep(1.5)
    connects, status = storm.stop()
    words = storm.words()
    left = re.search(r"sockwatch recover (\S+) -o FILE", words)
    if left:
        subprocess.run([lab.sockwatch, "recover", left[1], "-o", whole], capture_output=True)
        return judge("trace overwritten with rubbish: said, recovered, rest counted", 1, whole,
                     connects, counted_is_told=True, crashed=int(status != 0))
    # To look through the whole file at the end would take seconds; whoever reads it is told.
    report = subprocess.run([lab.sockwatch, "report", trace], capture_output=True, text=True)
    told = report.returncode == 125 and "damaged" in report.stderr
    if told:
        return Outcome("trace overwritten with rubbish: its reader is told", 1, connects,
                       crashed=int(status != 0))
    return judge("trace overwritten with rubbish", 1, trace, connects, counted_is_told=True,
                 crashed=int(status != 0), remark=report.stderr.strip())


def inside(scenario):
    def outside(lab):
        return in_private_mounts(lab, scenario.__name__)
    outside.__name__ = scenario.__name__
    return outside


NEED_MOUNTS = {scenario.__name__: scenario for scenario in (disk_full, read_only,
                                                            shared_memory_full)}
SCENARIOS = [*(inside(scenario) for scenario in NEED_MOUNTS.values()), trace_removed,
             trace_removed_and_collector_killed, trace_replaced, database_busy,
             database_corrupted]
