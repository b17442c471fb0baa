#!/bin/sh
# Compiles the servers that the tests start into a folder, from the versions that
# go.mod pins. Kubernetes and Argo CD take some 15 minutes of processor time once.
#
#   build.sh FOLDER
set -eu
out=$1
cd "$(dirname "$0")"
go=${GO:-go}
part="sh ../../tools/part.sh"

version() { $go list -m -f '{{.Version}}' "$1"; }

# Binaries of a release carry their version; without one Kubernetes says
# v0.0.0-master and its components refuse each other's feature gates.
k8s=$(version k8s.io/kubernetes)
minor=${k8s#v1.}
minor=${minor%%.*}
base=k8s.io/component-base/version
k8sflags="-X $base.gitVersion=$k8s -X $base.gitMajor=1 -X $base.gitMinor=$minor -X k8s.io/client-go/pkg/version.gitVersion=$k8s"
argocd=$(version github.com/argoproj/argo-cd/v3)
argoflags="-X github.com/argoproj/argo-cd/v3/common.version=${argocd#v}"

# compile NAME PACKAGE [LDFLAGS]
compile() {
	$part "compiling $1" env CGO_ENABLED=0 \
		$go build -buildvcs=false -trimpath -ldflags "-s -w ${3:-}" -o "$out/$1" "$2"
}

mkdir -p "$out"
compile etcd ./cmd/etcd
compile kwok sigs.k8s.io/kwok/cmd/kwok
compile kustomize sigs.k8s.io/kustomize/kustomize/v5
compile kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "$k8sflags"
compile kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "$k8sflags"
compile kube-scheduler k8s.io/kubernetes/cmd/kube-scheduler "$k8sflags"
compile argocd ./cmd/argocd "$argoflags"

# The repository server calls these scripts by name, even where it verifies no signatures.
module=$($go list -m -f '{{.Dir}}' github.com/argoproj/argo-cd/v3)
for script in git-verify-wrapper.sh gpg-wrapper.sh; do
	install -m 755 "$module/hack/$script" "$out/$script"
done

# What the tests need of the modules beside programs: KWOK's stages, which say what
# becomes of nodes and pods without kubelets, and Argo CD's own kinds.
kwok=$($go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
: >"$out/kwok-stages.yaml"
for stage in node/fast/*.yaml node/heartbeat-with-lease/*.yaml pod/fast/*.yaml; do
	for file in "$kwok"/$stage; do
		case $file in */kustomization.yaml) continue ;; esac
		echo --- >>"$out/kwok-stages.yaml"
		cat "$file" >>"$out/kwok-stages.yaml"
	done
done
mkdir -p "$out/crds"
for crd in application applicationset appproject; do
	install -m 644 "$module/manifests/crds/$crd-crd.yaml" "$out/crds/$crd.yaml"
done
