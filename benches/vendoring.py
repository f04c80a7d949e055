#!/usr/bin/env python3
"""Measure the fetching of remote plugins against shallow clones by git, and print a Markdown table.

    benches/vendoring.py --agnes target/release/agnes

A marketplace with 233 plugins in 200 repositories on this machine: every third pinned by its commit, the others
following a branch. Catalogs name them by https; the measurement's own git configuration leads from there to folders
(`file`), and to `git http-backend` on the loopback interface (`http`). What it is held against is `git clone --bare
--depth 1` of each of the 200, eight at a time; for a sync with nothing new, `git ls-remote` of each of the moving ones,
eight at a time. Both take turns, and medians are shown. Exit status: 0 all limits kept, 1 one was not, 2 the measurement
itself failed.

Needs git and Python 3.10 or later, on Linux.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from git_front import Front
from serve_process import Table

REPOSITORIES, PLUGINS, AT_ONCE = 200, 233, 8
HOST = "https://git.example/"
WRAPPER = """#!/bin/sh
echo >>"$BENCH_COUNT"
exec git upload-pack "$@"
"""


def size(folder):
    """Bytes on the disk."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


class Bench:
    def __init__(self, args, scratch):
        self.args, self.scratch, self.table = args, scratch, Table()
        self.agnes = args.agnes.resolve()
        kept = ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        self.env |= {"HOME": str(scratch), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
                     "AGNES_SYNC_ALLOW_NETWORKS": "127.0.0.0/8"}
        for who in ("AUTHOR", "COMMITTER"):
            self.env |= {f"GIT_{who}_NAME": "Curator", f"GIT_{who}_EMAIL": "curator@example.com"}
        self.remotes = scratch / "remotes"
        self.count = scratch / "count"
        tools = scratch / "tools"
        tools.mkdir()
        (tools / "git-upload-pack").write_text(WRAPPER)
        (tools / "git-upload-pack").chmod(0o755)
        self.counting = self.env | {"PATH": f"{tools}:{self.env['PATH']}", "BENCH_COUNT": str(self.count)}

    def git(self, *args, cwd=None):
        done = subprocess.run(["git", *map(str, args)], cwd=cwd, env=self.env, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def run(self, data, *args, env=None):
        env = (env or self.env) | {"AGNES_DATA_DIR": str(data)}
        began = time.monotonic()
        done = subprocess.run([self.agnes, *args], env=env, capture_output=True)
        took = time.monotonic() - began
        if done.returncode:
            raise SystemExit(f"agnes {args}: {done.stderr.decode()}")
        return took, done.stdout.decode()

    def make(self):
        """The repositories, each with a history and some files, and the catalog."""
        chance = random.Random(6)
        entries, self.moving = [], []
        words = [f"word{n:04}" for n in range(4000)]
        for number in range(REPOSITORIES):
            work, name = self.scratch / "work", f"r{number:03}"
            shutil.rmtree(work, ignore_errors=True)
            self.git("init", "-q", "-b", "main", work)
            many = 2 if number < PLUGINS - REPOSITORIES else 1
            for one in range(many):
                folder = work / f"p{one}"
                for file in range(chance.randrange(5, 40)):
                    text = " ".join(chance.choices(words, k=chance.randrange(50, 1500)))
                    path = folder / f"skills/s{file}/SKILL.md"
                    path.parent.mkdir(parents=True)
                    path.write_text(f"---\nname: s{file}\ndescription: d\n---\n{text}\n")
                manifest = folder / ".claude-plugin/plugin.json"
                manifest.parent.mkdir(parents=True)
                manifest.write_text(json.dumps({"name": f"{name}-p{one}", "version": "1.0.0"}))
            for step in range(10):
                (work / "CHANGES.md").write_text("\n".join(chance.choices(words, k=300)))
                self.git("add", "-A", cwd=work)
                self.git("commit", "-q", "-m", f"Step {step}", cwd=work)
            commit = self.git("rev-parse", "HEAD", cwd=work)
            bare = self.remotes / f"{name}.git"
            self.git("clone", "-q", "--bare", "--template=", work, bare)
            self.git("config", "uploadpack.allowReachableSHA1InWant", "true", cwd=bare)
            pin = {"sha": commit} if number % 3 == 0 else {"ref": "main"}
            if "ref" in pin:
                self.moving.append(name)
            for one in range(many):
                source = {"source": "git-subdir", "url": f"{HOST}{name}.git", "path": f"p{one}", **pin}
                entries.append({"name": f"{name}-p{one}", "source": source})
        market = self.scratch / "market"
        self.git("init", "-q", "-b", "main", market)
        (market / ".claude-plugin").mkdir()
        catalog = {"name": "market", "owner": {"name": "Curator"}, "plugins": entries}
        (market / ".claude-plugin/marketplace.json").write_text(json.dumps(catalog))
        self.git("add", "-A", cwd=market)
        self.git("commit", "-q", "-m", "Publish", cwd=market)
        assert len(entries) == PLUGINS

    def lead(self, base):
        text = f'[url "{base}"]\n\tinsteadOf = {HOST}\n[protocol "file"]\n\tallow = always\n'
        (self.scratch / ".gitconfig").write_text(text)

    def at_once(self, work, names):
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(work, names))
        return time.monotonic() - began

    def names(self):
        return [f"r{number:03}" for number in range(REPOSITORIES)]

    def clones(self, into):
        shutil.rmtree(into, ignore_errors=True)
        clone = lambda name: self.git("clone", "-q", "--bare", "--depth", "1", "--template=",
                                      f"{HOST}{name}.git", into / name)
        return self.at_once(clone, self.names())

    def first(self, data):
        shutil.rmtree(data, ignore_errors=True)
        self.run(data, "marketplace", "add", str(self.scratch / "market"), "--slug", "market")
        took, said = self.run(data, "marketplace", "sync")
        if f"{PLUGINS} added" not in said or f"fetched {REPOSITORIES} other" not in said or "not served" in said:
            raise SystemExit(said)
        return took

    def again(self, data):
        took, said = self.run(data, "marketplace", "sync")
        if "nothing new" not in said:
            raise SystemExit(said)
        return took

    def measure(self, road):
        data, into = self.scratch / "data", self.scratch / "clones"
        ours, theirs = [], []
        for _ in range(self.args.runs):
            os.sync()
            theirs.append(self.clones(into))
            os.sync()
            ours.append(self.first(data))
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        self.table.add(f"first sync, {road}", f"{ours:.2f} s", f"{theirs:.2f} s 200 clones, 8 at a time",
                       ours / theirs, 1.2, " ×")
        if road == "file":
            store, clones = size(data / "marketplaces/store"), size(into)
            self.table.add("the store on the disk", f"{store / 1e6:.1f} MB", f"{clones / 1e6:.1f} MB those clones",
                           store / clones, 1.3, " ×")
            self.count.write_text("")
            self.run(data, "marketplace", "sync", env=self.counting)
            # One of them is the marketplace's own.
            asked = len(self.count.read_text().splitlines()) - 1
            self.table.add("nothing new: how often somebody was asked", str(asked),
                           f"{len(self.moving)} refs that may move", asked / len(self.moving), 1, " ×")
        ours, theirs = [], []
        for _ in range(self.args.runs):
            look = lambda name: self.git("ls-remote", f"{HOST}{name}.git", "refs/heads/main")
            theirs.append(self.at_once(look, self.moving))
            ours.append(self.again(data))
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        self.table.add(f"nothing new, {road}", f"{ours:.2f} s", f"{theirs:.2f} s ls-remote of each, 8 at a time",
                       ours / theirs, 1.2, " ×")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agnes", type=pathlib.Path, default="target/release/agnes")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="agnes bench ") as scratch:
        bench = Bench(args, pathlib.Path(scratch))
        bench.make()
        bench.lead(f"file://{bench.remotes}/")
        bench.measure("file")
        front = Front(bench.remotes, bench.env)
        bench.lead(f"http://{front.address}/")
        bench.measure("http")
        front.stop()
        bench.table.show()
        return bool(bench.table.failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as why:
        print(f"error: {why} {getattr(why, 'stderr', b'')}", file=sys.stderr)
        sys.exit(2)
