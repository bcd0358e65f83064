#!/bin/sh
# lockstep serve against programs that nobody here wrote: cast and anvil, from the npm registry, and
# lightcl as the node that follows.
#
#   tests/e2e/serve.sh BUILD
#
# Prints a line a check and "N passed, N failed"; exit 77 with a reason where npm or its packages
# cannot be had.
set -u

if [ $# -lt 1 ]; then
    echo "usage: tests/e2e/serve.sh BUILD" >&2
    exit 2
fi
build=$1
work=$build/e2e/serve
npm=$build/e2e/npm
cast=$npm/node_modules/@foundry-rs/cast-linux-amd64/bin/cast
anvil=$npm/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil
passed=0
failed=0
serve_pid=
other_pid=

skip() {
    echo "serve.sh: skipped: $1"
    exit 77
}

# end PID: asks a process of ours to end and waits for it; its exit code.
end() {
    if [ -n "$1" ]; then
        kill -TERM "$1" 2>/dev/null
        { wait "$1"; } 2>/dev/null
    fi
}

clean_up() {
    end "$other_pid"
    end "$serve_pid"
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

# is WHAT WANTED GOT
is() {
    check "$1" [ "$3" = "$2" ]
    [ "$3" = "$2" ] || echo "    wanted $2, got $3"
}

# has WHAT NEEDLE HAYSTACK
has() {
    case $3 in
    *"$2"*) check "$1" true ;;
    *)
        check "$1" false
        echo "    no \"$2\" in: $3" | head -c 1000
        ;;
    esac
}

# wait_for COMMAND…: until it succeeds, at most 30 s.
wait_for() {
    for _ in $(seq 300); do
        "$@" && return 0
        sleep 0.1
    done
    echo "waited in vain for: $*" >&2
    return 1
}

# --- serve ---

is_up() {
    grep -q '^Ctrl-C' "$work/serve.out"
}

# start_serve [OPTIONS…]: ports are free ones.
start_serve() {
    "$build/lockstep" serve --fixture fixtures/devnet-forks --el 0 --el-http 0 --source-el 0 \
        --source-cl 0 --l1 0 --synctester 0 --control 0 --trace "$work/trace.jsonl" "$@" \
        >"$work/serve.out" 2>&1 &
    serve_pid=$!
    wait_for is_up || {
        cat "$work/serve.out" >&2
        exit 1
    }
    el=$(url el) el_http=$(url el-http) source_el=$(url source-el) source_cl=$(url source-cl)
    l1=$(url l1) synctester=$(url synctester) control=$(url control)
}

# url NAME: of a port, as it was printed.
url() {
    awk -v name="$1" '$1 == name { print $2 }' "$work/serve.out"
}

path_of() {
    url "$1"
}

# post PATH BODY: to the control port; the answer.
post() {
    curl -s --noproxy '*' -H 'Content-Type: application/json' -d "$2" "$control$1"
}

# engine_safe: the number in a state, which is on standard input; nothing when it is null.
engine_safe() {
    sed -n 's/.*"engine":{"profile":"[^"]*","dead":[a-z]*,"latest":{[^}]*},"safe":{"number":\([0-9]*\).*/\1/p'
}

# field WORD: the value behind a word of cast's table.
field() {
    awk -v name="$1" '$1 == name { print $2 }'
}

mkdir -p "$work"
command -v curl >/dev/null || skip 'curl is not there'
"${0%/*}/get-foundry" "$build" || exit $?

start_serve --pace manual --start 400/390/380

# --- cast, as a person watches a node with it ---

is 'cast block latest: the engine' 400 "$("$cast" block latest --rpc-url "$el_http" -f number)"
is 'cast block safe: the engine' 390 "$("$cast" block safe --rpc-url "$el_http" -f number)"
is 'cast block finalized: the engine' 380 "$("$cast" block finalized --rpc-url "$el_http" -f number)"
is 'cast block safe: the source' 140 "$("$cast" block safe --rpc-url "$source_el" -f number)"
has 'cast block N --full shows transactions' 0x7e \
    "$("$cast" block 100 --full --rpc-url "$el_http" --json)"
is 'cast block on the authenticated port' 400 \
    "$("$cast" block latest --rpc-url "$el" --jwt-secret "$(cat "$(path_of jwt)")" -f number)"
has 'cast without a token is turned away' 401 \
    "$("$cast" block latest --rpc-url "$el" -f number 2>&1)"
is 'cast block-number' 400 "$("$cast" block-number --rpc-url "$el_http")"
is 'cast chain-id: L2' 901 "$("$cast" chain-id --rpc-url "$el_http")"
is 'cast chain-id: L1' 900 "$("$cast" chain-id --rpc-url "$l1")"
has 'cast client' Geth "$("$cast" client --rpc-url "$el_http")"
is 'cast rpc net_version' '"901"' "$("$cast" rpc net_version --rpc-url "$el_http")"
has 'cast rpc optimism_syncStatus' '"safe_l2":{' \
    "$("$cast" rpc optimism_syncStatus --rpc-url "$source_cl")"
check 'cast gas-price' "$cast" gas-price --rpc-url "$el_http"
check 'cast base-fee' "$cast" base-fee --rpc-url "$el_http"
is 'cast balance of an unused account' 0 \
    "$("$cast" balance 0x00000000000000000000000000000000deadbeef --rpc-url "$el_http")"
is 'cast code of an unused account' 0x \
    "$("$cast" code 0x00000000000000000000000000000000deadbeef --rpc-url "$el_http")"
tx=$("$cast" block 100 --rpc-url "$el_http" --json | sed 's/.*"transactions":\["\(0x[0-9a-f]*\)".*/\1/')
is 'cast tx' 100 "$("$cast" tx "$tx" blockNumber --rpc-url "$el_http")"
has 'cast tx of one that is not there' 'not found' \
    "$("$cast" tx 0x00000000000000000000000000000000000000000000000000000000deadbeef --rpc-url "$el_http" 2>&1)"
has 'cast call says that there is no state' 'missing trie node' \
    "$("$cast" call 0x4200000000000000000000000000000000000015 'number()' --rpc-url "$el_http" 2>&1)"

# --- anvil forks from the engine and from the source ---

listens() {
    grep -q '^Listening' "$work/anvil.log"
}

# fork_at WHAT URL NUMBER
fork_at() {
    "$anvil" --fork-url "$2" --no-storage-caching --port 0 >"$work/anvil.log" 2>&1 &
    other_pid=$!
    wait_for listens || cat "$work/anvil.log"
    port=$(sed -n 's/^Listening on 127.0.0.1:\([0-9]*\)$/\1/p' "$work/anvil.log")
    is "anvil --fork-url: $1" "$3" "$("$cast" block-number --rpc-url "http://127.0.0.1:$port")"
    is "anvil serves an old block of: $1" \
        "$("$cast" block 50 --rpc-url "$2" -f hash)" \
        "$("$cast" block 50 --rpc-url "http://127.0.0.1:$port" -f hash)"
    end "$other_pid"
    other_pid=
}
fork_at 'the engine' "$el_http" 400
fork_at 'the source' "$source_el" 149

# --- the sync tester's URLs ---

session="$synctester"
session=$(echo "$session" | sed 's/<uuid4>/9b2e8f1c-5a3d-4e6f-8a7b-1c2d3e4f5a6b/')
is 'cast block safe: a session of the sync tester' 90 \
    "$("$cast" block safe --rpc-url "$session?latest=100&safe=90&finalized=80" -f number)"

# --- by hand ---

post /advance '{"blocks":5}' >/dev/null
is 'heads moved by hand are seen by cast' 145 "$("$cast" block safe --rpc-url "$source_el" -f number)"
post /reorg '{"depth":3}' >/dev/null
is 'after a reorg a block of the same height has another hash' other \
    "$([ "$("$cast" block latest --rpc-url "$source_el" -f hash)" = \
        "$("$cast" block 154 --rpc-url "$el_http" -f hash)" ] || echo other)"
post /fault '{"port":"el-http","kind":"rpc_error","code":-32000,"text":"on fire","count":1}' >/dev/null
has 'a fault is felt' 'on fire' "$("$cast" rpc eth_chainId --rpc-url "$el_http" 2>&1)"
is 'and is over' 901 "$("$cast" chain-id --rpc-url "$el_http")"
post /port '{"port":"el-http","open":false}' >/dev/null
check 'a closed port refuses' sh -c "! curl -s --noproxy '*' '$el_http' >/dev/null"
post /port '{"port":"el-http","open":true}' >/dev/null
is 'an opened one serves again' 901 "$("$cast" chain-id --rpc-url "$el_http")"
has "another site's page is refused" '"error"' "$(curl -s --noproxy '*' -H 'Origin: http://evil.example' \
    -H 'Content-Type: application/json' -d '{}' "$control/advance")"
has 'a form is refused' '"error"' "$(curl -s --noproxy '*' -d '{}' "$control/advance")"
has 'the page is there' '<title>lockstep serve' "$(curl -s --noproxy '*' "$control/")"
has 'calls are shown' '"method":"eth_chainId"' "$(curl -s --noproxy '*' "$control/calls?n=50")"

# --- the page in a real browser, where there is one ---

# Run as root, Chromium wants --no-sandbox.
browse() {
    chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/chromium" \
        --enable-logging=stderr --virtual-time-budget=3000 --dump-dom "$control/" \
        >"$work/page.html" 2>"$work/chromium.log"
}
if command -v chromium >/dev/null && browse; then
    has 'the page shows the heads' '<td class="unsafe">unsafe</td><td class="n"' "$(cat "$work/page.html")"
    has 'the page draws them' '<path class="head unsafe el" d="M' "$(cat "$work/page.html")"
    has 'the page shows the last calls' '<td class="mono">eth_chainId</td>' "$(cat "$work/page.html")"
    check 'the page says nothing on the console' sh -c "! grep -E 'CONSOLE' '$work/chromium.log'"
else
    echo '# no chromium: the page was not looked at'
fi

kill -INT "$serve_pid"
wait "$serve_pid"
is 'Ctrl-C ends it with 0' 0 $?
serve_pid=
check 'its folder is gone' [ ! -e "$(path_of rollup)" ]
check 'the trace is JSON, a line a call' grep -q '^{"in":1,.*}$' "$work/trace.jsonl"

# --- lightcl follows a chain that moves, from genesis and after the engine lost everything ---

start_serve --pace 20
"$build/lightcl" --l2 "$el" --l2.jwt-secret "$(path_of jwt)" --rollup.config "$(path_of rollup)" \
    --l2.follow.source "$source_cl" --l1 "$l1" --rpc.port 0 >"$work/lightcl.log" 2>&1 &
other_pid=$!
engine_is_past() {
    number=$(curl -s --noproxy '*' "$control/state" | engine_safe)
    [ -n "$number" ] && [ "$number" -ge "$1" ]
}
check 'lightcl brings the engine from genesis to the source' wait_for engine_is_past 140
is 'a wiped engine has no safe block' '' "$(post /engine '{"wipe":true}' | engine_safe)"
check 'lightcl brings it back' wait_for engine_is_past 180
kill -TERM "$other_pid"
wait "$other_pid"
is 'lightcl ends cleanly' 0 $?
other_pid=
kill -TERM "$serve_pid"
wait "$serve_pid"
is 'SIGTERM ends serve with 0' 0 $?
serve_pid=

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
