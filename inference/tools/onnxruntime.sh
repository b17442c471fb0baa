#!/bin/sh
# Fetches ONNX Runtime into a folder, verified against pinned hashes.
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
case $2 in
cpu)
	package=onnxruntime-node@1.29.0
	integrity=5a3895541ef6ae220bcfc1db62fc6f9a32b213f5a6918a127ca63ef9ac68e63011eb4f47420f0cc221bf1e14a1a537097e6980773c71981f8c3124f703e4a23c
	inside=package/bin/napi-v6/linux/x64
	files=libonnxruntime.so.1
	;;
gpu)
	package=com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9
	integrity=168a4884d13f360fafd97eb9c1573d7253c2042be1bc0e771f1a3653429fe5f19d56c0bb88203e999d0a2d6820710023ed3219ea9362751e000b5d20ef85e8eb
	inside=package/Plugins/Linux/x64
	files="libonnxruntime_providers_shared.so libonnxruntime_providers_cuda.so libonnxruntime_providers_tensorrt.so"
	;;
*)
	echo "onnxruntime.sh: want cpu or gpu, got $2" >&2
	exit 2
	;;
esac

# The stamp is written last and names the hash: a new pin fetches again.
stamp=$dir/.$2.integrity
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$integrity" ] && exit 0

if [ "$(uname -sm)" != "Linux x86_64" ]; then
	echo "onnxruntime.sh: only Linux on x86_64 is provided for; put libonnxruntime.so.1 (1.29) into $dir yourself" >&2
	exit 1
fi
sh "$(dirname "$0")/../../tools/need.sh" npm "to fetch $package" npm

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
for f in $files; do
	tar -xzf "$work"/*.tgz -C "$work" "$inside/$f"
	mv "$work/$inside/$f" "$dir/$f" # atomic: a reader sees the old file or the new one
done
printf '%s\n' "$integrity" >"$stamp"
