#!/bin/sh
# Sees to it that a program is on this machine: does nothing where it is,
# installs it where the system's package manager can and we may, and otherwise
# says what to do.
#
#   need.sh PROGRAM WHY PACKAGE...
set -eu
program=$1 why=$2
shift 2
command -v "$program" >/dev/null 2>&1 && exit 0

if [ "$(id -u)" = 0 ]; then
	asroot=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	asroot="sudo -n"
else
	echo "need.sh: $program is needed $why; install it and try again (Debian: apt-get install $*)" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "need.sh: $program is needed $why; install it with this system's package manager and try again" >&2
	exit 1
fi

echo "need.sh: installing $* with apt-get, $why" >&2
retry=$(dirname "$0")/retry.sh
sh "$retry" $asroot apt-get update -q >&2
sh "$retry" $asroot env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2
