#!/bin/sh
# lockstep capture against a real node that nobody here wrote: anvil, from the npm registry.
#
#   tests/e2e/capture.sh BUILD [SEED]
#
# Kills captures with SIGKILL at random times (from SEED) and holds what comes out in the end against
# a capture nobody disturbed. Prints a line a check and "N passed, N failed"; exit 77 with a reason
# where anvil cannot be had.
set -u

if [ $# -lt 1 ]; then
    echo "usage: tests/e2e/capture.sh BUILD [SEED]" >&2
    exit 2
fi
build=$1
random=${2:-1}
kills=20
reorgs=6
lockstep=$build/lockstep
work=$build/e2e/capture
anvil=$build/e2e/npm/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil
passed=0
failed=0
anvil_pid=
capture_pid=
miner_pid=

# end PID: kills a process of ours and waits for it.
end() {
    if [ -n "$1" ]; then
        kill -9 "$1" 2>/dev/null
        { wait "$1"; } 2>/dev/null
    fi
}

clean_up() {
    touch "$work/stop"
    end "$capture_pid"
    end "$miner_pid"
    end "$anvil_pid"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# check WHAT COMMAND…: one check.
check() {
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok - $what"
    else
        failed=$((failed + 1))
        echo "not ok - $what"
    fi
}

# below N: the next random number, in $value.
below() {
    random=$(((random * 1103515245 + 12345) % 2147483648))
    value=$((random / 65536 % $1))
}

# wait_for COMMAND…: until it succeeds, at most 30 s.
wait_for() {
    for _ in $(seq 600); do
        "$@" && return 0
        sleep 0.05
    done
    echo "waited in vain for: $*" >&2
    return 1
}

# --- anvil ---

listens() {
    port=$(sed -n 's/^Listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$1")
    [ -n "$port" ]
}

# start_anvil LOG [OPTIONS…]: on a free port; $url is where.
start_anvil() {
    log=$1
    shift
    "$anvil" --optimism --slots-in-an-epoch 3 --port 0 "$@" >"$log" 2>&1 &
    anvil_pid=$!
    wait_for listens "$log" || exit 1
    url=http://127.0.0.1:$port
}

stop_anvil() {
    end "$anvil_pid"
    anvil_pid=
}

# rpc METHOD PARAMS: the answer.
rpc() {
    curl -s --noproxy '*' -H 'Content-Type: application/json' \
        -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":[$2]}" "$url"
}

mine() {
    rpc anvil_mine "\"$(printf 0x%x "$1")\"" >/dev/null
}

# A transaction, which anvil mines at once.
send() {
    rpc eth_sendTransaction '{"from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","to":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8","value":"0x1"}' >/dev/null
}

# hash_of BLOCK: a number in hex with quotes, or a tag.
hash_of() {
    echo "$(rpc eth_getBlockByNumber "$1,false" | sed 's/.*"hash":"\(0x[0-9a-f]*\)".*/\1/')"
}

head_number() {
    printf %d "$(rpc eth_blockNumber '' | sed 's/.*"result":"\(0x[0-9a-f]*\)".*/\1/')"
}

# --- captures ---

# capture DIR OPTIONS…: in the background; its words go to DIR.log.
capture() {
    dir=$1
    shift
    "$lockstep" capture --l2 "$url" -o "$dir" --quiet "$@" >>"$dir.log" 2>&1 &
    capture_pid=$!
}

# ended: waits for the capture; $status is its exit code.
ended() {
    { wait "$capture_pid"; } 2>/dev/null # the shell would tell of every kill
    status=$?
    capture_pid=
}

# killed_often DIR LONGEST OPTIONS…: starts the capture and kills it within LONGEST ms, until $kills
# kills have hit. One that comes to its end before that is begun again, and killed sooner.
killed_often() {
    target=$1
    longest=$2
    shift 2
    hits=0
    starts=0
    while [ "$hits" -lt "$kills" ]; do
        starts=$((starts + 1))
        [ "$starts" -lt 500 ] || return 1
        below "$longest"
        capture "$target" "$@"
        sleep "0.$(printf %03d $((value + 3)))"
        kill -9 "$capture_pid" 2>/dev/null
        ended
        if [ "$status" -eq 137 ]; then
            hits=$((hits + 1))
        else
            rm -rf "$target"
            hits=0
            longest=$((longest * 2 / 3 + 1))
        fi
    done
}

# runs DIR OPTIONS…: the capture ends well.
runs() {
    capture "$@"
    ended
    [ "$status" -eq 0 ] && return 0
    tail -n 3 "$1.log"
    return 1
}

# fails STATUS WORDS DIR OPTIONS…: it ends with that status and one line that holds the words.
fails() {
    want=$1
    words=$2
    shift 2
    : >"$1.log"
    capture "$@"
    ended
    grep -v '^capture: ' "$1.log" >"$work/said"
    [ "$status" -eq "$want" ] && [ "$(wc -l <"$work/said")" -eq 1 ] && grep -q -- "$words" "$work/said" &&
        return 0
    echo "status $status:"
    cat "$1.log"
    return 1
}

# same DIR DIR: the same blocks, receipts and proofs, byte for byte.
same() {
    for part in '' --receipts --proofs; do
        # shellcheck disable=SC2086 # nothing or one word
        "$lockstep" export $part "$1" >"$work/a" && "$lockstep" export $part "$2" >"$work/b" &&
            cmp "$work/a" "$work/b" || return 1
    done
}

# has_receipts DIR N: of at least N blocks with transactions.
has_receipts() {
    [ "$("$lockstep" export --receipts "$1" | grep -c '"transactionHash"')" -ge "$2" ]
}

verifies() {
    "$lockstep" verify "$1" >/dev/null
}

# has_proofs DIR N: of exactly N blocks.
has_proofs() {
    [ "$("$lockstep" export --proofs "$1" | grep -c '"accountProof"')" -eq "$2" ]
}

no_journals() {
    [ -z "$(find "$1" -name '*.part*')" ]
}

# --- the checks ---

a_range() {
    start_anvil "$work/anvil.log"
    mine 700
    for _ in $(seq 20); do
        send
        mine 20
    done
    to=$(head_number)
    check "a range of $((to + 1)) blocks is captured" runs "$work/range" --from 0 --to "$to" --receipts \
        --proofs
    check "with the receipts of its transactions" has_receipts "$work/range" 20
    check "and the proofs of its states" has_proofs "$work/range" "$to"
    check "it verifies" verifies "$work/range"
    # Calls one by one: slow enough to be hit.
    killed_often "$work/killed" 120 --from 0 --to "$to" --receipts --proofs --batch 1 \
        --parallel 1
    check "after $kills kills it ends well" runs "$work/killed" --from 0 --to "$to"
    check "with the same blocks" same "$work/range" "$work/killed"
    check "and no journals" no_journals "$work/killed"
}

mine_on() {
    while [ ! -e "$work/stop" ]; do
        mine 2
        send
    done
}

following() {
    rm -f "$work/stop"
    mine_on &
    miner_pid=$!
    killed_often "$work/followed" 400 --from 0 --follow --poll 20ms --batch 4
    touch "$work/stop"
    wait "$miner_pid"
    miner_pid=
    to=$(head_number)
    check "after $kills kills of a --follow it ends well, at block $to" \
        runs "$work/followed" --follow --to "$to"
    check "the whole is captured at once" runs "$work/at-once" --from 0 --to "$to"
    check "with the same blocks" same "$work/at-once" "$work/followed"
    check "it verifies" verifies "$work/followed"
}

is_captured() {
    grep -q "$hash" "$work/reorgs/l2.ndjson.part" 2>/dev/null
}

wait_until_captured() {
    hash=$(hash_of '"latest"')
    wait_for is_captured
}

has_all_orphans() {
    while read -r orphan; do
        grep -q "\"hash\":\"$orphan\"" "$work/a" || return 1
    done <"$work/orphans"
    [ "$(wc -l <"$work/orphans")" -ge "$reorgs" ]
}

has_all_branches() {
    [ "$(grep -o '"name":"orphan-[^"]*"' "$work/reorgs/manifest.json" | sort -u | wc -l)" -eq "$reorgs" ]
}

# The canonical blocks come first in a folder.
same_canonical() {
    "$lockstep" export "$work/now" >"$work/b" && head -n "$(wc -l <"$work/b")" "$work/a" | cmp - "$work/b"
}

with_reorgs() {
    from=$(($(head_number) - 8))
    : >"$work/orphans"
    capture "$work/reorgs" --from "$from" --follow --poll 20ms
    for i in $(seq "$reorgs"); do
        mine 6
        wait_until_captured || return
        below 5
        depth=$((value + 1))
        head=$(head_number)
        for n in $(seq $((head - depth + 1)) "$head"); do
            hash_of "\"$(printf 0x%x "$n")\"" >>"$work/orphans"
        done
        rpc anvil_reorg "$depth,[]" >/dev/null
        if [ $((i % 2)) -eq 0 ]; then
            kill -9 "$capture_pid"
            ended
            capture "$work/reorgs" --follow --poll 20ms
        fi
        send
    done
    wait_until_captured || return
    kill -TERM "$capture_pid"
    ended
    check "SIGTERM ends a --follow with exit code 0" [ "$status" -eq 0 ]
    check "what it leaves verifies" verifies "$work/reorgs"
    "$lockstep" export "$work/reorgs" >"$work/a"
    check "the $(wc -l <"$work/orphans") blocks of $reorgs reorgs are in it" has_all_orphans
    check "as $reorgs branches" has_all_branches
    check "the chain of now is captured" runs "$work/now" --from "$from" --to "$(head_number)"
    check "and is the canonical one of the other folder" same_canonical
}

# Under a limit on the size of files, in blocks of 512 bytes.
limited() {
    (
        ulimit -f 200
        fails 1 'File too large' "$work/full" --from 0 --to "$to"
    )
}

troubles() {
    to=$(head_number)
    check "a disk that is full is told in one line" limited
    check "what is there is whole: it goes on" runs "$work/full" --from 0 --to "$to"
    check "to the same blocks" same "$work/at-once-2" "$work/full"
    check "a node that is behind is told" fails 1 'below --to' "$work/range-2" --from 0 --to 9999999
    check "and leaves nothing" [ ! -e "$work/range-2" ]
    cp "$work/full/manifest.json" "$work/before"
    stop_anvil
    check "a dead URL is told in one line" fails 1 "connect to server" "$work/full" --to 9
    start_anvil "$work/anvil-2.log" --chain-id 10
    check "another chain id is told in one line" fails 1 'serves chain 10' "$work/full" --to 9
    stop_anvil
    start_anvil "$work/anvil-3.log" --timestamp 1700000000
    check "so is another chain with the same id" fails 1 'the genesis blocks differ' "$work/full" --to 9
    check "the folder is as it was" cmp "$work/before" "$work/full/manifest.json"
    check "and verifies" verifies "$work/full"
    check "wrong usage is exit code 2" fails 2 'help' "$work/full" --to 9 --level 99
}

rm -rf "$work"
mkdir -p "$work"
"${0%/*}/get-foundry" "$build" || exit $?
echo "seed $random, $("$anvil" --version | head -n 1)"
a_range
following
with_reorgs
check "all of it is captured at once" runs "$work/at-once-2" --from 0 --to "$(head_number)"
troubles
[ "$failed" -gt 0 ] || rm -rf "$work"
mkdir -p "$work" # clean_up leaves a file there
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
