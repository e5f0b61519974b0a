#!/bin/sh
# Runs every fuzz target of the tree for the given time, one after the other.
# A target that fails is named at the end; its input lies in the testdata/fuzz
# of its package.
#
# Usage: fuzz.sh [TIME [PACKAGE...]]
set -u
time=${1:-30s}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- ./...
go=${GO:-go}
export CGO_ENABLED=0
listing=$($go test -list '^Fuzz' "$@") || exit 1
# The names of a package come before the line "ok PACKAGE".
targets=$(echo "$listing" | awk '/^Fuzz/ { names[++n] = $1; next } $1 == "ok" { for (i = 1; i <= n; i++) print $2, names[i] } { n = 0 }')
[ -n "$targets" ] || { echo "fuzz: no targets" >&2; exit 1; }
failed=
while read -r package name; do
	echo "fuzz: $name in $package for $time"
	$go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$package" </dev/null || failed="$failed $package.$name"
done <<END
$targets
END
[ -z "$failed" ] || { echo "fuzz: failed:$failed" >&2; exit 1; }
