#!/bin/sh
# A node for lockstep run --cl: lightcl, with lockstep record between it and the mocks.
#
#   BUILD=DIR RECORD_DIR=DIR tests/e2e/recorded_cl.sh ARGUMENTS-OF-LIGHTCL…
#
# The conversation goes to $RECORD_DIR/N, N counting the starts. What the world asks of the node's
# own RPC port goes through the recorder, too, unless RECORD_NODE=0.
set -u

n=1
while [ -e "$RECORD_DIR/$n" ]; do n=$((n + 1)); done
folder=$RECORD_DIR/$n

# Which peers there are, and what else the node is told.
rollup=
set --  "$@" END
peers=
while [ "$1" != END ]; do
    case $1 in
    --l2=*) peers="$peers --engine 0=${1#--l2=}" engine=$1 ;;
    --safe-source.l2-rpc=* | --l2.follow.source=*) peers="$peers --source 0=${1#*=}" source=$1 ;;
    --l1=*) peers="$peers --l1 0=${1#--l1=}" l1=$1 ;;
    --rpc.port=*) rpc=${1#--rpc.port=} ;;
    --rollup.config=*) rollup=${1#*=} && set -- "$@" "$1" ;;
    *) set -- "$@" "$1" ;;
    esac
    shift
done
shift

# spare_port: one that was free a moment ago.
spare_port() {
    "$BUILD/lockstep" record --l1 0=http://127.0.0.1:1 -o "$folder.spare" >"$folder.spare.ports" &
    spare=$!
    until [ -s "$folder.spare.ports" ]; do kill -0 "$spare" || exit 1; done
    kill -TERM "$spare" && wait "$spare"
    sed -n 's,^l1 http://127.0.0.1:\([0-9]*\) .*,\1,p' "$folder.spare.ports"
    rm -r "$folder.spare" "$folder.spare.ports"
}
if [ "${RECORD_NODE:-1}" = 1 ]; then
    own_rpc=$(spare_port)
    peers="$peers --node $rpc=http://127.0.0.1:$own_rpc"
else
    own_rpc=$rpc
fi
set -- "$@" "--rpc.port=$own_rpc"

# shellcheck disable=SC2086 # words
"$BUILD/lockstep" record $peers --rollup "$rollup" -o "$folder" >"$folder.ports" 2>"$folder.err" &
recorder=$!
trap 'kill -TERM "$recorder" 2>/dev/null; wait "$recorder"' EXIT
trap 'kill -TERM "${node:-}" 2>/dev/null' TERM INT

# The ports are printed when all are open.
wanted=$(echo "$peers" | tr -cd = | wc -c)
while [ "$(wc -l <"$folder.ports")" -lt "$wanted" ]; do
    kill -0 "$recorder" 2>/dev/null || exit 1
done
port() {
    sed -n "s,^$1 \(http://[0-9.:]*\) .*,\1,p" "$folder.ports"
}
[ -z "${engine:-}" ] || set -- "$@" "--l2=$(port engine)"
[ -z "${source:-}" ] || set -- "$@" "${source%%=*}=$(port source)"
[ -z "${l1:-}" ] || set -- "$@" "--l1=$(port l1)"

"$BUILD/lightcl" "$@" &
node=$!
wait "$node"
status=$?
# A wait that a signal ended: the node is still about to end.
while kill -0 "$node" 2>/dev/null; do
    wait "$node"
    status=$?
done
exit $status
