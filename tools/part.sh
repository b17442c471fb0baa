#!/bin/sh
# Runs one part of a longer job, says what it is, and how long it took.
#
#   part.sh WHAT COMMAND...
set -u
what=$1
shift
printf '==> %s\n' "$what"
begin=$(date +%s)
"$@"
status=$?
took=$(($(date +%s) - begin))
if [ "$status" = 0 ]; then
	printf '<== %s: %d s\n' "$what" "$took"
else
	printf '<== %s: FAILED after %d s (exit code %d)\n' "$what" "$took" "$status" >&2
fi
exit "$status"
