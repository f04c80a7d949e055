#!/bin/sh
# Hold Cargo.lock against deny.toml. Needs cargo-deny: cargo install --locked cargo-deny
#
# Advisories come from a git repository that not every machine can reach. To be out of its reach is
# no failure, and is said loudly; an advisory against what we build in is one.
set -eu

cargo deny --locked check bans licenses sources
if cargo deny fetch db; then
    cargo deny --locked check --disable-fetch advisories
else
    printf '\n!! The advisory database cannot be fetched here: advisories were NOT checked.\n\n' >&2
fi
