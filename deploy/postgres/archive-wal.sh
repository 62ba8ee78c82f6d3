#!/bin/sh
# Keeps one finished segment of PostgreSQL's log, as its archive_command; deploy/postgres/archiving.conf calls it:
#   archive-wal.sh PATH NAME FOLDER
# A segment has its name only when it is complete and on the disk. One that is there already is never written over.
set -eu

from=$1 name=$2 folder=$3
umask 077
if [ -e "$folder/$name" ]; then
    cmp -s "$from" "$folder/$name" # the same once more, after a crash: done
    exit
fi
part=$(mktemp "$folder/.$name.XXXXXX")
trap 'rm -f "$part"' EXIT
cp "$from" "$part"
sync "$part"
mv -n "$part" "$folder/$name"
sync "$folder"
