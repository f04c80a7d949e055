#!/usr/bin/env bash
# Run a command with the real clients that have to accept what we serve, as the tests look for them.
#
#   scripts/clients.sh scripts/cargo.sh test --locked
#
# AGNES_TEST_CLAUDE       `claude` programs, `:` between them: the oldest Claude Code that we promise to work
#                         with, and the newest
# AGNES_TEST_GIT_CLIENTS  a folder with dulwich and pygit2 (`venv/`) and isomorphic-git (`node_modules/`)
#
# What is set already is left as it is; empty means none. The others are installed by npm and pip below the cache
# folder, once, and which Claude Code is the newest is asked once a day. What cannot be had is said loudly, and
# the command runs without it. Where CI is set (and not to `false` or 0), nothing runs without it.
set -euo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/agnes
oldest=2.1.197

say() { echo "clients.sh: $*" >&2; }
missing() { # WHAT WHY
    case ${CI:-} in
        '' | 0 | false) printf '\n!! %s: the tests go on WITHOUT %s.\n\n' "$2" "$1" >&2 ;;
        *)
            printf '\n!! %s: CI does not pass without %s.\n\n' "$2" "$1" >&2
            exit 1
            ;;
    esac
}
# A machine without a network is not kept waiting.
npm() { command npm --silent --fetch-retries=2 --fetch-retry-mintimeout=1000 "$@"; }

newest() { # print the version, as npm said it today; if npm does not answer, as it said it before
    local known=$cache/claude/newest version
    if [ -z "$(find "$known" -mmin -1440 2>/dev/null)" ]; then
        version=$(npm view --fetch-timeout=10000 @anthropic-ai/claude-code version 2>/dev/null) || version=
        # It becomes the name of a folder.
        ! [[ $version =~ ^[0-9]+(\.[0-9]+)+$ ]] || echo "$version" >"$known"
    fi
    cat "$known" 2>/dev/null
}

claude() { # VERSION: print the path of that version's `claude`, installing it if need be
    local root=$cache/claude/$1 program
    if ! [ -e "$root/complete" ]; then
        say "installing Claude Code $1 from npm (230 MB)"
        rm -rf "$root"
        mkdir -p "$root"
        npm install --fetch-timeout=60000 --no-save --prefix "$root" \
            "@anthropic-ai/claude-code@$1" >&2 || return 1
        touch "$root/complete"
    fi
    # The wrapper works only if npm ran its postinstall step; the program itself lies beside it.
    local modules=$root/node_modules
    for program in "$modules"/.bin/claude "$modules"/@anthropic-ai/claude-code-linux-*/claude; do
        # Asked in a home of its own, so that it leaves nothing in ours.
        if HOME=$root DISABLE_AUTOUPDATER=1 "$program" --version >/dev/null 2>&1 </dev/null; then
            echo "$program"
            return 0
        fi
    done
    return 1
}

claudes() { # print the paths
    local version program programs= latest
    if ! latest=$(newest); then
        missing "Claude Code" "npm cannot say which Claude Code is the newest"
        return
    fi
    for version in "$oldest" "$latest"; do
        if program=$(claude "$version"); then
            programs+=${programs:+:}$program
        else
            missing "it" "Claude Code $version could not be had from npm"
        fi
    done
    # These two are kept, not every version that was once the newest.
    for program in "$cache"/claude/*/; do
        case $program in
            */"$oldest"/ | */"$latest"/) ;;
            *) rm -rf "$program" ;;
        esac
    done
    echo "$programs"
}

git_clients() { # print the folder, installing what belongs there if need be
    # The versions name the folder: others are another one.
    local dulwich=1.2.21 pygit2=1.21.0 isomorphic=1.44.11
    local root=$cache/git-clients/$dulwich-$pygit2-$isomorphic
    if ! [ -e "$root/complete" ]; then
        say "installing dulwich $dulwich, pygit2 $pygit2 and isomorphic-git $isomorphic"
        rm -rf "$cache/git-clients"
        mkdir -p "$root"
        if ! { npm install --fetch-timeout=60000 --no-save --prefix "$root" "isomorphic-git@$isomorphic" &&
            python3 -m venv "$root/venv" &&
            "$root/venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 \
                "dulwich==$dulwich" "pygit2==$pygit2"; } >&2; then
            missing "them" "dulwich, pygit2 and isomorphic-git could not be had from npm and pip"
            return
        fi
        touch "$root/complete"
    fi
    echo "$root"
}

if [ -z "${AGNES_TEST_CLAUDE+set}" ] || [ -z "${AGNES_TEST_GIT_CLIENTS+set}" ]; then
    if command -v npm >/dev/null; then
        mkdir -p "$cache/claude"
        # Two that begin at the same time do not install into the same folder.
        exec 9>"$cache/clients.lock"
        ! command -v flock >/dev/null || flock 9
        AGNES_TEST_CLAUDE=${AGNES_TEST_CLAUDE-$(claudes)}
        AGNES_TEST_GIT_CLIENTS=${AGNES_TEST_GIT_CLIENTS-$(git_clients)}
        exec 9>&-
    else
        missing "Claude Code and other git clients" "npm is not installed"
    fi
fi
export AGNES_TEST_CLAUDE=${AGNES_TEST_CLAUDE-} AGNES_TEST_GIT_CLIENTS=${AGNES_TEST_GIT_CLIENTS-}
say "Claude Code: ${AGNES_TEST_CLAUDE:-none}; other git clients: ${AGNES_TEST_GIT_CLIENTS:-none}"
exec "$@"
