"""Where things are, what machine this is, and tables."""
import contextlib
import os
import platform
import shutil
import signal
import statistics
import subprocess
import tempfile
import time


class Setup:
    def __init__(self, build, quick, rows):
        self.build = os.path.abspath(build)
        self.quick = quick
        self.rows = rows
        self.sockwatch = os.path.join(self.build, "bin/sockwatch")
        self.library = os.path.join(self.build, "shim/libsockwatch.so")
        self.calls = self._program("bench_calls")
        self.no_op = self._program("bench_no_op.so")
        self.ring = self._program("bench_ring")
        self.make_trace = self._program("bench_make_trace")

    def _program(self, name):
        return os.path.join(self.build, "tests/bench", name)

    def missing(self):
        wanted = (self.sockwatch, self.library, self.calls, self.no_op, self.make_trace)
        return [path for path in wanted if not os.path.exists(path)]

    def rounds(self, usual):
        return max(2, usual // 5) if self.quick else usual


def describe():
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    system = ""
    with contextlib.suppress(OSError), open("/etc/os-release") as file:
        facts = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
        system = facts.get("PRETTY_NAME", "").strip('"')
    load = os.getloadavg()[0]
    return (f"{os.cpu_count()} processors ({model}), {system}, kernel {platform.release()}, "
            f"{time.strftime('%Y-%m-%d')}, load average at the start {load:.1f}")


class Table:
    def __init__(self, title, *heads):
        self.title = title
        self.rows = [heads]

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def text(self):
        widths = [max(len(str(row[i])) for row in self.rows if i < len(row))
                  for i in range(max(len(row) for row in self.rows))]
        lines = [self.title]
        for row in self.rows:
            cells = [str(cell).ljust(widths[i]) if i == 0 else str(cell).rjust(widths[i])
                     for i, cell in enumerate(row)]
            lines.append("  " + "  ".join(cells).rstrip())
        return "\n".join(lines)


class Collector:
    """`sockwatch collect` on a run directory of its own."""

    def __init__(self, setup):
        self._place = tempfile.mkdtemp(prefix="sockwatch-bench-", dir="/dev/shm")
        self._data = tempfile.mkdtemp(prefix="sockwatch-bench-")
        self.trace = os.path.join(self._data, "trace")
        self._process = subprocess.Popen(
            [setup.sockwatch, "collect", "--dir", self._place, "-o", self.trace],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.environment = {"LD_PRELOAD": setup.library, "SOCKWATCH_DIR": self._place}
        self._process.stderr.readline()  # says how to record
        time.sleep(0.2)

    def cpu_seconds(self):
        """Of all its threads, from the scheduler: clock ticks are too coarse."""
        total = 0
        for task in os.listdir(f"/proc/{self._process.pid}/task"):
            with open(f"/proc/{self._process.pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def resident_kb(self):
        with open(f"/proc/{self._process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=600)

    def remove(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for path in (self._place, self._data):
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def collector(setup):
    one = Collector(setup)
    try:
        yield one
    finally:
        one.remove()


def environment(extra):
    return {**os.environ, **extra}


def median(values):
    return statistics.median(values)
