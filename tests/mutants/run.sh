#!/bin/sh
# Shows that scenarios notice a broken node: for each patch, builds lightcl from a patched copy of
# the tree and expects the scenarios its header names to fail with it.
#
#   tests/mutants/run.sh [-b BUILD] [PATCH…]     BUILD holds lockstep and lightcl (default build)
#
# README.md describes the header. TAP on stdout; exit 0 when every mutant was noticed, 1 when one
# was not or does not apply or build, 2 when the scenarios do not pass with the node as it is.
set -u
cd "$(dirname "$0")/../.." || exit 2

build=build
if [ "${1:-}" = -b ]; then
    build=$2
    shift 2
fi
[ $# -gt 0 ] || set -- tests/mutants/*.patch
if [ ! -e "$1" ]; then
    echo "1..0 # SKIP no patch in tests/mutants"
    exit 0
fi
if [ ! -x "$build/lockstep" ]; then
    echo "mutants: no $build/lockstep: run make first" >&2
    exit 2
fi

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0
number=0

# field NAME PATCH: the value of a header line.
field() {
    sed -n "/^---/q; s/^$1: *//p" "$2"
}

# apply PATCH [--reverse]: in the copy; git's or patch's, whichever is there.
apply() {
    if command -v patch >/dev/null; then
        patch -d "$work/tree" -p1 -s -f ${2:-} <"$1"
    else
        (cd "$work/tree" && GIT_DIR=/nonexistent git apply -p1 ${2:-}) <"$1"
    fi
}

# passes NODE VARIANT ID: runs one scenario. 0 passed, 1 failed; anything else is not a verdict.
passes() {
    "$build/lockstep" run --cl "$1" ${2:+--variant "$2"} "$3" >"$work/out" 2>&1
}

say() {
    echo "$1 $number - $2"
    if [ "$1" != ok ]; then
        failed=$((failed + 1))
        tail -n 30 "$work/out" | sed 's/^/# /'
    fi
}

# The sound node must pass, or a failure with a mutant says nothing.
check_sound_node() {
    for patch in "$@"; do
        for id in $(field Scenario "$patch"); do
            echo "$id $(field Variant "$patch")"
        done
    done | sort -u >"$work/pairs"
    while read -r id variant; do
        if ! passes "$build/lightcl" "$variant" "$id" </dev/null; then
            echo "mutants: $id does not pass with the node as it is" >&2
            sed 's/^/  /' "$work/out" >&2
            return 1
        fi
    done <"$work/pairs"
}

# try PATCH: one line of TAP for each scenario it names.
try() {
    name=$(basename "$1" .patch)
    variant=$(field Variant "$1")
    if [ -z "$(field Mutant "$1")" ] || [ -z "$(field Scenario "$1")" ]; then
        number=$((number + 1))
        echo "no Mutant: or Scenario: line" >"$work/out"
        say 'not ok' "$name has a header"
        return
    fi
    if ! { apply "$1" && make -C "$work/tree" BUILD="$work/build" "$work/build/lightcl"; } \
        >"$work/out" 2>&1; then
        number=$((number + 1))
        say 'not ok' "$name applies and builds"
    else
        for id in $(field Scenario "$1"); do
            number=$((number + 1))
            passes "$work/build/lightcl" "$variant" "$id"
            case $? in
            1) say ok "$id notices $name: $(field Mutant "$1")" ;;
            0) say 'not ok' "$id notices $name: $(field Mutant "$1")" ;;
            *) say 'not ok' "$id can be run with $name" ;;
            esac
        done
    fi
    # Back to the sound node; the objects stay, so the next mutant compiles only its own files.
    restore
}

# Puts back the files a patch touched, with a new time so that make sees it.
restore() {
    (cd "$work/tree" && find node lib -type f) | while read -r file; do
        if ! cmp -s "$file" "$work/tree/$file"; then
            rm -f "$work/tree/$file"
            [ ! -e "$file" ] || cp "$file" "$work/tree/$file"
        fi
    done
}

check_sound_node "$@" || exit 2
mkdir "$work/tree"
cp -R Makefile lib node "$work/tree/"
make -C "$work/tree" BUILD="$work/build" "$work/build/lightcl" >"$work/out" 2>&1 || {
    cat "$work/out" >&2
    exit 2
}
for patch in "$@"; do
    try "$patch"
done
echo "1..$number"
[ "$failed" -eq 0 ]
