#!/usr/bin/env python3
"""Measure `agnes serve` on a large company's registry, and print a Markdown table.

    make_corpus.py /tmp/corpus --revisions 5
    make release ARGS='--bins --example baseline'
    benches/serve.py --agnes target/release/agnes /tmp/corpus

The registry has 100,000 users, 1,000 groups, 50,000 plugins, 500,000 memberships and 200,000 grants
(benches/population.py), and the marketplaces of the corpus, whose bundle is downloaded. Load comes
from wrk, on the same machine: what it takes is missing on both sides of each ratio. Exit status: 0 all
limits kept, 1 one was not, 2 the measurement itself failed.

Needs wrk, nginx, git, Python 3.9 or later and its packages duckdb (>=1.5,<1.6), on Linux.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time

import population
from serve_process import MB, Failed, Process, Server, Table, run, talk, wrk

SCRIPT = """
local tokens, tags, path = {}, {}, os.getenv("BENCH_PATH")
for line in io.lines(os.getenv("BENCH_TOKENS")) do
  local token, tag = line:match("(%S+) (%S+)")
  tokens[#tokens + 1], tags[#tags + 1] = token, tag
end
local want, threads = tonumber(os.getenv("BENCH_STATUS")), {}
local requests = {}
function setup(thread) threads[#threads + 1] = thread end
function init(args)
  math.randomseed(1)
  wrong = 0
  for i = 1, #tokens do
    local headers = {["Authorization"] = "Bearer " .. tokens[i]}
    if want == 304 then headers["If-None-Match"] = tags[i] end
    requests[i] = wrk.format("GET", path, headers)
  end
end
function request() return requests[math.random(#requests)] end
function response(status) if status ~= want then wrong = wrong + 1 end end
function done(summary, latency)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("wrong") end
  local e = summary.errors
  io.write(string.format('\\n{"rps": %f, "p99": %f, "max": %f, "bps": %f, "wrong": %d, "errors": %d}\\n',
    summary.requests / summary.duration * 1e6, latency:percentile(99) / 1e6, latency.max / 1e6,
    summary.bytes / summary.duration * 1e6, wrong, e.connect + e.read + e.write + e.timeout))
end
"""


NGINX = """
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  sendfile on; tcp_nopush on; access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""


class Nginx(Process):
    def __init__(self, folder, file):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        shutil.copy(file, folder / "marketplace.zip")
        os.chmod(folder, 0o755)
        os.chmod(folder / "marketplace.zip", 0o644)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        super().__init__("nginx", "-c", folder / "nginx.conf")
        self.address = f"127.0.0.1:{port}"
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failed("nginx does not listen")


def tags(server, tokens):
    """The tag of each token's view; asked for by HEAD of /marketplace/info's etag, which builds nothing."""
    def one(token):
        status, _, body = server.get("/marketplace/info", token)
        if status != 200:
            raise Failed(f"/marketplace/info: {status} {body[:300]}")
        return f'"{json.loads(body)["etag"]}"'
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, tokens))


def slow_readers(server, token, count):
    """How much memory `count` clients cost that take a bundle and do not read on."""
    before, sockets = server.resident(), []
    host, port = server.address.split(":")
    for _ in range(count):
        one = socket.create_connection((host, int(port)))
        one.sendall(f"GET /marketplace.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        one.recv(1000)
        sockets.append(one)
    time.sleep(3)
    after = server.resident()
    for one in sockets:
        one.close()
    return after - before


class Grants:
    """Grants and revokes by turns, and asks after each whether the very next request sees it. Over the API, as
    Admin, on a connection that stays open, as a script of an administrator has it."""

    def __init__(self, server, token):
        self.connection = http.client.HTTPConnection(server.address, timeout=60)
        self.token, self.took, self.stop = token, [], threading.Event()
        self.tags = {}
        for granted in (True, False):
            self.change(granted)
            self.tags[granted] = f'"{json.loads(self.ask("GET", "/marketplace/info")[1])["etag"]}"'

    def ask(self, method, path, body=None, headers=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def change(self, granted):
        body = json.dumps({"group": "Bench", "resources": ["market-7/m7-p7"]})
        status, answer = self.ask("POST" if granted else "DELETE", "/api/grants", body)
        if status != 200:
            raise Failed(f"grant: {status} {answer}")

    def run(self):
        granted = False
        while not self.stop.wait(0.02):
            granted = not granted
            began = time.perf_counter()
            self.change(granted)
            status, _ = self.ask("GET", "/marketplace.zip", headers={"If-None-Match": self.tags[granted]})
            self.took.append(time.perf_counter() - began)
            if status != 304:
                raise Failed(f"a grant was not visible to the next request: {status}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agnes", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=8, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("corpus", type=pathlib.Path)
    args = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory(prefix="agnes-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        env = {**os.environ, "HOME": str(scratch), "AGNES_CONFIG": ""}
        env = {name: value for name, value in env.items() if not name.startswith("AGNES_")}
        everything(args, scratch, env, table)
    table.show()
    return table.status()


def everything(args, scratch, env, table):
    agnes, data = args.agnes.resolve(), scratch / "data"

    def command(*argv, stdin=None):
        done = subprocess.run([agnes, "--data-dir", data, *argv], env=env, capture_output=True, text=True, input=stdin)
        if done.returncode:
            raise Failed(f"agnes {' '.join(map(str, argv))}\n{done.stderr}")
        return done.stdout

    talk("filling the registry")
    slugs = sorted(path.name.removesuffix(".git") for path in args.corpus.glob("*.git"))
    for slug in slugs:
        command("marketplace", "add", f"file://{args.corpus.resolve()}/{slug}.git")
    command("marketplace", "sync")
    tokens = population.fill(data / "state" / "system.duckdb")
    command("user", "add", "bench@example.com")
    command("group", "add", "Bench")
    command("group", "join", "Bench", "bench@example.com")
    command("group", "join", "Admin", "bench@example.com")
    command("grant", "Bench", *[f"{slug}/*" for slug in slugs])
    bench = command("token", "create", "--user", "bench@example.com").strip()

    log = open(scratch / "serve.log", "w")
    server = Server(agnes, data, env, log)
    table.add("ready after a start on this registry", f"{server.ready:.2f} s", "", server.ready, 5, " s")
    time.sleep(5)
    resident = server.resident() / MB
    table.add("idle memory on it", f"{resident:.0f} MB", "", resident, 600, " MB")

    talk("a thousand ask for a cold view")
    built = server.metric("agnes_bundles_built")
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        got = set(pool.map(lambda _: (lambda s, h, b: (s, h["ETag"], len(b)))(*server.get("/marketplace.zip", bench)),
                           range(1000)))
    if len(got) != 1 or next(iter(got))[0] != 200:
        raise Failed(f"a thousand clients got {got}")
    built = server.metric("agnes_bundles_built") - built
    table.add("bundles built for a thousand clients of one cold view", f"{built:.0f}", "", built, 1)

    talk("304")
    script = scratch / "load.lua"
    script.write_text(SCRIPT)
    known = scratch / "tokens"
    known.write_text("".join(f"{token} {tag}\n" for token, tag in zip(tokens, tags(server, tokens))))
    environment = {"BENCH_PATH": "/marketplace.zip", "BENCH_TOKENS": str(known), "BENCH_STATUS": "304"}
    least = Process(pathlib.Path(agnes).parent / "examples/baseline", env=env)
    address = least.line().removeprefix("http://").rstrip("/")
    ours, theirs = [], []
    for _ in range(args.rounds):
        ours.append(wrk(server.address, script, 64, args.seconds, environment))
        theirs.append(wrk(address, script, 64, args.seconds, environment))
    least.stop()
    middle = lambda runs, what: statistics.median(one[what] for one in runs)
    rps, base = middle(ours, "rps"), middle(theirs, "rps")
    table.add("304 on /marketplace.zip, 64 connections", f"{rps:.0f}/s", f"{base:.0f}/s a handler that does nothing else",
              rps / base, 0.6, " ×", least=True)
    p99, base = middle(ours, "p99"), middle(theirs, "p99")
    table.add("its p99", f"{p99 * 1000:.2f} ms", f"{base * 1000:.2f} ms of the same handler", p99 / base, 5, " ×")

    talk("200")
    known_one = scratch / "token"
    known_one.write_text(f"{bench} -\n")
    environment = {"BENCH_PATH": "/marketplace.zip", "BENCH_TOKENS": str(known_one), "BENCH_STATUS": "200"}
    zip_file = scratch / "bundle.zip"
    zip_file.write_bytes(server.get("/marketplace.zip", bench)[2])
    folder = scratch / "nginx"
    folder.mkdir()
    os.chmod(scratch, 0o755)
    nginx = Nginx(folder, zip_file)
    ours, theirs = [], []
    for _ in range(args.rounds):
        ours.append(wrk(server.address, script, 8, args.seconds, environment))
        theirs.append(wrk(nginx.address, script, 8, args.seconds, environment))
    nginx.stop()
    speed, base = middle(ours, "bps") / MB, middle(theirs, "bps") / MB
    table.add(f"200 of a warm ZIP of {zip_file.stat().st_size / MB:.0f} MB, 8 connections", f"{speed:.0f} MB/s",
              f"{base:.0f} MB/s nginx with sendfile", speed / base, 0.7, " ×", least=True)

    talk("slow readers")
    # A new one: what the loads before made it take, it keeps, and would give to these readers.
    server.stop()
    server = Server(agnes, data, env, log)
    server.get("/marketplace.zip", bench)
    grown = slow_readers(server, bench, 64) / MB
    table.add("memory for 64 slow readers of it", f"{grown:.0f} MB", "", grown, 64, " MB")

    talk("grants under load")
    environment = {"BENCH_PATH": "/marketplace.zip", "BENCH_TOKENS": str(known), "BENCH_STATUS": "304"}
    quiet = wrk(server.address, script, 64, args.seconds, environment)
    grants = Grants(server, bench)
    granting = threading.Thread(target=grants.run)
    granting.start()
    loaded = wrk(server.address, script, 64, args.seconds, environment)
    grants.stop.set()
    granting.join()
    took = grants.took
    p99 = sorted(took)[max(0, int(len(took) * 0.99) - 1)] * 1000
    table.add(f"a grant until the next request sees it, p99 of {len(took)}", f"{p99:.1f} ms", "", p99, 50, " ms")
    slower = (loaded["max"] - quiet["max"]) * 1000
    table.add("the slowest request beside grants, against without", f"{loaded['max'] * 1000:.1f} ms",
              f"{quiet['max'] * 1000:.1f} ms", slower, 20, " ms")
    server.stop()

    talk("the examples")
    small = scratch / "small"
    subprocess.run([agnes, "--data-dir", small, "demo"], env=env, check=True, capture_output=True)
    server = Server(agnes, small, env, log)
    time.sleep(3)
    resident = server.resident() / MB
    table.add("idle memory on the examples", f"{resident:.0f} MB", "", resident, 80, " MB")
    server.stop()


if __name__ == "__main__":
    run(main)
