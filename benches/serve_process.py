"""What the measurements of a server share: the server, other processes, load, and the table of what came of it."""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time

MB = 1_000_000


class Failed(Exception):
    pass


def talk(text):
    print(text, file=sys.stderr, flush=True)


ALL = []


class Process:
    """A server that dies with the measurement."""

    def __init__(self, *argv, env=None, log=None):
        self.child = None
        ALL.append(self)
        self.child = subprocess.Popen([str(arg) for arg in argv], env=env, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=log or subprocess.DEVNULL)

    def line(self):
        line = self.child.stdout.readline().decode().strip()
        if not line:
            raise Failed(f"{self.child.args}: ended with {self.child.wait()} before it served")
        return line

    def resident(self, what="VmRSS"):
        with open(f"/proc/{self.child.pid}/status") as file:
            return int(re.search(rf"{what}:\s+(\d+) kB", file.read())[1]) * 1024

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Server(Process):
    def __init__(self, agnes, data, env, log):
        began = time.perf_counter()
        super().__init__(agnes, "--data-dir", data, "serve", "--listen", "127.0.0.1:0", env=env, log=log)
        self.address = self.line().removeprefix("http://").rstrip("/")
        while self.get("/readyz")[0] != 200:
            time.sleep(0.01)
        self.ready = time.perf_counter() - began

    def get(self, path, token=None, headers=None, method="GET", body=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, data

    def metric(self, name):
        text = self.get("/metrics")[2].decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def wrk(address, script, connections, seconds, env=None):
    """Requests per second, p99 and the longest in seconds, bytes per second, and answers that were wrong."""
    argv = ["wrk", "-t2", "--timeout", "30s", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script, f"http://{address}"]
    out = subprocess.run([str(a) for a in argv], env={**os.environ, **(env or {})}, capture_output=True, text=True)
    if out.returncode:
        raise Failed(out.stdout + out.stderr)
    done = json.loads(out.stdout.splitlines()[-1])
    if done["wrong"] or done["errors"]:
        raise Failed(f"wrk: {done}\n{out.stdout}")
    return done


class Table:
    def __init__(self):
        self.failed, self.rows = [], []

    def add(self, what, ours, theirs, value, limit, unit="", least=False):
        kept = value >= limit if least else value <= limit
        if not kept:
            self.failed.append(what)
        sign, verdict = "≥" if least else "≤", "ok" if kept else "**over**" if not least else "**under**"
        self.rows.append((what, ours, theirs, f"{value:.3g}{unit}", f"{sign} {limit:g}{unit}", verdict))

    def show(self):
        print("| what | agnes | held against | is | limit | |\n|---|--:|---|--:|--:|---|")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")


    def status(self):
        """The exit status, and on standard error what was not kept."""
        for what in self.failed:
            talk(f"limit not kept: {what}")
        return 1 if self.failed else 0


def run(main):
    """Exit as `main` says, or with 2 if the measurement itself failed."""
    try:
        sys.exit(main())
    except Failed as why:
        talk(f"error: {why}")
        sys.exit(2)
    finally:
        stop_all()


def stop_all():
    for one in ALL:
        if one.child and one.child.poll() is None:
            one.child.kill()
