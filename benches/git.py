#!/usr/bin/env python3
"""Measure the git channel of `agnes serve` against `git http-backend`, and print a Markdown table.

    make_corpus.py /tmp/corpus --revisions 5
    benches/git.py --agnes target/release/agnes /tmp/corpus

Two views, of about 10 and 50 MB of files. Each is served by agnes, and as a repacked bare clone by git's own
`http-backend` behind a front that only starts it and splices its output to the client; of that side the
processor time counts that git itself took (rusage of the processes), of ours all that the server took. The
front asks for no password, which is in its favour. Peers take turns, and medians are shown. Exit status: 0 all
limits kept, 1 one was not, 2 the measurement itself failed.

Needs wrk, git, and Python 3.10 or later, on Linux.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

from git_front import Front, talking
from serve_process import MB, Failed, Process, Server, Table, run, stop_all, talk, wrk

SMALL = ["anthropic-agent-skills"]
AT_ONCE = 32

LOAD = """
local body = os.getenv("BENCH_BODY") and io.open(os.getenv("BENCH_BODY"), "rb"):read("*a")
local headers, threads = {["Authorization"] = "Bearer " .. io.open(os.getenv("BENCH_TOKEN")):read("*l")}, {}
if body then
  headers["Content-Type"], headers["Git-Protocol"] = "application/x-git-upload-pack-request", "version=2"
else
  headers["If-None-Match"] = os.getenv("BENCH_TAG")
end
local want, one = tonumber(os.getenv("BENCH_STATUS")), nil
function setup(thread) threads[#threads + 1] = thread end
function init(args)
  wrong = 0
  one = wrk.format(body and "POST" or "GET", os.getenv("BENCH_PATH"), headers, body)
end
function request() return one end
function response(status) if status ~= want then wrong = wrong + 1 end end
function done(summary, latency, requests)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("wrong") end
  local e = summary.errors
  io.write(string.format('\\n{"rps": %f, "wrong": %d, "errors": %d}\\n',
    summary.requests / summary.duration * 1e6, wrong, e.connect + e.read + e.write + e.timeout))
end
"""


def packet(text):
    return f"{len(text) + 4:04x}{text}".encode()


# As the client that looks whether there is anything new asks: all refs.
LS_REFS = packet("command=ls-refs\n") + packet("object-format=sha1") + b"0001" + packet("peel\n") + packet("symrefs\n") + b"0000"


def middle(values):
    return statistics.median(values)


class Bench:
    def __init__(self, args, scratch):
        self.args, self.scratch, self.table = args, scratch, Table()
        self.agnes, self.data = args.agnes.resolve(), scratch / "data"
        kept = ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        self.env |= {"HOME": str(scratch), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        self.log = open(scratch / "serve.log", "w")
        self.server = self.front = None
        self.tokens, self.numbers = {}, 0

    def command(self, *argv):
        done = subprocess.run([self.agnes, "--data-dir", self.data, *argv], env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"agnes {' '.join(map(str, argv))}\n{done.stderr}")
        return done.stdout

    def git(self, *argv, env=None, input=None):
        done = subprocess.run(["git", *map(str, argv)], env=self.env | (env or {}), capture_output=True, input=input)
        if done.returncode:
            raise Failed(f"git {' '.join(map(str, argv))}\n{done.stderr.decode()}")
        return done.stdout.decode().strip()

    def start(self):
        self.server = Server(self.agnes, self.data, self.env, self.log)

    def restart(self):
        self.server.stop()
        self.start()

    def prepare(self):
        talk("ingesting")
        self.upstreams = self.scratch / "upstreams"
        self.slugs = sorted(path.name.removesuffix(".git") for path in self.args.corpus.glob("*.git"))
        for slug in self.slugs:
            shutil.copytree(self.args.corpus / f"{slug}.git", self.upstreams / f"{slug}.git")
            self.command("marketplace", "add", f"file://{self.upstreams}/{slug}.git")
        self.command("marketplace", "sync")
        for name, slugs in (("small", SMALL), ("large", self.slugs)):
            self.command("user", "add", f"{name}@example.com")
            self.command("group", "add", name)
            self.command("group", "join", name, f"{name}@example.com")
            self.command("grant", name, *[f"{slug}/*" for slug in slugs])
            self.tokens[name] = self.command("token", "create", "--user", f"{name}@example.com").strip()
        self.start()
        self.front = Front(self.scratch / "peer", self.env)
        self.sizes = {}
        for name in self.tokens:
            # As a repository of git's own is after its maintenance; it may answer all that ours does.
            repository = self.scratch / "peer" / f"{name}.git"
            self.git("clone", "-q", "--bare", self.url(name), repository, env=self.header(name))
            self.git("-C", repository, "repack", "-q", "-adf")
            for option in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
                self.git("-C", repository, "config", option, "true")
            listed = self.git("-C", repository, "ls-tree", "-r", "-l", "HEAD")
            self.sizes[name] = sum(int(line.split()[3]) for line in listed.splitlines())
            talk(f"the {name} view has {self.sizes[name] / MB:.1f} MB in {len(listed.splitlines())} files")

    def url(self, name, peer=False):
        return f"http://{self.front.address}/{name}.git" if peer else f"http://{self.server.address}/marketplace.git"

    def header(self, name, peer=False):
        # In the environment, and on no command line.
        return {} if peer else {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader",
                                "GIT_CONFIG_VALUE_0": f"Authorization: Bearer {self.tokens[name]}"}

    def clone(self, name, peer=False, keep=False, options=()):
        """Seconds of a clone with depth 1."""
        self.numbers += 1
        path = self.scratch / f"clone-{self.numbers}-{time.perf_counter_ns()}"
        began = time.perf_counter()
        self.git("clone", "-q", "--depth", "1", *options, self.url(name, peer), path, env=self.header(name, peer))
        took = time.perf_counter() - began
        if keep:
            return path
        shutil.rmtree(path)
        return took

    def cpu(self, peer):
        return self.front.cpu() if peer else talking(self.server.child.pid)

    def warm(self, name):
        size = f"{self.sizes[name] / MB:.0f} MB"
        talk(f"warm clones of the {name} view")
        for peer in (False, True):
            self.clone(name, peer)
        cpu, wall = collections.defaultdict(list), collections.defaultdict(list)
        for _ in range(self.args.rounds):
            for peer in (False, True):
                before = self.cpu(peer)
                # A tick of the clock by which processor time is counted is ten milliseconds.
                many = [self.clone(name, peer) for _ in range(4)]
                cpu[peer].append((self.cpu(peer) - before) / len(many))
                wall[peer] += many
        ours, theirs = middle(cpu[False]) * 1000, middle(cpu[True]) * 1000
        self.table.add(f"server CPU of a warm depth-1 clone, {size}", f"{ours:.1f} ms", f"{theirs:.1f} ms git http-backend",
                       ours / theirs, 0.1, " ×")
        ours, theirs = middle(wall[False]) * 1000, middle(wall[True]) * 1000
        self.table.add(f"`git clone --depth 1`, {size}", f"{ours:.0f} ms", f"{theirs:.0f} ms git http-backend",
                       ours / theirs, 0.8, " ×")

    def at_once(self, name):
        size = f"{self.sizes[name] / MB:.0f} MB"
        talk(f"{AT_ONCE} clones of the {name} view at once")
        took = collections.defaultdict(list)
        for _ in range(max(1, self.args.rounds // 2)):
            for peer in (False, True):
                began = time.perf_counter()
                with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                    # What clients write to the disk is the same on both sides, and would be most of it.
                    list(pool.map(lambda _: self.clone(name, peer, options=["--bare"]), range(AT_ONCE)))
                took[peer].append(time.perf_counter() - began)
        ours, theirs = middle(took[False]), middle(took[True])
        self.table.add(f"{AT_ONCE} bare depth-1 clones at once, {size}", f"{ours:.2f} s", f"{theirs:.2f} s git http-backend",
                       ours / theirs, 0.5, " ×")

    def readers(self, name):
        """The same without what clients do with a pack, which is most of the time above and the same on both sides."""
        size = f"{self.sizes[name] / MB:.0f} MB"
        talk(f"{AT_ONCE} readers of the {name} view at once")
        tip = self.git("ls-remote", self.url(name), "HEAD", env=self.header(name)).split()[0]
        said = ["thin-pack", "no-progress", "include-tag", "ofs-delta", "deepen 1", f"want {tip}\n", f"want {tip}\n", "done\n"]
        body = packet("command=fetch") + packet("object-format=sha1") + b"0001" + b"".join(map(packet, said)) + b"0000"
        took = collections.defaultdict(list)
        for _ in range(self.args.rounds):
            for peer in (False, True):
                began = time.perf_counter()
                with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                    list(pool.map(lambda _: self.read(name, peer, body), range(AT_ONCE)))
                took[peer].append(time.perf_counter() - began)
        ours, theirs = middle(took[False]) * 1000, middle(took[True]) * 1000
        self.table.add(f"{AT_ONCE} at once that only read, {size}", f"{ours:.0f} ms", f"{theirs:.0f} ms git http-backend",
                       ours / theirs, 0.5, " ×")

    def read(self, name, peer, body):
        """Asks for a pack and reads it into nothing."""
        host, port = (self.front if peer else self.server).address.split(":")
        path = f"/{name}.git" if peer else "/marketplace.git"
        head = (f"POST {path}/git-upload-pack HTTP/1.1\r\nHost: x\r\nConnection: close\r\nGit-Protocol: version=2\r\n"
                f"Authorization: Bearer {self.tokens[name]}\r\nContent-Length: {len(body)}\r\n"
                "Content-Type: application/x-git-upload-pack-request\r\n\r\n")
        buffer, read = bytearray(1 << 20), 0
        with socket.create_connection((host, int(port))) as stream:
            stream.sendall(head.encode() + body)
            while more := stream.recv_into(buffer):
                read += more
                end = bytes(buffer[max(0, more - 4):more])
        if read < 100_000 or not end.endswith(b"0000"):
            raise Failed(f"a fetch ended after {read} bytes with {end}")

    def memory(self, name):
        talk("memory")
        grown = []
        for count in (1, AT_ONCE):
            self.restart()
            self.clone(name, options=["--bare"])
            before = self.server.resident("VmHWM")
            with concurrent.futures.ThreadPoolExecutor(count) as pool:
                list(pool.map(lambda _: self.clone(name, options=["--bare"]), range(count)))
            grown.append((before, self.server.resident("VmHWM")))
        one, many = grown[0][1] / MB, grown[1][1] / MB
        size = f"{self.sizes[name] / MB:.0f} MB"
        # Two buffers for each would be little; a pack for each would be a gigabyte.
        self.table.add(f"memory of the server at most, {AT_ONCE} clones at once of {size}", f"{many:.0f} MB",
                       f"{one:.0f} MB with one", many - one, 64, " MB")

    def cold(self, name):
        talk(f"the {name} view, cold")
        speeds = []
        for _ in range(self.args.rounds):
            self.server.stop()
            shutil.rmtree(self.data / "marketplaces" / "git-cache")
            self.start()
            # ext4 does not give an inode away again for five seconds, and looks long for another one meanwhile:
            # that would be counted as ours, and no server's cache was emptied a moment ago.
            time.sleep(6)
            # Whose token it is and what they may have is known then, and the reader of repositories is not warm.
            self.server.get("/marketplace/info", self.tokens[name])
            before = talking(self.server.child.pid)
            self.ls_refs(name)
            speeds.append(self.sizes[name] / MB / max(talking(self.server.child.pid) - before, 0.01))
        speed = middle(speeds)
        self.table.add(f"a cold view of {self.sizes[name] / MB:.0f} MB, per core", f"{speed:.0f} MB/s", "", speed, 150,
                       " MB/s", least=True)

    def ls_refs(self, name):
        headers = {"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"}
        status, _, body = self.server.get("/marketplace.git/git-upload-pack", self.tokens[name], headers, "POST", LS_REFS)
        if status != 200 or b"refs/heads/main" not in body:
            raise Failed(f"ls-refs: {status} {body[:300]}")

    def load(self, name):
        talk("ls-refs against 304")
        script, body, token = (self.scratch / file for file in ("load.lua", "body", "token"))
        script.write_text(LOAD)
        body.write_bytes(LS_REFS)
        token.write_text(self.tokens[name] + "\n")
        self.ls_refs(name)
        tag = json.loads(self.server.get("/marketplace/info", self.tokens[name])[2])["etag"]
        self.server.get("/marketplace.zip", self.tokens[name])
        both = collections.defaultdict(list)
        for _ in range(self.args.rounds):
            for path, more in (("/marketplace.git/git-upload-pack", {"BENCH_BODY": str(body), "BENCH_STATUS": "200"}),
                               ("/marketplace.zip", {"BENCH_TAG": f'"{tag}"', "BENCH_STATUS": "304"})):
                env = {"BENCH_PATH": path, "BENCH_TOKEN": str(token), **more}
                both[path].append(wrk(self.server.address, script, 64, self.args.seconds, env)["rps"])
        ours, base = (middle(runs) for runs in both.values())
        self.table.add("ls-refs, 64 connections", f"{ours:.0f}/s", f"{base:.0f}/s the 304 of /marketplace.zip",
                       ours / base, 0.5, " ×", least=True)

    def change(self):
        """Changes one file upstream, as a commit on the branch."""
        repository = self.upstreams / f"{SMALL[0]}.git"
        listed = self.git("-C", repository, "ls-tree", "-r", "HEAD").splitlines()
        path = next(line.split("\t")[1] for line in listed if line.endswith("/SKILL.md"))
        env = {"GIT_INDEX_FILE": str(self.scratch / "index")}
        for who in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{who}_NAME": "Curator", f"GIT_{who}_EMAIL": "curator@example.com"}
        text = self.git("-C", repository, "show", f"HEAD:{path}") + "\n\nOne line more.\n"
        blob = self.git("-C", repository, "hash-object", "-w", "--stdin", input=text.encode())
        self.git("-C", repository, "read-tree", "HEAD", env=env)
        self.git("-C", repository, "update-index", "--cacheinfo", f"100644,{blob},{path}", env=env)
        tree = self.git("-C", repository, "write-tree", env=env)
        commit = self.git("-C", repository, "commit-tree", tree, "-p", "HEAD", "-m", "Change", env=env)
        self.git("-C", repository, "update-ref", "HEAD", commit)

    def after_a_change(self):
        talk("a fetch after a change")
        clones = {name: self.clone(name, keep=True) for name in self.tokens}
        before = {name: set(self.objects(clone)) for name, clone in clones.items()}
        self.change()
        self.command("marketplace", "sync")
        for name, clone in clones.items():
            trace = self.scratch / f"received-{name}"
            self.git("-C", clone, "fetch", "-q", "origin", env=self.header(name) | {"GIT_TRACE_PACKFILE": str(trace)})
            received = trace.stat().st_size
            after = self.objects(clone)
            changed = sum(size for id, size in after.items() if id not in before[name])
            self.table.add(f"a fetch after a change of one file, {self.sizes[name] / MB:.0f} MB", f"{received / 1000:.1f} kB",
                           f"{changed / 1000:.1f} kB of changed objects, compressed", received / 1000,
                           round(3 * changed / 1000 + 20, 1), " kB")
            shutil.rmtree(clone)

    def objects(self, clone):
        listed = self.git("-C", clone, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objectsize:disk)")
        return {id: int(size) for id, size in (line.split() for line in listed.splitlines())}

    def everything(self):
        self.prepare()
        for name in self.tokens:
            self.warm(name)
        for name in self.tokens:
            self.at_once(name)
            self.readers(name)
        self.memory("large")
        for name in self.tokens:
            self.cold(name)
        self.load("small")
        self.after_a_change()
        self.server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agnes", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tmp", help="where to work; needs about 4 GB (TMPDIR)")
    parser.add_argument("corpus", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="agnes-bench-", dir=args.tmp) as scratch:
        bench = Bench(args, pathlib.Path(scratch))
        try:
            bench.everything()
        finally:
            stop_all()
            if bench.front:
                bench.front.stop()
            bench.table.show()
    return bench.table.status()


if __name__ == "__main__":
    run(main)
