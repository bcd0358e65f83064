#!/bin/sh
# How fast lockstep capture takes blocks from our own mock over HTTP, from process start to the
# finished fixture: the best of five, L2 blocks only, and with L1 headers and labels.
#
#   bench/capture_http.sh BUILD      prints "name value" lines
set -eu

build=$1
out=$build/bench-capture-http
log=$build/bench-capture-http.log
blocks=512

"$build/lockstep" serve --fixture fixtures/devnet-reorgs --pace 1000 --el off --el-http off \
    --synctester off --control off --source-el 0 --source-cl 0 --l1 0 >"$log" &
server=$!
trap 'kill $server; rm -rf "$out"' EXIT
for _ in $(seq 100); do
    grep -q 'l1 *http' "$log" && break
    sleep 0.05
done
sleep 4 # an hour of recording: the heads are at its end
# The URL of a port.
url() {
    sed -n "s/^ *$1 *\(http[^ ]*\).*/\1/p" "$log"
}

# best NAME OPTIONS…
best() {
    name=$1
    shift
    least=
    for _ in 1 2 3 4 5; do
        rm -rf "$out"
        start=$(date +%s%N)
        "$build/lockstep" capture --l2 "$(url source-el)" --from 1326 --to 1837 --quiet -o "$out" \
            "$@" >"$log.out" 2>&1
        taken=$(($(date +%s%N) - start))
        if [ -z "$least" ] || [ "$taken" -lt "$least" ]; then
            least=$taken
        fi
    done
    echo "$name $((blocks * 1000000000 / least))"
}

best capture_http_blocks_per_s
best capture_http_all_blocks_per_s --l1 "$(url l1)" --cl "$(url source-cl)"
