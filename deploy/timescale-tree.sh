#!/usr/bin/env bash
# Unpacks a small Debian system with PostgreSQL 17, TimescaleDB (Apache edition) and PgBouncer into a folder, for the
# tests that need the real ones. Nothing is installed on this machine. As root; quick when the folder is already complete.
#
#   deploy/timescale-tree.sh [FOLDER]        (default: .timescale)
set -euo pipefail

tree=${1:-.timescale}
recipe=3 # raise it when the packages below change: older trees are then made anew
stamp="$tree/.complete-$recipe"

already() {
    if [[ -e $stamp ]]; then
        echo "TimescaleDB is already in $tree"
        exit 0
    fi
}

already
if [[ $(id -u) -ne 0 ]]; then
    echo "Only root can unpack TimescaleDB for the tests: run this as root, or do without it." >&2
    exit 1
fi
if ! command -v mmdebstrap >/dev/null; then
    echo "mmdebstrap is missing: apt-get install -y --no-install-recommends mmdebstrap" >&2
    exit 1
fi

mkdir -p "$(dirname "$tree")"
exec 9<"$(dirname "$tree")" # two runs at once: the second waits, and finds it done
flock 9
already

# Made beside its place and moved there when complete, so that an interruption leaves no half of it.
unfinished="$tree.new"
rm -rf --one-file-system "$unfinished" "$tree"
log=$(mktemp)
trap 'rm -rf --one-file-system "$unfinished" "$log"' EXIT
if ! mmdebstrap --mode=root --variant=minbase \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --include=postgresql-17,postgresql-17-timescaledb,pgbouncer,libfaketime \
    trixie "$unfinished" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "TimescaleDB could not be unpacked into $tree." >&2
    exit 1
fi
touch "$unfinished/.complete-$recipe"
mv "$unfinished" "$tree"
echo "TimescaleDB is in $tree"
