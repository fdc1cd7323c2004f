"""The suites: what is run, for how long, and where each test's outcome is read."""

import dataclasses
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DEBIAN_PYTHON = "/usr/bin/python3"  # not one of a version manager: the suites belong to this one


@dataclasses.dataclass
class Part:
    """One process. `outcomes(output, notes)` gives {test: outcome} of what it printed and noted."""

    name: str
    command: list
    seconds: int  # it is ended after these
    outcomes: object
    only: object  # (test) -> the command that runs this test alone, or None if there is no such command
    folder: str = ""  # where it runs; an empty one of its own if none is named
    environment: dict = dataclasses.field(default_factory=dict)
    connects: bool = True  # a recording without a connection would prove nothing


def python_outcomes(_, notes):
    """Notes of run_unittest. A test that started and did not end is where the process died."""
    found = {}
    for line in notes.splitlines():
        word, _, test = line.partition(" ")
        found[test] = "did not end" if word == "start" else word
    return found


def tap_outcomes(output, _):
    """libuv: 'ok 3 - name', 'not ok 4 - name', 'ok 5 - name # SKIP why'."""
    found = {}
    for word, test, rest in re.findall(r"^(ok|not ok) \d+ - (\S+)(.*)$", output, re.MULTILINE):
        found[test] = "skipped" if "# SKIP" in rest else "failed" if word == "not ok" else "ok"
    return found


def tinytest_outcomes(output, _):
    """libevent: 'group/name: [forking] ' and then, perhaps after output of the test, OK, SKIPPED or FAILED."""
    found = {}
    pieces = re.split(r"^(?:OK\s)?([\w+-]+/[\w/+-]+): ", output, flags=re.MULTILINE)
    for test, text in zip(pieces[1::2], pieces[2::2]):
        if "FAILED" in text:
            found[test] = "failed"
        elif re.search(r"SKIPPED|DISABLED", text):
            found[test] = "skipped"
        else:
            found[test] = "ok" if re.search(r"\bOK\b", text) else "did not end"
    return found


def python_part(module, seconds=120, connects=True, without=None):
    """`without`: tests with this in their names are left out."""
    runner = [DEBIAN_PYTHON, os.path.join(HERE, "run_unittest")]
    some = ["--without", without] if without else []

    def only(test):
        return None if " " in test else runner + [test]  # "setUpClass (module.Class)" is no name of a test

    return Part(module.removeprefix("test."), runner + some + [module], seconds, python_outcomes, only, connects=connects)


def cpython(_):
    return [
        # Where the kernel has vsock and nobody carries it, their server waits for ever.
        python_part("test.test_socket", 240, without="ThreadedVSOCKSocketStreamTest"),
        python_part("test.test_select", connects=False),
        python_part("test.test_poll", connects=False),
        python_part("test.test_epoll"),
        python_part("test.test_asyncio", 400),
        python_part("test.test_ssl", 240),
        python_part("test.test_subprocess", 240, connects=False),
        python_part("test.test_signal", connects=False),
    ]


def more_cpython(_):
    return [
        python_part("test." + name, 400, connects=name in ("test_ftplib", "test_httplib", "test_httpservers"))
        for name in (
            "test_asyncore", "test_concurrent_futures", "test_fork1", "test_ftplib", "test_httplib",
            "test_httpservers", "test_imaplib", "test_os", "test_posix", "test_selectors", "test_smtplib",
            "test_threading", "test_urllib2_localnet", "test_xmlrpc",
        )
    ]  # fmt: skip


def tornado(_):
    folder = "/usr/lib/python3/dist-packages/tornado/test"
    if not os.path.isdir(folder):
        sys.exit("compare: tornado's tests are not here (tests/install_packages suites)")
    modules = sorted(f[:-3] for f in os.listdir(folder) if f.endswith("_test.py"))
    part = python_part("tornado.test." + modules[0], 240)
    part.name = "tornado"
    part.command[2:] = ["tornado.test." + module for module in modules]
    return [part]


def libuv(sources):
    program = os.path.join(sources, "libuv-build", "uv_run_tests")
    part = Part("libuv", [program], 240, tap_outcomes, lambda test: [program, test])
    part.folder = os.path.join(sources, "libuv")  # its tests read files of the source
    part.environment = {"UV_RUN_AS_ROOT": "1"}
    return [part]


def libevent(sources):
    program = os.path.join(sources, "libevent-build", "bin", "regress")
    return [Part("libevent", [program], 300, tinytest_outcomes, lambda test: [program, test])]


SUITES = {
    "cpython": cpython,
    "libuv": libuv,
    "libevent": libevent,
    "tornado": tornado,
    "more_cpython": more_cpython,
}
