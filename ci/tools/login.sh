#!/bin/sh
# Lets the programs of this project (and crane, cosign, docker) push to a registry
# from a pipeline: writes the Docker configuration where they look for credentials.
#
#   login.sh HOST       REGISTRY_USER and REGISTRY_PASSWORD are in the environment
set -eu
host=$1
: "${REGISTRY_USER:?login.sh: it is who logs in}" "${REGISTRY_PASSWORD:?login.sh: it is the token}"
config=${DOCKER_CONFIG:-$HOME/.docker}/config.json
auth=$(printf '%s:%s' "$REGISTRY_USER" "$REGISTRY_PASSWORD" | base64 | tr -d '\n')
wanted=$(printf '{"auths": {"%s": {"auth": "%s"}}}' "$host" "$auth")
if [ -e "$config" ] && [ "$(cat "$config")" = "$wanted" ]; then
	echo "logged in to $host already"
	exit 0
fi
# Another run in this home folder wrote it, for a token that has ended: then its sum
# is beside it, and nobody has changed it since.
if [ -e "$config" ] && [ "$(sha256sum <"$config")" != "$(cat "$config.mlfleet" 2>/dev/null)" ]; then
	echo "login.sh: $config is there already, and is somebody's: log in with docker login" >&2
	exit 1
fi
mkdir -p "$(dirname "$config")"
umask 077
printf '%s\n' "$wanted" >"$config"
sha256sum <"$config" >"$config.mlfleet"
echo "logged in to $host"
