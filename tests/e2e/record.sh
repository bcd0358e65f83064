#!/bin/sh
# A conversation of lightcl with the mocks, recorded in between, replays to the same engine calls.
#
#   tests/e2e/record.sh [BUILD]     BUILD holds lockstep and lightcl (default build)
#
# A line a test and "N passed, N failed" at the end; exit 1 when one failed.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${1:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
RECORD_DIR=$(mktemp -d) || exit 2
export BUILD RECORD_DIR
trap 'rm -rf "$RECORD_DIR"' EXIT
number=0
failed=0

# check WHAT COMMAND…: one test; its output is shown when it fails.
check() {
    number=$((number + 1))
    what=$1
    shift
    if "$@" >"$RECORD_DIR/out" 2>&1; then
        echo "ok $number - $what"
    else
        failed=$((failed + 1))
        echo "not ok $number - $what"
        sed 's/^/# /' "$RECORD_DIR/out"
    fi
}

# one_forkchoice_less FOLDER: a copy whose recording lacks its last forkchoice: a node must be told apart.
one_forkchoice_less() {
    cp -r "$1" "$1.less"
    zstd -qdc "$1/calls.ndjson.zst" >"$RECORD_DIR/rows"
    last=$(grep -n engine_forkchoiceUpdated "$RECORD_DIR/rows" | tail -n 1 | cut -d: -f1)
    sed "${last}d" "$RECORD_DIR/rows" | zstd -qf -o "$1.less/calls.ndjson.zst"
}

# Scenarios without payloads: whether a payload or a poll comes first is a matter of milliseconds, and strict
# replay tells.
for scenario in BOOT-01 SYN-01; do
    for variant in A B; do
        rm -rf "$RECORD_DIR"/[0-9]*
        check "$scenario $variant passes with the recorder in between" \
            "$BUILD/lockstep" run --cl tests/e2e/recorded-cl --variant $variant \
            --fixture devnet-forks "$scenario"
        for folder in "$RECORD_DIR"/[0-9]; do
            check "$scenario $variant part ${folder##*/}: lightcl makes the recorded calls again" \
                "$BUILD/lockstep" replay --cl "$BUILD/lightcl" "$folder"
            check "$scenario $variant part ${folder##*/}: the recorded calls get the recorded answers" \
                "$BUILD/lockstep" replay --self "$folder"
        done
    done
done
one_forkchoice_less "$RECORD_DIR/1"
differs() { ! "$BUILD/lockstep" replay --self "$RECORD_DIR/1.less"; }
check "a recording that was tampered with is refused" differs
check "a scenario skeleton comes out of a recording" \
    "$BUILD/lockstep" replay --to-scenario --fixture devnet-forks "$RECORD_DIR/1"

echo "$((number - failed)) passed, $failed failed"
[ "$failed" = 0 ]
