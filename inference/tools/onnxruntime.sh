#!/bin/sh
# Fetches ONNX Runtime into a folder, verified against the hashes in
# onnxruntime.pins.
#
#   onnxruntime.sh DIR cpu    libonnxruntime.so.1 (built with the GPU entry points)
#   onnxruntime.sh DIR gpu    the CUDA and TensorRT providers that go with it
#
# The libraries come from npm packages, because the npm registry is where
# prebuilt ones can be had behind a plain registry proxy. Only the archive is
# taken ("npm pack"): nothing of the package runs. Does nothing when the files
# are there already.
set -eu

dir=$1
variant=$2
tools=$(dirname "$0")
pin=$(grep "^$variant/amd64 " "$tools/onnxruntime.pins") || {
	echo "onnxruntime.sh: want cpu or gpu, got $variant" >&2
	exit 2
}
# shellcheck disable=SC2086 # the fields of a pin are separated by spaces
set -- $pin
package=$2 integrity=$3 inside=$4
shift 4

# The stamp is written last and names the hash: a new pin fetches again.
stamp=$dir/.$variant.integrity
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$integrity" ] && exit 0

if [ "$(uname -sm)" != "Linux x86_64" ]; then
	echo "onnxruntime.sh: only Linux on x86_64 is provided for; put libonnxruntime.so.1 (1.29) into $dir yourself" >&2
	exit 1
fi
sh "$tools/../../tools/need.sh" npm "to fetch $package" npm

mkdir -p "$dir"
work=$(mktemp -d "$dir/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT

fetch() {
	# npm gives up after five minutes; slow networks need more for 180 MB. What
	# came whole stays in npm's own cache.
	(cd "$work" && rm -f ./*.tgz && npm pack --silent --ignore-scripts --fetch-timeout=1800000 "$package" >/dev/null) || return 1
	got=$(sha512sum "$work"/*.tgz | cut -d' ' -f1)
	[ "$got" = "$integrity" ] && return 0
	echo "onnxruntime.sh: $package has sha512 $got, want $integrity" >&2
	return 1
}

echo "onnxruntime.sh: fetching $package" >&2
fetch || { echo "onnxruntime.sh: once more" >&2; sleep 2; fetch; } || {
	echo "onnxruntime.sh: could not fetch $package from the npm registry: is it reachable? (npm config get registry)" >&2
	exit 1
}
for file in "$@"; do
	f=${file%%=*}
	tar -xzf "$work"/*.tgz -C "$work" "$inside/$f"
	mv "$work/$inside/$f" "$dir/$f" # atomic: a reader sees the old file or the new one
done
printf '%s\n' "$integrity" >"$stamp"
