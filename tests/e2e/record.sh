#!/bin/sh
# Recorded conversations, end to end: lightcl and the mocks with the recorder in between, replayed to
# lightcl; a recorder that is killed; a node that differs; op-node's recorded runs; a scenario made of a
# recording.
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

lockstep() {
    "$BUILD/lockstep" "$@"
}

# rows FOLDER: its lines, finished or not.
rows() {
    if [ -e "$1/calls.ndjson.zst" ]; then
        zstd -qdc "$1/calls.ndjson.zst"
    else
        cat "$1/calls.ndjson"
    fi
}

# writes FOLDER: what the node told its engine, in order: payloads and forkchoices, without the answers.
writes() {
    rows "$1" | grep '"peer":"engine"' |
        sed -n 's/.*"method":"\(engine_\(newPayload\|forkchoiceUpdated\)V[0-9]","params":.*\),"result":.*/\1/p'
}

# scenario FILE-OR-ID VARIANT: run with the recorder in between, into $RECORD_DIR/1.
scenario() {
    rm -rf "$RECORD_DIR"/[0-9]*
    lockstep run --cl tests/e2e/recorded-cl --variant "$2" --fixture devnet-forks "$1"
}

# same_calls SCENARIO VARIANT: recorded, then replayed with the recorder in between again: the replay
# finds no difference, and the two recordings have the same writes, byte for byte. Whether a payload or an
# answer comes first can be a matter of microseconds, in which a recorder sees another order than the
# node: then, and only then, another recording is made, twice at most.
same_calls() {
    for try in 1 2 3; do
        scenario "$1" "$2" || return 1
        if lockstep replay --cl tests/e2e/recorded-cl "$RECORD_DIR/1"; then
            writes "$RECORD_DIR/1" >"$RECORD_DIR/first"
            writes "$RECORD_DIR/2" >"$RECORD_DIR/second"
            [ "$(wc -l <"$RECORD_DIR/first")" -ge "$3" ] || return 1
            cmp "$RECORD_DIR/first" "$RECORD_DIR/second" && return 0
        fi
        echo "recording $try replays otherwise"
    done
    return 1
}

# SCENARIO VARIANT WRITES: so many payloads and forkchoices at least, or it proves nothing.
while read -r id variant least; do
    check "$id $variant: lightcl makes the recorded calls again" same_calls "$id" "$variant" "$least"
    check "$id $variant: the recorded calls get the recorded answers" \
        lockstep replay --self "$RECORD_DIR/1"
done <<'END'
BOOT-01 A 5
BOOT-01 B 5
UNS-01 A 200
UNS-01 B 200
END
uns=$RECORD_DIR/uns
cp -r "$RECORD_DIR/1" "$uns"

# A recorder that is killed with its node leaves a folder that can be read, and finished.
cat >"$RECORD_DIR/KILL-01.lua" <<'END'
return {
  id = "KILL-01", title = "killed", priority = "P2", applies = "A", variants = {"B"},
  fixtures = {"devnet-forks"}, covers = {"I-22"},
  run = function(w)
    w:engine{head = "B+300", safe = "B+300", finalized = "B+40"}
    w:source{unsafe = "B+300", safe = "B+300", finalized = "B+40"}
    w:start()
    w:steady(2, {feed = 2})
    w:within(20, "the engine's safe block moves", function() return w:label("safe") ~= w:block("B+300") end)
    w:kill()
  end,
}
END
killed_is_whole() {
    scenario "$RECORD_DIR/KILL-01.lua" B && [ -e "$RECORD_DIR/1/calls.ndjson" ] &&
        lockstep replay --self "$RECORD_DIR/1" && rows "$RECORD_DIR/1" >"$RECORD_DIR/before" &&
        lockstep record --finish "$RECORD_DIR/1" && rows "$RECORD_DIR/1" >"$RECORD_DIR/after" &&
        cmp "$RECORD_DIR/before" "$RECORD_DIR/after" && [ ! -e "$RECORD_DIR/1/calls.ndjson" ] &&
        lockstep replay --self "$RECORD_DIR/1"
}
check "a killed recorder leaves a folder that can be read and finished" killed_is_whole

# A recording in which the third forkchoice is another one: the node is told apart, with both calls.
differs() {
    mkdir "$RECORD_DIR/other" && sed '/"calls":/d' "$uns/manifest.json" >"$RECORD_DIR/other/manifest.json"
    rows "$uns" | awk '/engine_forkchoiceUpdated/ && ++n == 3 { sub(/"headBlockHash":"0x..../, "\"headBlockHash\":\"0xbbbb") } 1' \
        >"$RECORD_DIR/other/calls.ndjson"
    lockstep replay --patience 200ms --ticks 400 --cl "$BUILD/lightcl" "$RECORD_DIR/other" >"$RECORD_DIR/tap"
    [ $? -eq 1 ] && grep '^not ok 1 - engine' "$RECORD_DIR/tap" &&
        grep "expected: 'engine_forkchoiceUpdatedV3 .*0xbbbb" "$RECORD_DIR/tap" &&
        grep "got: 'eth\|got: 'engine" "$RECORD_DIR/tap"
}
check "a node whose calls differ is told apart" differs

tampered() {
    cp -r "$uns" "$RECORD_DIR/tampered" && rows "$uns" | sed 1d | zstd -qf -o "$RECORD_DIR/tampered/calls.ndjson.zst"
    lockstep replay --self "$RECORD_DIR/tampered"
    [ $? -eq 2 ]
}
check "a recording that was changed afterwards is refused" tampered

# No token, no host, no port of the run.
is_clean() {
    ! { rows "$uns" && cat "$uns/manifest.json"; } | grep -i 'bearer\|authorization\|127\.0\.0\.1'
}
check "neither tokens nor hosts are in the folder" is_clean

runs_as_scenario() {
    lockstep replay --to-scenario --fixture devnet-forks "$uns" >"$RECORD_DIR/REC-01.lua" &&
        grep -c 'engine_newPayload' "$RECORD_DIR/REC-01.lua" && lockstep run "$RECORD_DIR/REC-01.lua"
}
check "a recording becomes a scenario that runs" runs_as_scenario

for folder in fixtures/conversations/*/; do
    check "$(basename "$folder"): the recorded calls get the recorded answers" \
        lockstep replay --self "$folder"
done

echo "$((number - failed)) passed, $failed failed"
[ "$failed" = 0 ]
