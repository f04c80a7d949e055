#!/usr/bin/env bash
# Fuzz what reads strangers' requests: a short run with the corpus in tests/fuzz/corpus.
#
#   scripts/fuzz.sh                 every target, 10 s each
#   scripts/fuzz.sh 600 v2 reply    these, 600 s each
#
# A stable Rust does: no sanitizer is used, since there is no unsafe code to watch. All that is built and
# found lies below the cache folder; what a run found there, the next one begins with.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/agnes
seconds=${1:-10}
shift || true
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(v2 v0 filter reply)

# Version and folder go together: another version here is another folder.
version=0.13.2
if ! [ -x "$cache/cargo-fuzz-$version/bin/cargo-fuzz" ]; then
    echo "Building cargo-fuzz $version"
    CARGO_TARGET_DIR=$cache/cargo-fuzz-build CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        cargo install --quiet --locked --root "$cache/cargo-fuzz-$version" "cargo-fuzz@$version"
    rm -rf "$cache/cargo-fuzz-build"
fi
export PATH=$cache/cargo-fuzz-$version/bin:$PATH

# Built by cargo-fuzz and run without it: it would leave folders in the clone.
export CARGO_TARGET_DIR=$cache/fuzz/target
cargo fuzz build --fuzz-dir tests/fuzz --sanitizer none
host=$(rustc -vV | sed -n 's/^host: //p')

for target in "${targets[@]}"; do
    case $target in
        reply) corpora=(tests/fuzz/corpus/v2 tests/fuzz/corpus/v0) ;;
        *) corpora=("tests/fuzz/corpus/$target") ;;
    esac
    found=$cache/fuzz/found/$target
    mkdir -p "$found" "$cache/fuzz/failed"
    printf '\nFuzzing %s for %d s\n' "$target" "$seconds"
    # libFuzzer adds to the first folder and only reads the others. 128 KiB is two of the longest packets.
    if "$CARGO_TARGET_DIR/$host/release/$target" -print_final_stats=1 -max_total_time="$seconds" \
        -max_len=131072 -timeout=5 -rss_limit_mb=512 -dict=tests/fuzz/upload_pack.dict \
        -artifact_prefix="$cache/fuzz/failed/$target-" "$found" "${corpora[@]}" >"$cache/fuzz/$target.log" 2>&1; then
        grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$cache/fuzz/$target.log"
    else
        tail -n 40 "$cache/fuzz/$target.log" >&2
        echo "fuzz.sh: $target failed; its input is in $cache/fuzz/failed" >&2
        exit 1
    fi
done
