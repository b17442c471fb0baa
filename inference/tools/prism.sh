#!/bin/sh
# Installs Prism, a validating proxy for HTTP, from the npm registry.
#
#   prism.sh PINS DIR       PINS has package.json and package-lock.json
#
# The lock file pins every package with its hash, and no package runs a script
# while it is installed. Does nothing when DIR is up to date with PINS.
set -eu
pins=$1 dir=$2
tools=$(dirname "$0")/../../tools

# The stamp is written last: what was broken off begins anew.
cmp -s "$pins/package-lock.json" "$dir/.installed" && exit 0

sh "$tools/need.sh" node "by Prism, a test's validating proxy" nodejs
sh "$tools/need.sh" npm "to fetch Prism, a test's validating proxy" npm
major=$(node --version | sed 's/^v//; s/\..*//')
if [ "$major" -lt 18 ]; then
	echo "prism.sh: Prism needs Node.js 18 or later, this is $(node --version): install a newer one and try again" >&2
	exit 1
fi

mkdir -p "$dir"
rm -f "$dir/.installed"
cp "$pins/package.json" "$pins/package-lock.json" "$dir/"
echo "prism.sh: fetching Prism and its packages (74 MB, once)" >&2
sh "$tools/retry.sh" npm --prefix "$dir" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
cp "$pins/package-lock.json" "$dir/.installed"
