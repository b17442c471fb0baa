#!/bin/sh
# Lets the programs of this project (and crane, cosign, docker) push to a registry
# from a pipeline: writes the Docker configuration where they look for credentials.
#
#   login.sh HOST       REGISTRY_USER and REGISTRY_PASSWORD are in the environment
set -eu
host=$1
: "${REGISTRY_USER:?login.sh: it is who logs in}" "${REGISTRY_PASSWORD:?login.sh: it is the token}"
config=${DOCKER_CONFIG:-$HOME/.docker}/config.json
if [ -e "$config" ]; then
	echo "login.sh: $config is there already, and is somebody's: log in with docker login" >&2
	exit 1
fi
mkdir -p "$(dirname "$config")"
umask 077
auth=$(printf '%s:%s' "$REGISTRY_USER" "$REGISTRY_PASSWORD" | base64 | tr -d '\n')
printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$host" "$auth" >"$config"
echo "logged in to $host"
