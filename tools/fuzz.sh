#!/bin/sh
# Runs every fuzz target of the Go module in the current folder, one after the
# other. They are found by their names, so that a new one needs no list.
#
#   fuzz.sh DURATION        each target's share, e.g. 30s
#
# GO names the go command.
set -eu
duration=$1
go=${GO:-go}
tools=$(dirname "$0")
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# Nested modules (a folder with its own go.mod) fuzz for themselves.
$go list -f '{{range .TestGoFiles}}{{$.Dir}}/{{.}} {{$.ImportPath}}
{{end}}{{range .XTestGoFiles}}{{$.Dir}}/{{.}} {{$.ImportPath}}
{{end}}' ./... | while read -r file package; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file" | while read -r target; do
		echo "$package $target"
	done
done >"$found"
if [ ! -s "$found" ]; then
	echo "fuzz.sh: there is no fuzz target" >&2
	exit 1
fi
while read -r package target; do
	sh "$tools/part.sh" "$target of $package, $duration" \
		$go test -run '^$' -fuzz "^$target\$" -fuzztime "$duration" -fuzzminimizetime 100x "$package" </dev/null
done <"$found"
