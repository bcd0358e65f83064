#!/bin/sh
# Everything there is to test, on a bare Debian 12 or a developer's machine.
#
#   ./run_tests.sh [PHASE…]     all phases, or the named ones: unit san scenarios demo
#                               e2e gates fixtures install
#
# Installs missing packages first (tools/deps.sh; LOCKSTEP_SKIP_DEPS=1 trusts what is there). Builds
# under build/ (or $BUILD), logs to its log/. The last line is "N passed, N failed", counted over unit
# tests, scenarios and gates that really ran; exit 0 only when none failed.
set -u
cd "$(dirname "$0")" || exit 2

all_phases='unit san scenarios demo e2e gates fixtures install'
phases=${*:-$all_phases}
for phase in $phases; do
    case " $all_phases " in
    *" $phase "*) ;;
    *)
        echo "run_tests: no phase \"$phase\"; there are: $all_phases" >&2
        exit 2
        ;;
    esac
done

if [ "${LOCKSTEP_SKIP_DEPS:-0}" != 1 ]; then
    tools/deps.sh dev || exit $?
fi

jobs=$(nproc 2>/dev/null || echo 2)
build=${BUILD:-build}
log=$build/log
mkdir -p "$log"
passed=0
failed=0
skipped=0
# What a hung program may take before it counts as failed, in seconds.
unit_limit_s=120
e2e_limit_s=240
scenarios_limit_s=240

# count PASSED FAILED WHAT: adds to the sum and says so.
count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    if [ "$2" -eq 0 ]; then
        printf '  ok      %-32s %s passed\n' "$3" "$1"
    else
        printf '  FAILED  %-32s %s passed, %s failed\n' "$3" "$1" "$2"
    fi
}

# show FILE: the end of a log, indented.
show() {
    tail -n 40 "$1" | sed 's/^/      | /'
}

# one WHAT COMMAND…: a command that is one test; its output is the log.
one() {
    what=$1
    shift
    file=$log/$(echo "$what" | tr -c 'a-zA-Z0-9\n' '-').log
    if "$@" >"$file" 2>&1; then
        count 1 0 "$what"
        return 0
    fi
    count 0 1 "$what"
    show "$file"
    return 1
}

# run_program LOG LIMIT PROGRAM [ARG…]: the program's output and how it ended, in LOG and LOG.status.
# shellcheck disable=SC2016 # expanded by the shell that xargs starts
run_program='log=$1; limit=$2; shift 2
    timeout "$limit" "$@" >"$log" 2>&1; echo $? >"$log.status"'

# unit_program LOG NAME: adds the counts of a test program that ran: cmocka's, or lines that begin with
# "ok" and "not ok". One that ends badly without a failed test (a crash, a leak, a hang) is one failure,
# and so is one that ran no test.
unit_program() {
    file=$1
    status=$(cat "$file.status" 2>/dev/null || echo 1)
    good=$(awk '/^\[  PASSED  \] [0-9]+ test/ { n += $4 } /^ok[: ]/ { n++ } END { print n + 0 }' "$file")
    bad=$(awk '/^\[  FAILED  \] [0-9]+ test/ { n += $4 } /^not ok/ { n++ } END { print n + 0 }' "$file")
    # A program that is no cmocka one says with its status alone how it went: one test.
    if [ "$status" -eq 0 ] && [ "$good" -eq 0 ] && ! grep -q '^\[=' "$file"; then
        good=1
    fi
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then
        bad=1
    fi
    count "$good" "$bad" "$2"
    [ "$bad" -eq 0 ] || show "$file"
}

# unit_tests DIR: every test program of a build directory, as many at a time as there are processors.
unit_tests() {
    names=$(for source in tests/unit/test_*.c; do basename "$source" .c; done)
    for name in $names; do
        rm -f "$log/$mode-$name.log" "$log/$mode-$name.log.status"
        printf '%s\n' "$log/$mode-$name.log" "$unit_limit_s" "$1/tests/$name"
    done | xargs -n 3 -P "$jobs" sh -c "$run_program" sh
    for name in $names; do
        unit_program "$log/$mode-$name.log" "$mode $name"
    done
}

# scenarios DIR JOBS: runs them all and counts TAP lines. A plan that was not kept is a failure.
scenarios() {
    file=$log/$mode-scenarios.tap
    timeout "$scenarios_limit_s" "$1/lockstep" run -j "$2" >"$file" 2>"$file.err"
    status=$?
    # shellcheck disable=SC2046 # three numbers, to be split
    set -- $(awk '
        /^1\.\.[0-9]+/ { split($1, p, "[.][.]"); plan += p[2] }
        /^ok / && !/# *SKIP/ { good++ }
        /^ok / && /# *SKIP/ { skipped++ }
        /^not ok / && /# *TODO/ { good++ }
        /^not ok / && !/# *TODO/ { bad++ }
        END { print good + 0, bad + 0, plan - good - bad - skipped }' "$file")
    lost=$3
    [ "$lost" -ge 0 ] || lost=$((0 - lost))
    bad=$(($2 + lost))
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$1" -eq 0 ]; }; then
        bad=1
    fi
    count "$1" "$bad" "$mode scenarios"
    if [ "$bad" -ne 0 ]; then
        grep -A 40 '^not ok' "$file" | head -n 120 | sed 's/^/      | /'
        show "$file.err"
    fi
}

phase_unit() {
    mode=release
    one 'release build' make -k -j "$jobs" BUILD="$build"
    unit_tests "$build"
}

phase_san() {
    mode=san
    one 'sanitizer build' make -k -j "$jobs" BUILD="$build/san" SAN=1
    unit_tests "$build/san"
    scenarios "$build/san" $((2 * jobs))
}

phase_scenarios() {
    mode=release
    one 'programs' make -j "$jobs" BUILD="$build" programs
    scenarios "$build" $((4 * jobs))
}

# Both variants, fast; and a node that is none must not come out right.
phase_demo() {
    one 'programs' make -j "$jobs" BUILD="$build" programs
    for variant in A B; do
        one "demo $variant" "$build/lockstep" demo --variant $variant --tick 50ms \
            --trace "$log/demo-$variant.jsonl"
    done
    one 'demo fails without a node' demo_fails_without_node
}

demo_fails_without_node() {
    "$build/lockstep" demo --cl /bin/true --tick 50ms --trace "$log/demo-none.jsonl"
    [ $? -eq 1 ]
}

# The programs against others that nobody here wrote. A script ends with "N passed, N failed"; exit
# code 77 means that what it needs cannot be had here, and says why.
e2e() {
    file=$1
    status=$(cat "$file.status" 2>/dev/null || echo 1)
    if [ "$status" -eq 77 ]; then
        skipped=$((skipped + 1))
        printf '  skipped %-32s %s\n' "$2" "$(tail -n 1 "$file")"
        return
    fi
    good=$(awk '/^[0-9]+ passed, [0-9]+ failed$/ { n += $1 } END { print n + 0 }' "$file")
    bad=$(awk '/^[0-9]+ passed, [0-9]+ failed$/ { n += $3 } END { print n + 0 }' "$file")
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then
        bad=1
    fi
    count "$good" "$bad" "$2"
    [ "$bad" -eq 0 ] || show "$file"
}

# They wait more than they work, so all run at once.
phase_e2e() {
    one 'programs' make -j "$jobs" BUILD="$build" programs "$build/tests/test_mocks_fuzz"
    names=$(for script in tests/e2e/*.sh; do basename "$script" .sh; done)
    for name in $names; do
        rm -f "$log/e2e-$name.log" "$log/e2e-$name.log.status"
        sh -c "$run_program" sh "$log/e2e-$name.log" "$e2e_limit_s" "tests/e2e/$name.sh" "$build" &
    done
    wait
    for name in $names; do
        e2e "$log/e2e-$name.log" "e2e $name"
    done
}

phase_gates() {
    for gate in format gcc clang layers purity source requirements self; do
        one "gate $gate" make -j "$jobs" BUILD="$build" "check-$gate"
    done
}

phase_fixtures() {
    one 'programs' make -j "$jobs" BUILD="$build" programs
    for fixture in fixtures/*/manifest.json; do
        fixture=$(dirname "$fixture")
        one "verify $fixture" "$build/lockstep" verify "$fixture"
    done
}

phase_install() {
    one 'install' tools/check_install "$build"
}

start=$(date +%s)
for phase in $phases; do
    echo "$phase ($(($(date +%s) - start)) s)"
    "phase_$phase"
done
echo "$(($(date +%s) - start)) s, logs in $log/"
[ "$skipped" -eq 0 ] || echo "$skipped skipped, their reasons are above"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
