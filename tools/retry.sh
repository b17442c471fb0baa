#!/bin/sh
# Runs a command that fetches something, and once more if that fails: networks
# have bad moments.
#
#   retry.sh COMMAND...
set -u
"$@" && exit 0
echo "retry.sh: '$*' failed; once more in 5 s" >&2
sleep 5
"$@" && exit 0
status=$?
echo "retry.sh: '$*' failed twice. Is the network there? (go env GOPROXY; npm config get registry)" >&2
exit "$status"
