"""Throughput of load generators under the library: what a client loses that does nothing else."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import machine
from .programs import interleaved, variants

NGINX = """
daemon off; worker_processes 1; pid {place}/pid; error_log {place}/log crit;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000;
  client_body_temp_path {place}; proxy_temp_path {place}; fastcgi_temp_path {place};
  uwsgi_temp_path {place}; scgi_temp_path {place};
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "ok"; }} }} }}
"""


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the server did not start")


class Server:
    def __init__(self, command):
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)


def _requests_a_second(command, pattern):
    def one(variant):
        done = subprocess.run([*variant.before, *command], env=variant.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              timeout=120, check=True)
        return float(re.search(pattern, done.stdout).group(1))
    return one


def _row(table, words, result):
    bare = result["bare"]
    table.add(words, f"{bare:.0f}", *(f"{result[name] / bare:.3f}" if name in result else "-"
                                      for name in ("bare again", "no-op", "sockwatch", "strace")))


def measure(setup):
    table = machine.Table("Requests a second of load generators on loopback, as shares of bare",
                          "", "bare", "bare again", "no-op", "sockwatch", "strace")
    seconds = "1s" if setup.quick else "2s"
    place = tempfile.mkdtemp(prefix="sockwatch-bench-")
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    with machine.collector(setup) as collector:
        every = variants(setup, collector)
        if nginx and shutil.which("wrk"):
            port = _free_port()
            with open(f"{place}/conf", "w") as file:
                file.write(NGINX.format(place=place, port=port))
            server = Server([nginx, "-c", f"{place}/conf"])
            _wait_for(port)
            wrk = ["wrk", "-t1", "-c10", f"-d{seconds}"]
            rate = r"Requests/sec:\s*([\d.]+)"
            url = f"http://127.0.0.1:{port}/"
            _row(table, "wrk, kept connections",
                 interleaved(every, setup.rounds(11), _requests_a_second([*wrk, url], rate)))
            _row(table, "wrk, a connection a request",
                 interleaved(every, setup.rounds(11),
                             _requests_a_second([*wrk, "-H", "Connection: close", url], rate)))
            server.stop()
        if shutil.which("redis-server") and shutil.which("redis-benchmark"):
            port = _free_port()
            server = Server(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""])
            _wait_for(port)
            count = "20000" if setup.quick else "100000"
            _row(table, "redis-benchmark, kept connections",
                 interleaved(every, setup.rounds(11), _requests_a_second(
                     ["redis-benchmark", "-p", str(port), "-c", "20", "-n", count, "-t", "get", "--csv"],
                     r'"GET","([\d.]+)"')))
            server.stop()
    shutil.rmtree(place, ignore_errors=True)
    yield table
