"""What it takes to read a large trace."""
import os
import resource
import shutil
import subprocess
import tempfile
import time

from . import machine

COMMANDS = [
    ["report"],
    ["report", "--json"],
    ["connections", "--failed"],
    ["connections", "--dst", "10.0.0.8:443", "--outcome", "refused"],
]


def _run(setup, command, trace):
    """Seconds of the clock and the processor, and the largest memory in MiB."""
    place = os.path.join(os.path.dirname(trace), "out")
    begun = time.monotonic()
    with open(place, "w") as out:
        process = subprocess.Popen([setup.sockwatch, command[0], trace, *command[1:]], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(setup):
    place = tempfile.mkdtemp(prefix="sockwatch-bench-")
    trace = os.path.join(place, "trace")
    rows = setup.rows // 100 if setup.quick else setup.rows
    try:
        begun = time.monotonic()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([setup.make_trace, trace, str(rows)], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        table = machine.Table(
            f"A trace of {rows} connections, {os.path.getsize(trace) / 2**20:.0f} MiB "
            f"(made in {time.monotonic() - begun:.0f} s, "
            f"{after.ru_utime - before.ru_utime:.0f} s of it computing)",
            "command", "seconds", "CPU s", "MiB")
        for command in COMMANDS:
            _run(setup, command, trace)  # the file is in memory then
            took, cpu, memory = min(_run(setup, command, trace) for _ in range(2))
            table.add("sockwatch " + " ".join(command), f"{took:.2f}", f"{cpu:.2f}", f"{memory:.0f}")
        yield table
    finally:
        shutil.rmtree(place, ignore_errors=True)
