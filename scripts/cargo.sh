#!/bin/sh
# Run a cargo command with the quickest DuckDB this machine can have.
#
#   scripts/cargo.sh test --locked -- --nocapture
#
# 1. $DUCKDB_LIB_DIR, if you set it: your own libduckdb.
# 2. The prebuilt library, if scripts/duckdb.sh can get it.
# 3. The feature `bundled`: DuckDB compiled from source. AGNES_DUCKDB=bundled asks for that.
set -eu

command=$1
shift

if [ "${AGNES_DUCKDB:-}" != bundled ]; then
    status=0
    if [ -z "${DUCKDB_LIB_DIR:-}" ]; then
        DUCKDB_LIB_DIR=$("$(dirname "$0")/duckdb.sh") || status=$?
    fi
    case $status in
        0)
            export DUCKDB_LIB_DIR
            exec cargo "$command" --no-default-features "$@"
            ;;
        3) ;; # not to be had here, and it has said why
        *) exit "$status" ;;
    esac
fi
unset DUCKDB_LIB_DIR
echo "cargo.sh: DuckDB is compiled from source: about half an hour of CPU, once." >&2
exec cargo "$command" "$@"
