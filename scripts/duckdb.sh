#!/bin/sh
# Fetch the prebuilt DuckDB library that a development build links, and print the folder it is in.
#
#   DUCKDB_LIB_DIR=$(scripts/duckdb.sh) cargo build --no-default-features
#
# The library comes out of an npm package, by name: which registry that is, is npm's own
# configuration. What may be linked is decided here, by digest, and checked again on each run.
#
# stdout: the folder, nothing else. stderr: talk.
# Exit status: 0 it is there and right; 3 it cannot be had here (build with the feature `bundled`);
# 1 what came is not what we know (build nothing with it, and find out why).
set -eu

version=1.5.6
release=1.5.6-r.1 # the npm package's own release of that version

say() { echo "duckdb.sh: $*" >&2; }
unavailable() { say "no prebuilt DuckDB $version: $*"; exit 3; }

# A platform is added here once its package carries this release: its name and its library's sha256.
# (linux-arm64 had no $release when this was written.)
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64)
        platform=linux-x64
        digest=3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633
        ;;
    *) unavailable "none is known for $(uname -s) on $(uname -m)" ;;
esac
# The library is for glibc; a musl system would fail only when the program starts.
if ldd --version 2>&1 | grep -qi musl; then unavailable "this system's C library is musl"; fi

target=${CARGO_TARGET_DIR:-$(dirname "$0")/../target}
folder=$target/duckdb/$version
library=$folder/libduckdb.so

right() { [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$digest" ]; }

if ! { [ -f "$library" ] && right "$library"; }; then
    command -v npm >/dev/null || unavailable "npm is not installed"
    mkdir -p "$folder"
    # Unpacked beside its place, so that the last step is a rename: another run, or one that is
    # stopped half-way, never leaves half a library there.
    scratch=$(mktemp -d "$folder/fetch.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT TERM HUP

    package=@duckdb/node-bindings-$platform@$release
    say "fetching $package (28 MB) with npm"
    if ! (cd "$scratch" && npm pack --loglevel error --ignore-scripts "$package" >/dev/null 2>npm.log); then
        sed -n '1,4s/^/  /p' "$scratch/npm.log" >&2
        unavailable "npm could not fetch $package"
    fi
    tar -xzf "$scratch"/*.tgz -C "$scratch" package/libduckdb.so
    if ! right "$scratch/package/libduckdb.so"; then
        say "ERROR: the libduckdb.so in $package is not the one that was checked in here."
        say "  expected sha256 $digest"
        say "  received sha256 $(sha256sum "$scratch/package/libduckdb.so" | cut -d ' ' -f 1)"
        say "Nothing was kept. To build without it, set AGNES_DUCKDB=bundled."
        exit 1
    fi
    mv -f "$scratch/package/libduckdb.so" "$library"
fi
(cd "$folder" && pwd)
