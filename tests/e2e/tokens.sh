#!/bin/sh
# Secrets stay where they belong: a node follows through `lockstep serve`, people come with tokens that do
# and do not do, faults make everybody complain; then everything that was written is searched for the
# secret and for every token that was sent.
#
#   tests/e2e/tokens.sh BUILD
#
# Loopback only. Prints a line a check and "N passed, N failed"; exit 77 with a reason without curl or
# openssl.
set -u

if [ $# -lt 1 ]; then
    echo "usage: tests/e2e/tokens.sh BUILD" >&2
    exit 2
fi
build=$1
dir=$(mktemp -d) || exit 2
secret=7f3a0b5c9d1e2f4a6b8c0d2e4f60718293a4b5c6d7e8f9010a1b2c3d4e5f6071
passed=0
failed=0
server=
node=

clean_up() {
    for pid in $server $node; do
        kill -KILL "$pid" 2>/dev/null
    done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

for tool in curl openssl; do
    command -v $tool >/dev/null || {
        echo "tokens.sh: skipped: $tool is not there"
        exit 77
    }
done

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

# wait_for COMMAND…: until it succeeds, at most 30 s.
wait_for() {
    for _ in $(seq 300); do
        "$@" && return 0
        sleep 0.1
    done
    echo "waited in vain for: $*"
    return 1
}

url() {
    awk -v name="$1" '$1 == name { print $2 }' "$dir/serve.out"
}

base64url() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# token ALG SECONDS SECRET: signed with HMAC-SHA256 whatever ALG says.
token() {
    head=$(printf '{"alg":"%s","typ":"JWT"}' "$1" | base64url)
    body=$(printf '{"iat":%d}' $(($(date +%s) + $2)) | base64url)
    mac=$(printf '%s.%s' "$head" "$body" |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$3" -binary | base64url)
    echo "$head.$body.$mac"
}

# ask TOKEN: status, a space, and the body.
ask() {
    printf '%s\n' "$1" >>"$dir/sent"
    curl -s --noproxy '*' -o "$dir/body" -w '%{http_code} ' -H "Authorization: Bearer $1" \
        -H 'Content-Type: application/json' \
        -d '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}' "$(url el)"
    cat "$dir/body"
}

# answers WHAT WANTED TOKEN
answers() {
    got=$(ask "$3")
    check "$1" [ "$got" = "$2" ]
    [ "$got" = "$2" ] || echo "    wanted $2, got $got"
}

post() {
    curl -s --noproxy '*' -o "$dir/posted" -H 'Content-Type: application/json' -d "$2" "$(url control)$1"
}

state_has() {
    curl -s --noproxy '*' "$(url control)/state" | grep -q "$1"
}

# A node has been told off as often as this.
is_told_off() {
    [ "$(grep -c '"http":401' "$dir/trace.jsonl")" -ge "$1" ]
}

# is_in_none TEXT: no line that anybody wrote has it.
is_in_none() {
    ! grep -qF -- "$1" "$dir/trace.jsonl" "$dir/serve.out" "$dir/lightcl.out" "$dir/calls" "$dir/page" \
        "$dir/state"
}

echo $secret >"$dir/jwt.hex"
: >"$dir/serve.out"
"$build/lockstep" serve --fixture fixtures/devnet-forks --pace 20 --el 0 --el-http 0 --source-el 0 \
    --source-cl 0 --l1 0 --synctester 0 --control 0 --jwt "$dir/jwt.hex" --trace "$dir/trace.jsonl" \
    >"$dir/serve.out" 2>&1 &
server=$!
wait_for grep -q '^Ctrl-C' "$dir/serve.out" || exit 1

# --- 401 as op-geth says it ---

answers 'a right token' '200 {"jsonrpc":"2.0","id":1,"result":"0x385"}' "$(token HS256 0 $secret)"
answers 'a wrong one' '401 signature is invalid' "$(token HS256 0 "00${secret#??}")"
answers 'an old one' '401 stale token' "$(token HS256 -65 $secret)"
answers 'one of the future' '401 future token' "$(token HS256 70 $secret)"
answers 'another algorithm' '401 signing method HS512 is invalid' "$(token HS512 0 $secret)"
answers 'no algorithm' '401 signing method none is invalid' "$(token none 0 $secret)"
check 'no token' [ "$(curl -s --noproxy '*' -d '{}' "$(url el)")" = 'missing token' ]

# --- a node at work, and in trouble ---

"$build/lightcl" --l2 "$(url el)" --l2.jwt-secret "$dir/jwt.hex" --rollup.config "$(url rollup)" \
    --l2.follow.source "$(url source-cl)" --l1 "$(url l1)" --rpc.port 0 --log.level debug \
    --follow.poll-interval 100ms \
    >"$dir/lightcl.out" 2>&1 &
node=$!
check 'a node brings the engine to the source' \
    wait_for state_has '"engine":{[^{]*"latest":{[^}]*},"safe":{"number":[1-9]'
for kind in '"http","http_status":401' '"bad_json"' '"reset"' '"rpc_error","code":-32000,"text":"no"'; do
    post /fault "{\"port\":\"el\",\"kind\":$kind,\"count\":3}"
done
check 'it is told off' wait_for is_told_off 7
curl -s --noproxy '*' "$(url control)/calls?n=1000" >"$dir/calls"
curl -s --noproxy '*' "$(url control)/state" >"$dir/state"
curl -s --noproxy '*' "$(url control)/" >"$dir/page"
kill -TERM $node
wait $node
check 'it ends cleanly' [ $? -eq 0 ]
node=
kill -TERM $server
wait $server
check 'the server, too' [ $? -eq 0 ]
server=

# --- what was written ---

for file in trace.jsonl serve.out lightcl.out calls page state; do
    check "$file is not empty" [ -s "$dir/$file" ]
done
check 'the search finds what is there' grep -qF eth_chainId "$dir/trace.jsonl"
check 'the secret is nowhere' is_in_none $secret
check 'nor in capitals' is_in_none "$(echo $secret | tr a-f A-F)"
check 'nor as base64' is_in_none "$(env printf "$(echo $secret | sed 's/../\\x&/g')" | base64url)"
while read -r sent; do
    check "a token is nowhere: ${sent%%.*}" is_in_none "$sent"
    check 'nor is its signature' is_in_none "${sent##*.}"
done <"$dir/sent"
# The node's own tokens were not seen here; the head of every token is known.
check 'no token begins anywhere' is_in_none 'eyJ'
check 'nor is there a header' is_in_none 'Bearer '

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
