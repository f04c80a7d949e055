#!/usr/bin/env python3
"""Measure agnes against git and zip, on real marketplaces' shapes, and print a Markdown table.

    make_corpus.py /tmp/corpus --revisions 5
    benches/corpus.py --agnes target/release/agnes /tmp/corpus

CORPUS is a folder of bare repositories, one marketplace each, with a branch `main`. It is copied
first: nothing in it changes. Every number is the median of several runs; agnes and what it is held
against take turns, so that both see the same machine. Numbers are whole processes, from their start
to their exit, but for rows that say "the work itself": starting agnes and opening its registry take
a constant time of their own, which a row of its own shows, and there only what comes after is
counted (agnes tells it with --json). Exit status: 0 all limits kept, 1 one was not, 2 the measurement itself failed.

Needs git, zip, unzip and Python 3.9 or later on Linux; nothing else.
"""
import argparse
import hashlib
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BIG = "plugins-plus"  # the marketplace that a first sync is measured on
USER = "bench@example.com"
MB = 1_000_000


class Failed(Exception):
    """A command did not do what it was asked: there is nothing to measure."""


class Run:
    """One finished process: how long it took and the most memory it held."""

    def __init__(self, *argv, cwd=None, env=None, output=False):
        argv = [str(arg) for arg in argv]
        out = tempfile.TemporaryFile() if output else subprocess.DEVNULL
        with tempfile.TemporaryFile() as err:
            began = time.perf_counter()
            child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            _, status, usage = os.wait4(child.pid, 0)
            self.seconds = time.perf_counter() - began
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                err.seek(0)
                said = err.read().decode(errors="replace")
                raise Failed(f"{' '.join(argv)}\nexit status {child.returncode}\n{said}")
        self.peak = usage.ru_maxrss * 1024
        if output:
            out.seek(0)
            self.output = out.read().decode()
            out.close()


class Agnes:
    """The program under test, with one data folder. Remembers the most memory any command held."""

    peak, peak_of = 0, ""

    def __init__(self, program, data, env):
        self.program, self.data, self.env = program, data, env

    def __call__(self, *args, output=False):
        run = Run(self.program, "--data-dir", self.data, *args, env=self.env, output=output)
        if run.peak > Agnes.peak:
            Agnes.peak = run.peak
            Agnes.peak_of = " ".join(str(arg) for arg in args if not str(arg).startswith("/"))
        return run

    def copy(self, to):
        """The same registry in a folder of its own."""
        shutil.copytree(self.data, to, symlinks=True)
        return Agnes(self.program, to, self.env)


class Upstreams:
    """A copy of the corpus that may be written to."""

    def __init__(self, corpus, folder, env):
        self.folder, self.env = folder, env
        self.slugs = sorted(path.name[: -len(".git")] for path in corpus.glob("*.git"))
        if BIG not in self.slugs:
            raise Failed(f"{corpus} has no {BIG}.git: make it with `make_corpus.py {corpus} --revisions 5`")
        for slug in self.slugs:
            shutil.copytree(corpus / f"{slug}.git", folder / f"{slug}.git")

    def url(self, slug):
        return f"file://{self.folder}/{slug}.git"

    def git(self, slug, *args, stdin=None):
        argv = ["git", "-C", str(self.folder / f"{slug}.git"), *args]
        done = subprocess.run(argv, input=stdin, env=self.env, capture_output=True, check=False)
        if done.returncode:
            raise Failed(f"{' '.join(argv)}\n{done.stderr.decode(errors='replace')}")
        return done.stdout

    def head(self, slug):
        return self.git(slug, "rev-parse", "main").decode().strip()

    def plugin_to_change(self):
        """One Markdown file in the plugin of middle size: (plugin, path)."""
        files = []
        for line in self.git(BIG, "ls-tree", "-r", "-z", "main").decode().split("\0"):
            if line.startswith("100644"):
                files.append(line.split("\t", 1)[1])
        plugins = []
        for entry in json.loads(self.git(BIG, "show", "main:.claude-plugin/marketplace.json"))["plugins"]:
            if isinstance(entry["source"], str) and entry["source"].strip("./"):
                folder = entry["source"].removeprefix("./").rstrip("/") + "/"
                own = [path for path in files if path.startswith(folder)]
                texts = [path for path in own if path.endswith(".md")]
                if texts:
                    plugins.append((len(own), entry["name"], texts[0]))
        plugins.sort()
        return plugins[len(plugins) // 2][1:]

    def change(self, path, number):
        """One more commit on main, in which one file has one line more. Same number, same commit."""
        content = self.git(BIG, "show", f"main:{path}") + b"\nchange %d\n" % number
        quoted = path.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        who = b"Bench <bench@example.com> %d +0000" % (1_800_000_000 + number)
        self.git(BIG, "fast-import", "--quiet", stdin=b"".join([
            b"commit refs/heads/main\nauthor %s\ncommitter %s\ndata 6\nchange\n" % (who, who),
            b"from refs/heads/main^0\n",
            b'M 100644 inline "%s"\ndata %d\n' % (quoted, len(content)),
            content, b"\n",
        ]))


class Table:
    def __init__(self):
        self.failed, self.rows = [], []

    def add(self, what, ours, theirs, value, limit, unit=""):
        kept = value <= limit
        if not kept:
            self.failed.append(what)
        verdict = "ok" if kept else "**over**"
        self.rows.append((what, ours, theirs, f"{value:.3g}{unit}", f"≤ {limit:g}{unit}", verdict))

    def ratio(self, what, ours, theirs, against, limit):
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        self.add(what, seconds(ours), f"{seconds(theirs)} {against}", ours / theirs, limit, " ×")

    def note(self, what, ours, theirs, against):
        """A number without a limit."""
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        self.rows.append((what, seconds(ours), f"{seconds(theirs)} {against}", f"{ours / theirs:.3g} ×", "", ""))

    def time(self, what, ours, limit_ms):
        ours = statistics.median(ours)
        self.add(what, seconds(ours), "", ours * 1000, limit_ms, " ms")

    def show(self):
        print("| what | agnes | held against | is | limit | |\n|---|--:|---|--:|--:|---|")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def talk(text):
    print(text, file=sys.stderr, flush=True)


def discard(path, scratch):
    """Put aside what is not needed any more; it goes at the very end. For some seconds after thousands of files were
    removed, ext4 looks long for a free inode, and whoever is measured then makes its files slowly."""
    if path.exists():
        path.rename(pathlib.Path(tempfile.mkdtemp(prefix="bin-", dir=scratch)) / path.name)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


# --- What agnes is held against --------------------------------------------------------------------


def checkout(bare, folder, env):
    """All files of `main`. Quiet, because some real marketplaces have attributes that git warns about."""
    folder.mkdir()
    Run("git", "--git-dir", bare, "--work-tree", folder, "checkout", "-q", "-f", "main", "--", ".", env=env)


def clone_and_hash(upstreams, scratch, env):
    """`git clone --bare --depth 1`, plus reading and hashing every file of the checkout once."""
    bare, files = scratch / "clone.git", scratch / "clone-files"
    took = Run("git", "clone", "-q", "--bare", "--depth", "1", upstreams.url(BIG), bare, env=env).seconds
    checkout(bare, files, env)  # not counted: only the hashing is
    took += Run("sh", "-c", "find . -type f -print0 | xargs -0 sha256sum", cwd=files, env=env).seconds
    discard(bare, scratch)
    discard(files, scratch)
    return took


def clone_at_once(upstreams, slugs, scratch, env):
    """`git clone --bare --depth 1` of each, all at the same time."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="clones-", dir=scratch))
    os.sync()
    began = time.perf_counter()
    children = []
    for slug in slugs:
        argv = ["git", "clone", "-q", "--bare", "--depth", "1", upstreams.url(slug), str(folder / slug)]
        children.append(subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE))
    failed = [child.args for child in children if child.communicate() and child.returncode]
    if failed:
        raise Failed(f"{' '.join(failed[0])} failed")
    return time.perf_counter() - began


def zip_again(files, scratch, env):
    archive = scratch / "peer.zip"
    took = Run("zip", "-q", "-r", "-6", archive, ".", cwd=files, env=env).seconds
    discard(archive, scratch)
    return took


# --- Measurements ----------------------------------------------------------------------------------


class Bench:
    def __init__(self, options, scratch):
        self.repeat, self.scratch = options.repeat, scratch
        # No settings of the person at the keyboard: neither git's nor ours.
        (scratch / "home").mkdir()
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(scratch / "home"), "LC_ALL": "C", "TZ": "UTC",
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1",
        }
        self.program = options.agnes.resolve()
        (scratch / "upstream").mkdir()
        self.upstreams = Upstreams(options.corpus.resolve(), scratch / "upstream", self.env)
        self.table = Table()

    def fresh(self, slugs):
        """A new data folder in which these are registered, and nothing is fetched."""
        data = self.scratch / "fresh"
        discard(data, self.scratch)
        agnes = Agnes(self.program, data, self.env)
        for slug in slugs:
            # What lies elsewhere cannot be reached here; benches/vendoring.py measures that.
            agnes("marketplace", "add", self.upstreams.url(slug), "--slug", slug, "--remote", "skip")
        listed = agnes("--json", "marketplace", "list", output=True).output
        if any(self.upstreams.head(slug) in listed for slug in slugs):
            raise Failed("`marketplace add` has fetched already: a first sync would measure nothing")
        # What the step before left to be written is not to be waited for by this one's own fsync.
        os.sync()
        return agnes

    def first_sync(self):
        talk("first sync of each marketplace, and of all at once")
        clone_and_hash(self.upstreams, self.scratch, self.env)  # once unmeasured, to have it all in memory
        alone, together, peers = {slug: [] for slug in self.upstreams.slugs}, [], []
        clone, clones = [], []
        for _ in range(self.repeat):
            peers.append(clone_and_hash(self.upstreams, self.scratch, self.env))
            for slug in self.upstreams.slugs:
                alone[slug].append(self.fresh([slug])("marketplace", "sync", slug, "--quiet").seconds)
            everything = self.fresh(self.upstreams.slugs)
            together.append(everything("marketplace", "sync", "--jobs", "5", "--quiet").seconds)
            clone.append(clone_at_once(self.upstreams, [BIG], self.scratch, self.env))
            clones.append(clone_at_once(self.upstreams, self.upstreams.slugs, self.scratch, self.env))
        self.table.ratio(f"first sync of {BIG}", alone[BIG], peers, "git clone + sha256sum", 1.5)
        slowest = max(alone, key=lambda slug: statistics.median(alone[slug]))
        count = len(self.upstreams.slugs)
        self.table.ratio(f"first sync of all {count}", together, alone[slowest], f"only {slowest}", 1.2)
        self.table.note(f"the same for git: {count} `git clone --bare --depth 1`", clones, clone, f"only {BIG}")
        return everything

    def nothing_new(self, agnes):
        talk("sync with nothing new")
        whole, inside, peers = [], [], []
        for _ in range(3 * self.repeat):
            peers.append(Run("git", "ls-remote", self.upstreams.url(BIG), env=self.env).seconds)
            run = agnes("--json", "marketplace", "sync", BIG, output=True)
            whole.append(run.seconds)
            inside.append(json.loads(run.output)["seconds"])
        self.table.ratio(f"sync of {BIG}, nothing new: the work itself", inside, peers, "git ls-remote", 1.5)
        self.table.note("the same as a whole process", whole, peers, "git ls-remote")

    def grant_everything(self, agnes):
        agnes("user", "add", USER)
        agnes("group", "add", "analysts")
        agnes("group", "join", "analysts", USER)
        for slug in self.upstreams.slugs:
            agnes("grant", "analysts", f"{slug}/*")

    def bundles(self, registry):
        """`registry` has everything synced and granted, and no bundle was ever made there."""
        talk("bundle of everything: cold, against zip")
        bundle, unpacked = self.scratch / "bundle.zip", self.scratch / "bundle-files"
        data = self.scratch / "warm"

        inside = []

        def build(agnes):
            bundle.unlink(missing_ok=True)
            run = agnes("--json", "build-zip", "--user", USER, "-o", bundle, output=True)
            inside.append(json.loads(run.output)["seconds"])
            return run.seconds

        cold, peers, digests = [], [], set()
        for _ in range(self.repeat):
            discard(data, self.scratch)
            agnes = registry.copy(data)
            os.sync()
            cold.append(build(agnes))
            digests.add(sha256(bundle))
            if not unpacked.exists():
                Run("unzip", "-q", bundle, "-d", unpacked, env=self.env)
            peers.append(zip_again(unpacked, self.scratch, self.env))
        if len(digests) != 1:
            raise Failed("the same registry made bundles that differ")

        talk("bundle again: nothing changed, one plugin changed")
        inside_cold = inside[:]
        inside.clear()
        unchanged = [build(agnes) for _ in range(3 * self.repeat)]
        inside_unchanged = inside[:]
        plugin, path = self.upstreams.plugin_to_change()
        changed, inside_changed, versions = [], [], self.versions(agnes)
        for number in range(self.repeat):
            self.upstreams.change(path, number)
            agnes("marketplace", "sync", BIG, "--quiet")
            inside.clear()
            changed.append(build(agnes))
            inside_changed += inside
            before, versions = versions, self.versions(agnes)
            different = [name for name in versions if versions[name] != before.get(name)]
            if len(different) != 1 or not different[0].endswith(plugin):
                raise Failed(f"{plugin} was changed upstream, and these versions in the feed: {different}")
        self.table.ratio("cold bundle of everything", cold, peers, "zip -q -r -6", 0.5)
        self.table.ratio("again, one plugin changed: the work itself", inside_changed, inside_cold, "cold", 0.1)
        self.table.note("the same as a whole process", changed, cold, "cold")
        self.table.ratio("again, nothing changed: the work itself", inside_unchanged, inside_cold, "cold", 0.02)
        self.table.note("the same as a whole process", unchanged, cold, "cold")

    def versions(self, agnes):
        info = json.loads(agnes("--json", "info", "--user", USER, output=True).output)
        return {plugin["prefixed_name"]: plugin["version"] for plugin in info["plugins"]}

    def lists(self, agnes):
        talk("lists")
        runs = [agnes("group", "list").seconds for _ in range(3 * self.repeat)]
        self.table.time("starting, and opening the registry (`agnes group list`)", runs, 150)
        for args in (["marketplace", "list"], ["plugin", "list"], ["info", "--user", USER]):
            runs = [agnes(*args).seconds for _ in range(3 * self.repeat)]
            self.table.time("`agnes " + " ".join(args).replace(USER, "…") + "`", runs, 150)

    def everything(self):
        agnes = self.first_sync()
        self.nothing_new(agnes)
        self.grant_everything(agnes)
        registry = agnes.copy(self.scratch / "registry")
        self.lists(registry.copy(self.scratch / "lists"))
        self.bundles(registry)
        peak = Agnes.peak / MB
        self.table.add(f"peak memory (`{Agnes.peak_of}`)", f"{peak:.0f} MB", "", peak, 250, " MB")

    def peers(self):
        """What agnes is held against, alone: shows that this half works, and how fast the machine is."""
        files = self.scratch / "files"
        files.mkdir()
        for slug in self.upstreams.slugs:
            checkout(self.upstreams.folder / f"{slug}.git", files / slug, self.env)
        measures = {
            "git clone + sha256sum": lambda: clone_and_hash(self.upstreams, self.scratch, self.env),
            "git ls-remote": lambda: Run("git", "ls-remote", self.upstreams.url(BIG), env=self.env).seconds,
            "zip -q -r -6": lambda: zip_again(files, self.scratch, self.env),
        }
        for name, measure in measures.items():
            print(f"- {name}: {seconds(statistics.median(measure() for _ in range(self.repeat)))}")
        plugin, path = self.upstreams.plugin_to_change()
        before = self.upstreams.head(BIG)
        self.upstreams.change(path, 0)
        stat = self.upstreams.git(BIG, "diff", "--shortstat", before, "main").decode().strip()
        print(f"- one plugin changed: {plugin} ({path}):{' ' + stat}")


def machine(upstreams):
    cpu = platform.machine()
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    files = 0
    for slug in upstreams.slugs:
        files += len(upstreams.git(slug, "ls-tree", "-r", "--name-only", "main").splitlines())
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    cores = len(os.sched_getaffinity(0))
    corpus = f"{len(upstreams.slugs)} marketplaces, {files} files"
    return f"{cpu}, {cores} cores, Linux {platform.release()}, git {git}; {corpus}"


def main():
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    corpus = os.environ.get("AGNES_CORPUS")
    parser.add_argument("corpus", nargs="?" if corpus else None, default=corpus, metavar="CORPUS",
                        help="folder of bare repositories (or AGNES_CORPUS)")
    parser.add_argument("--agnes", default="target/release/agnes", metavar="PROGRAM", type=pathlib.Path)
    parser.add_argument("--repeat", type=int, default=5, metavar="N",
                        help="runs per measurement (5; short ones thrice that)")
    parser.add_argument("--peers-only", action="store_true", help="measure git and zip alone, without agnes")
    parser.add_argument("--tmp", metavar="DIR", help="where to work; needs about 6 GB (TMPDIR)")
    options = parser.parse_args()
    options.corpus = pathlib.Path(options.corpus)
    for program in ("git", "zip", "unzip"):
        if not shutil.which(program):
            sys.exit(f"{program} is needed and not installed")
    if not options.peers_only and not options.agnes.is_file():
        sys.exit(f"{options.agnes} is not there: run `make release`, or name another with --agnes")

    with tempfile.TemporaryDirectory(prefix="agnes-bench-", dir=options.tmp) as scratch:
        try:
            bench = Bench(options, pathlib.Path(scratch))
            print(machine(bench.upstreams), end="\n\n")
            if options.peers_only:
                return bench.peers()
            bench.everything()
        except Failed as failure:
            talk(f"error: {failure}")
            return 2
    bench.table.show()
    if bench.table.failed:
        talk("over the limit: " + "; ".join(bench.table.failed))
        return 1


if __name__ == "__main__":
    sys.exit(main())
