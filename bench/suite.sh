#!/bin/sh
# How long the scenarios take, and what the programs weigh.
#
#   bench/suite.sh BUILD      prints "name value" lines
set -eu

start=$(date +%s%N)
"$1/lockstep" run >"$1/bench-suite.tap"
end=$(date +%s%N)
echo "suite_runs $(grep -c '^ok' "$1/bench-suite.tap")"
echo "suite_ms $(((end - start) / 1000000))"
echo "lightcl_text_bytes $(size "$1/lightcl" | awk 'NR == 2 { print $1 }')"
echo "fixtures_kib $(du -sk fixtures | cut -f1)"
