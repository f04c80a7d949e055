#!/usr/bin/env python3
"""Measure `agnes setup` and `agnes refresh` with the real Claude Code, and print a Markdown table.

    benches/setup.py --agnes target/release/agnes --claude PATH [--claude PATH …]

A server with a certificate of an authority made for this, on the loopback interface; ten plugins. Held against
`agnes setup` is the time that the client itself takes to add the marketplace and to install the ten, one command
after the other, with git told before how to get there. Each run has a home of its own with nothing in it; the two
take turns, and medians are shown. Exit status: 0 all limits kept, 1 one was not, 2 the measurement itself failed.

Needs git, openssl and Python 3.10 or later, on Linux.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from serve_process import Failed, Process, Table, run, stop_all, talk

PLUGINS = 10
QUIET = {"DISABLE_TELEMETRY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


class Bench:
    def __init__(self, args, scratch):
        self.args, self.scratch, self.table, self.homes = args, scratch, Table(), 0
        self.agnes, self.data = args.agnes.resolve(), scratch / "data"
        kept = ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        self.env |= {"HOME": str(scratch), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"} | QUIET

    def run(self, *argv, env=None, input=None):
        done = subprocess.run([str(arg) for arg in argv], env=env or self.env, cwd=(env or self.env)["HOME"], input=input,
                              stdin=None if input else subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"{' '.join(map(str, argv))}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def prepare(self):
        upstream = self.scratch / "upstream"
        (upstream / ".claude-plugin").mkdir(parents=True)
        self.names = [f"plugin-{number}" for number in range(PLUGINS)]
        entries = ",".join(f'{{"name":"{name}","source":"./plugins/{name}","version":"1.0.0"}}' for name in self.names)
        manifest = f'{{"name":"ten","owner":{{"name":"x"}},"plugins":[{entries}]}}'
        (upstream / ".claude-plugin" / "marketplace.json").write_text(manifest)
        for name in self.names:
            for part in range(10):
                skill = upstream / "plugins" / name / "skills" / f"{name}-{part}"
                skill.mkdir(parents=True)
                (skill / "SKILL.md").write_text(f"---\nname: {name}-{part}\ndescription: A text\n---\n\n" + "A line of it.\n" * 100)
        for argv in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "Ten"]):
            self.run("git", "-C", upstream, *argv)
        # A certificate of an authority that only those know who are given its file.
        self.ca, key, cert = (self.scratch / name for name in ("ca.pem", "key.pem", "cert.pem"))
        (self.scratch / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self.run("openssl", "req", "-x509", *curve, "-keyout", self.scratch / "ca.key", "-out", self.ca, "-subj", "/CN=Our authority", "-days", "9")
        self.run("openssl", "req", *curve, "-keyout", key, "-out", self.scratch / "request", "-subj", "/CN=agnes")
        self.run("openssl", "x509", "-req", "-in", self.scratch / "request", "-CA", self.ca, "-CAkey", self.scratch / "ca.key",
                 "-CAcreateserial", "-out", cert, "-extfile", self.scratch / "names", "-days", "9")
        here = [self.agnes, "--data-dir", self.data]
        self.run(*here, "marketplace", "add", upstream, "--slug", "ten")
        self.run(*here, "marketplace", "sync")
        self.run(*here, "user", "add", "ada@example.com")
        self.run(*here, "group", "add", "all")
        self.run(*here, "group", "join", "all", "ada@example.com")
        self.run(*here, "grant", "all", "ten/*")
        self.token = self.run(*here, "token", "create", "--user", "ada@example.com")
        log = open(self.scratch / "serve.log", "w")
        self.server = Process(*here, "serve", "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, env=self.env, log=log)
        self.url = self.server.line().rstrip("/")

    def home(self, claude):
        """An empty home, and the environment of whoever lives there."""
        self.homes += 1
        home = self.scratch / f"home {self.homes}"
        home.mkdir()
        return self.env | {"HOME": str(home), "PATH": f"{claude.parent}:{self.env['PATH']}"}

    def setup(self, claude):
        """Seconds that setup takes, and the home that it leaves."""
        env = self.home(claude)
        began = time.perf_counter()
        self.run(self.agnes, "setup", "--server", self.url, "--ca", self.ca, "--token-stdin", "--yes", env=env, input=self.token)
        return time.perf_counter() - began, env

    def alone(self, claude):
        """Seconds that the client takes for the same."""
        env = self.home(claude)
        self.run(self.agnes, "login", "--server", self.url, "--ca", self.ca, "--token-stdin", env=env, input=self.token)
        self.run("git", "config", "--global", f"credential.{self.url}.helper", f"!'{self.agnes}' credential", env=env)
        self.run("git", "config", "--global", f"http.{self.url}/.sslCAInfo", self.ca, env=env)
        began = time.perf_counter()
        self.run(claude, "plugin", "marketplace", "add", f"{self.url}/marketplace.git", env=env)
        for name in self.names:
            self.run(claude, "plugin", "install", f"{name}@agnes", env=env)
        return time.perf_counter() - began

    def measure(self, claude):
        version = self.run(claude, "--version").split()[0]
        talk(f"Claude Code {version}")
        ours, theirs = [], []
        for _ in range(self.args.rounds + 1):
            seconds, env = self.setup(claude)
            ours.append(seconds)
            theirs.append(self.alone(claude))
            talk(f"  setup {ours[-1]:.2f} s, the client alone {theirs[-1]:.2f} s")
        # The first of each reads the program from the disk.
        ours, theirs = statistics.median(ours[1:]), statistics.median(theirs[1:])
        self.table.add(f"`agnes setup` with {PLUGINS} plugins, Claude Code {version}", f"{ours:.2f} s",
                       f"{theirs:.2f} s the client alone", ours - theirs, 1, " s more")
        refreshes = []
        for _ in range(self.args.refreshes):
            began = time.perf_counter()
            self.run(self.agnes, "refresh", "--quiet", env=env)
            refreshes.append((time.perf_counter() - began) * 1000)
        refreshes.sort()
        self.table.add(f"`agnes refresh` with nothing new, the slowest of {len(refreshes)}", f"{refreshes[-1]:.1f} ms",
                       f"{statistics.median(refreshes):.1f} ms the median", refreshes[-1], 100, " ms")
        self.run(self.agnes, "setup", "--undo", "--yes", env=env)
        left = sorted(str(path.relative_to(env["HOME"])) for path in pathlib.Path(env["HOME"]).rglob("*"))
        if left:
            raise Failed(f"undo left {left}")
        for home in self.scratch.glob("home *"):
            shutil.rmtree(home)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agnes", required=True, type=pathlib.Path)
    parser.add_argument("--claude", required=True, type=pathlib.Path, action="append", help="a `claude` program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--refreshes", type=int, default=50)
    parser.add_argument("--tmp", help="where to work (TMPDIR)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="agnes-bench-", dir=args.tmp) as scratch:
        bench = Bench(args, pathlib.Path(scratch))
        try:
            bench.prepare()
            for claude in args.claude:
                bench.measure(claude)
        finally:
            stop_all()
            bench.table.show()
    return bench.table.status()


if __name__ == "__main__":
    run(main)
