#!/bin/sh
# The tour: builds what is needed and shows lightcl follow a recorded chain, be led onto a fork and
# lose its engine, in half a minute. Arguments go to `lockstep demo` (--help lists them).
#
# Installs missing packages first (tools/deps.sh; LOCKSTEP_SKIP_DEPS=1 trusts what is there).
set -eu
cd "$(dirname "$0")"

if [ "${LOCKSTEP_SKIP_DEPS:-0}" != 1 ]; then
    tools/deps.sh build
fi
mkdir -p build/log
echo "building (build/log/demo-build.log)"
if ! make -j "$(nproc 2>/dev/null || echo 2)" programs >build/log/demo-build.log 2>&1; then
    tail -n 40 build/log/demo-build.log >&2
    exit 1
fi
exec build/lockstep demo --trace build/log/demo-trace.jsonl "$@"
