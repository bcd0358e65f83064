#!/bin/sh
# Installs the Debian packages lockstep is built from, and only those that are missing.
#
#   tools/deps.sh [--check|--list] [build|dev]
#
#   build    compiler, make and libraries: enough for make, the demo and the tests
#   dev      build, and what `make check` and the end-to-end tests need on top (default)
#   --check  install nothing; exit 0 when nothing is missing, 1 otherwise
#   --list   print the packages of the level, one a line
#
# Exit: 0 all there, 1 missing (--check) or the installation failed, 2 wrong usage, 3 cannot
# install here (no apt, or neither root nor a sudo that needs no password).
set -u

build_packages='gcc libc6-dev make libcurl4-openssl-dev libmicrohttpd-dev libcjson-dev nettle-dev
liblua5.4-dev libcmocka-dev uthash-dev libzstd-dev zlib1g-dev libyaml-dev'
dev_packages='clang clang-format curl openssl wrk zstd'
# The end-to-end tests fetch real peers from the npm registry; any npm will do.
command -v npm >/dev/null || dev_packages="$dev_packages npm"

usage() {
    echo "usage: tools/deps.sh [--check|--list] [build|dev]" >&2
    exit 2
}

mode=install
level=dev
for arg in "$@"; do
    case $arg in
    --check) mode=check ;;
    --list) mode=list ;;
    build | dev) level=$arg ;;
    *) usage ;;
    esac
done

wanted=$build_packages
if [ "$level" = dev ]; then
    wanted="$wanted $dev_packages"
fi

if [ "$mode" = list ]; then
    printf '%s\n' $wanted
    exit 0
fi

# Packages of $wanted that dpkg does not have installed, on one line.
missing_packages() {
    for package in $wanted; do
        status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)
        [ "$status" = installed ] || printf '%s ' "$package"
    done
}

cannot() {
    echo "deps: $1; install these Debian packages or their equivalents:" $2 >&2
    exit 3
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    cannot "this system has no apt" "$wanted"
fi

missing=$(missing_packages)
if [ -z "$missing" ]; then
    exit 0
fi
if [ "$mode" = check ]; then
    echo "deps: missing:" $missing >&2
    exit 1
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
        cannot "not root and no sudo without a password" "$missing"
    fi
    as_root='sudo -n'
fi

echo "deps: installing" $missing
# apt asks nothing: no terminal may be there to answer.
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/dev/null
}
if ! apt update || ! apt install -y --no-install-recommends $missing; then
    echo "deps: apt-get failed (its messages are above)" >&2
    exit 1
fi

missing=$(missing_packages)
if [ -n "$missing" ]; then
    echo "deps: still missing after apt-get:" $missing >&2
    exit 1
fi
