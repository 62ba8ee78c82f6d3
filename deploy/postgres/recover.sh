#!/usr/bin/env bash
# Puts PostgreSQL's files as of a moment into an empty folder, from what base-backup.sh and archive-wal.sh have kept.
#   recover.sh FOLDER DATA ["2026-11-29 13:59:59+00"]    (without a moment: as far as the log goes)
# Then start PostgreSQL on DATA: it replays the log up to there. Before web and worker are started:
#   console restore --recovered "2026-11-29 13:59:59+00"
set -euo pipefail
export LC_ALL=C # names are compared byte by byte

folder=$(realpath "$1") data=$2 moment=${3:-}
limit=99999999T999999Z
if [[ -n $moment ]]; then limit=$(date -u -d "$moment" +%Y%m%dT%H%M%SZ); fi
chain=()
for one in $(ls "$folder/base"); do
    [[ $one > $limit ]] && break
    if [[ $one == *-full ]]; then chain=(); fi
    chain+=("$folder/base/$one")
done
((${#chain[@]})) || { echo "No backup in $folder/base is as old as $moment." >&2; exit 1; }
if [[ -e $data && -n $(ls -A "$data") ]]; then
    echo "$data is not empty: move it away first." >&2
    exit 1
fi
for one in "${chain[@]}"; do pg_verifybackup --exit-on-error --quiet "$one"; done
rm -rf "$data"
if ((${#chain[@]} == 1)); then
    cp -a "${chain[0]}" "$data"
else
    pg_combinebackup --output="$data" "${chain[@]}"
fi
{
    echo "restore_command = 'cp \"$folder/wal/%f\" \"%p\"'"
    echo "recovery_target_action = promote"
    if [[ -n $moment ]]; then echo "recovery_target_time = '$moment'"; fi
} >>"$data/postgresql.auto.conf"
touch "$data/recovery.signal"
chmod 700 "$data"
echo "From ${chain[*]##*/}: start PostgreSQL on $data."
