"""The collector's own processor time, what it can take, and the ring by itself."""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import time

from . import machine


def _cpu_during(collector, seconds, meanwhile=None):
    """Share of a processor, in per cent."""
    cpu, begun = collector.cpu_seconds(), time.monotonic()
    if meanwhile:
        meanwhile()
    time.sleep(max(0, seconds - (time.monotonic() - begun)))
    return (collector.cpu_seconds() - cpu) / (time.monotonic() - begun) * 100


@contextlib.contextmanager
def _idle_processes(setup, collector, count):
    environment = machine.environment(collector.environment)
    all_of_them = [subprocess.Popen([setup.calls, "idle"], env=environment, stdout=subprocess.PIPE)
                   for _ in range(count)]
    try:
        for process in all_of_them:
            process.stdout.readline()
        yield
    finally:
        for process in all_of_them:
            process.kill()
            process.wait()
            process.stdout.close()


def _losses(trace):
    with contextlib.closing(sqlite3.connect(f"file:{trace}?mode=ro", uri=True)) as database:
        lost = dict(database.execute("SELECT cause, sum(count) FROM loss GROUP BY cause"))
        waits, rows = database.execute("SELECT sum(waits), count(*) FROM connection").fetchone()
    return lost, waits or 0, rows


def _idle(setup, table):
    seconds = 3 if setup.quick else 10
    for count in (1, 200):
        with machine.collector(setup) as collector, _idle_processes(setup, collector, count):
            time.sleep(2)  # what was recorded at the start is stored
            share = _cpu_during(collector, seconds)
            table.add(f"idle, {count} processes that connected once", f"{share:.2f} % of a core")


def _paced(setup, table):
    seconds = 2 if setup.quick else 8
    with machine.collector(setup) as collector:
        reached = []

        def connect():
            done = subprocess.run([setup.calls, "paced", "2000", str(2000 * seconds)],
                                  env=machine.environment(collector.environment),
                                  stdout=subprocess.PIPE, text=True, check=True)
            reached.append(float(done.stdout))

        share = _cpu_during(collector, seconds, connect)
        memory = collector.resident_kb()
        collector.stop()
        lost, _, rows = _losses(collector.trace)
        table.add(f"{reached[0]:.0f} connections/s", f"{share:.1f} % of a core, {rows} rows, "
                  f"lost {lost or 0}, at most {memory / 1024:.0f} MiB")


def _flood(setup, table, threads, rate, count, words):
    with machine.collector(setup) as collector:
        cpu = collector.cpu_seconds()
        done = subprocess.run([setup.calls, "flood", str(threads), str(rate), str(count)],
                              env=machine.environment(collector.environment),
                              stdout=subprocess.PIPE, text=True, check=True)
        made, reached = (float(word) for word in done.stdout.split())
        time.sleep(1)
        cpu = collector.cpu_seconds() - cpu
        memory = collector.resident_kb()
        collector.stop()
        lost, waits, _ = _losses(collector.trace)
        gone = sum(lost.values())
        table.add(words, f"{reached / 1e6:.2f} M/s reached; of {made:.0f} recorded {waits}, "
                  f"lost {gone} ({100 * gone / made:.2f} %); "
                  f"{cpu * 1e9 / max(1, waits):.0f} ns of collector a record stored; "
                  f"at most {memory / 1024:.0f} MiB")


def measure(setup):
    table = machine.Table("The collector", "", "")
    _idle(setup, table)
    _paced(setup, table)
    shorter = 10 if setup.quick else 1
    _flood(setup, table, 1, 100_000, 300_000 // shorter, "1 thread, 100,000 recorded calls/s")
    _flood(setup, table, 1, 1_000_000, 3_000_000 // shorter, "1 thread, 1,000,000 recorded calls/s")
    _flood(setup, table, 8, 200_000, 100_000 // shorter, "8 threads, 200,000 recorded calls/s in all")
    _flood(setup, table, 8, 0, 200_000 // shorter, "8 threads, as fast as they go")
    yield table


def measure_ring(setup):
    if not os.path.exists(setup.ring):
        return
    done = subprocess.run([setup.ring, "--benchmark_format=json", "--benchmark_repetitions=5",
                           "--benchmark_report_aggregates_only=true",
                           f"--benchmark_min_time={0.02 if setup.quick else 0.2}"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    table = machine.Table("The ring by itself (64-byte records, median of 5)", "", "CPU a record")
    for result in json.loads(done.stdout)["benchmarks"]:
        if result.get("error_occurred"):
            table.add(result["name"], result["error_message"])
            continue
        if result.get("aggregate_name") != "median":
            continue
        name = re.sub(r"_median$", "", result["name"])
        rate = result.get("items_per_second")
        cost = 1e9 / rate if rate else result["cpu_time"]
        table.add(name, f"{cost:.1f} ns")
    yield table
