#!/bin/sh
# `lockstep serve` under load: wrk with 64 connections, then damaged requests to every port beside a
# thousand idle connections. The server must answer all the while, keep its memory and its
# descriptors, need no thread for anybody who waits, and end when told to.
#
#   tests/e2e/load.sh [--long] [BUILD]
#
#   --long   60 s of wrk and 600 s of damaged requests, instead of 5 and 5
#
# Loopback only. Without wrk (a Debian package) the damaged requests alone are the load, and a line
# says so. Last line: "N passed, N failed"; exit 0 or 1.
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
clients=
failed=0
clean_up() {
    for pid in $server $clients; do
        kill -KILL "$pid" 2>/dev/null
    done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail() {
    echo "not ok: $1"
    failed=1
}

descriptors() {
    find "/proc/$server/fd" -mindepth 1 | wc -l
}

threads() {
    find "/proc/$server/task" -mindepth 1 -maxdepth 1 | wc -l
}

# port NAME: of a port, as it was printed.
port() {
    sed -n "s|^ *$1 *http://127\\.0\\.0\\.1:\\([0-9]*\\).*|\\1|p" "$dir/serve.out"
}

# fuzz OPTIONS…: the client of damaged requests, at every port.
fuzz() {
    "$build/tests/test_mocks_fuzz" --el "$(port el)" --jwt "$dir/jwt.hex" --el-http "$(port el-http)" \
        --source-el "$(port source-el)" --source-cl "$(port source-cl)" --l1 "$(port l1)" \
        --synctester "$(port synctester)" "$@"
}

resident_kib() {
    awk '/^VmRSS:/ { print $2 }' "/proc/$server/status"
}

# Room for the idle connections, on both sides.
ulimit -n 4096 2>/dev/null || ulimit -n "$(ulimit -H -n)"
if [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt 1200 ]; then
    idle=$(($(ulimit -n) / 2))
fi

: >"$dir/serve.out"
# What a sanitizer keeps of freed memory, to notice its use, is no growth.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=8" \
    "$build/lockstep" serve --fixture fixtures/devnet-forks --pace 10 --el 0 --el-http 0 --source-el 0 \
    --source-cl 0 --l1 0 --synctester 0 --control off --jwt "$dir/jwt.hex" >"$dir/serve.out" 2>&1 &
server=$!
tries=0
while ! grep -q '^Ctrl-C' "$dir/serve.out" && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
if [ -z "$(port synctester)" ]; then
    cat "$dir/serve.out"
    fail "the server does not say its ports"
    exit 1
fi

fuzz --rounds 120 >"$dir/first.out" 2>&1 || fail "$(cat "$dir/first.out")"
before=$(resident_kib)
descriptors_before=$(descriptors)

if command -v wrk >/dev/null; then
    wrk -t 1 -c 64 -d "${wrk_s}s" --timeout 10s -s tests/e2e/load.lua "http://127.0.0.1:$(port el-http)/" \
        >"$dir/wrk.out" 2>&1
    grep '^wrk requests' "$dir/wrk.out" || fail "wrk: $(cat "$dir/wrk.out")"
    grep -q '^wrk requests [1-9][0-9]* errors 0 ' "$dir/wrk.out" || fail "wrk had errors"
    grep 'Requests/sec' "$dir/wrk.out"
else
    echo "no wrk here: the damaged requests are the only load"
fi

clients=
for i in 1 2 3 4; do
    fuzz --idle $((idle / 4)) --seconds "$fuzz_s" --seed $(($$ * 4 + i)) >"$dir/fuzz$i.out" 2>&1 &
    clients="$clients $!"
done
tries=0
while [ "$(descriptors)" -lt "$idle" ] && [ $tries -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
[ "$(descriptors)" -ge "$idle" ] || fail "the idle connections are not there"
[ "$(threads)" -eq 1 ] || fail "$(threads) threads for connections that wait"
for client in $clients; do
    wait "$client" || failed=1
done
clients=
cat "$dir"/fuzz?.out

if ! kill -0 "$server" 2>/dev/null; then
    fail "the server is gone"
    tail -n 40 "$dir/serve.out"
    exit 1
fi
after=$(resident_kib)
echo "resident before $before KiB, after $after KiB"
# The fuzzed client has hung up; the server looks for such ones once a second.
tries=0
while [ "$(descriptors)" -gt "$descriptors_before" ] && [ $tries -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
[ "$(descriptors)" -le "$descriptors_before" ] ||
    fail "$(descriptors) descriptors are open, $descriptors_before were"
[ $((after - before)) -le $grown_kib_max ] || fail "memory grew by more than $grown_kib_max KiB"

kill -INT "$server"
wait "$server"
status=$?
server=
[ "$status" -eq 0 ] || fail "the server ended with $status"
echo "$((1 - failed)) passed, $failed failed"
exit "$failed"
