#!/usr/bin/env bash
# Makes a full or an incremental backup of PostgreSQL 17 or later beside the archived log, and deletes what is too old.
#   base-backup.sh FOLDER full|incremental [DAYS]        (connects as PGHOST, PGPORT, PGUSER say; 30 days are kept)
# Full once a week, incremental each day, by PostgreSQL's user: FOLDER/base/<time>-<kind>, FOLDER/wal.
set -euo pipefail
export LC_ALL=C # names are compared byte by byte

folder=$1 kind=$2 days=${3:-30}
umask 077
mkdir -p "$folder/base" "$folder/wal"
exec 9<"$folder/base"
flock 9 # one at a time
rm -rf "$folder"/base/.unfinished
latest=$(ls "$folder/base" | tail -n 1)
options=()
case $kind in
full) ;;
incremental)
    [[ -n $latest ]] || { echo "There is no backup yet that this one could build upon: make a full one." >&2; exit 1; }
    options=(--incremental="$folder/base/$latest/backup_manifest")
    ;;
*) echo "full or incremental, not $kind" >&2 && exit 2 ;;
esac
pg_basebackup --pgdata="$folder/base/.unfinished" --checkpoint=fast --wal-method=stream "${options[@]}"
pg_verifybackup --exit-on-error --quiet "$folder/base/.unfinished"
name=$(date -u +%Y%m%dT%H%M%SZ)-$kind # the moment from which on it can be recovered
mv "$folder/base/.unfinished" "$folder/base/$name"
sync "$folder/base"
echo "$folder/base/$name"

# A full backup and those that build upon it go together, when the next full one is older than so many days.
limit=$(date -u -d "$days days ago" +%Y%m%dT%H%M%SZ)
keep=$(ls "$folder/base" | grep -- '-full$' | awk -v limit="$limit" '$0 < limit' | tail -n 1)
if [[ -n $keep ]]; then
    for old in $(ls "$folder/base"); do
        if [[ $old < $keep ]]; then rm -rf "${folder:?}/base/$old"; fi
    done
fi
first=$(ls "$folder/base" | head -n 1)
pg_archivecleanup "$folder/wal" "$(sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\))$/\1/p' "$folder/base/$first/backup_label")"
