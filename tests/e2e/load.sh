#!/bin/sh
# `lockstep serve` under load: wrk with 64 connections, then damaged requests beside a thousand idle
# connections. The server must answer all the while, keep its memory, and end when told to.
#
#   tests/e2e/load.sh [--long] [BUILD]
#
#   --long   60 s of wrk and 600 s of damaged requests, instead of 5 and 5
#
# Loopback only. Needs wrk (a Debian package; without it that part is skipped). Last line: "ok" or
# "not ok"; exit 0 or 1.
set -u
cd "$(dirname "$0")/../.." || exit 2

wrk_s=5
fuzz_s=5
if [ "${1:-}" = --long ]; then
    wrk_s=60
    fuzz_s=600
    shift
fi
build=${1:-build}
idle=1000
grown_kib_max=65536 # what memory may grow by, over that of a server that has answered once

dir=$(mktemp -d) || exit 2
server=
failed=0
clean_up() {
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() {
    echo "not ok: $1"
    failed=1
}

resident_kib() {
    awk '/^VmRSS:/ { print $2 }' "/proc/$server/status"
}

# Room for the idle connections, on both sides.
ulimit -n 4096 2>/dev/null || ulimit -n "$(ulimit -H -n)"
if [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt 1200 ]; then
    idle=$(($(ulimit -n) / 2))
fi

"$build/lockstep" serve --fixture fixtures/devnet-forks --pace 10 --el off --el-http 127.0.0.1:0 \
    --source-el off --source-cl off --l1 off --synctester off --control off >"$dir/serve.out" 2>&1 &
server=$!
port=
tries=0
while [ -z "$port" ] && [ $tries -lt 100 ]; do
    port=$(sed -n 's|.*el-http *http://127\.0\.0\.1:\([0-9]*\).*|\1|p' "$dir/serve.out")
    tries=$((tries + 1))
    sleep 0.1
done
if [ -z "$port" ]; then
    cat "$dir/serve.out"
    fail "the server does not say its port"
    exit 1
fi

"$build/tests/test_mocks_fuzz" --port "$port" --rounds 20 >"$dir/first.out" 2>&1 ||
    fail "$(cat "$dir/first.out")"
before=$(resident_kib)

if command -v wrk >/dev/null; then
    wrk -t 1 -c 64 -d "${wrk_s}s" --timeout 10s -s tests/e2e/load.lua "http://127.0.0.1:$port/" \
        >"$dir/wrk.out" 2>&1
    grep '^wrk requests' "$dir/wrk.out" || fail "wrk: $(cat "$dir/wrk.out")"
    grep -q '^wrk requests [1-9][0-9]* errors 0 ' "$dir/wrk.out" || fail "wrk had errors"
    grep 'Requests/sec' "$dir/wrk.out"
else
    echo "no wrk here: skipped"
fi

"$build/tests/test_mocks_fuzz" --port "$port" --idle "$idle" --seconds "$fuzz_s" --seed $$ \
    >"$dir/fuzz.out" 2>&1 || failed=1
cat "$dir/fuzz.out"

if ! kill -0 "$server" 2>/dev/null; then
    fail "the server is gone"
    tail -n 40 "$dir/serve.out"
    exit 1
fi
after=$(resident_kib)
echo "resident before $before KiB, after $after KiB"
[ $((after - before)) -le $grown_kib_max ] || fail "memory grew by more than $grown_kib_max KiB"

kill -INT "$server"
wait "$server"
status=$?
server=
[ "$status" -eq 0 ] || fail "the server ended with $status"
echo "$((1 - failed)) passed, $failed failed"
exit "$failed"
