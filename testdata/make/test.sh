#!/bin/sh
# Runs go test with the given arguments and says plainly what was skipped and
# why: a line per package, the whole output of packages that fail, and at the
# end each reason to skip with how often it was given.
set -u
mkdir -p build
status=$(mktemp)
trap 'rm -f "$status"' EXIT
{ ${GO:-go} test -v "$@" 2>&1; echo $? >"$status"; } | tee build/test.log | awk '
	/^=== (RUN|CONT|NAME) / { test = $3; next }
	/^=== / { next }
	/^[[:space:]]*--- SKIP: / {
		why = said[$3]; sub(/^[[:space:]]*[^[:space:]]+\.go:[0-9]+: /, "", why)
		sub(/: .*(no such file or directory|executable file not found).*/, "", why)
		reasons[why == "" ? "no reason given" : why]++; next
	}
	/^[[:space:]]*--- PASS: / || /^PASS$/ { next }
	/^(ok|FAIL|\?)[[:space:]]/ {
		if ($1 == "FAIL") printf "%s", output
		if ($0 !~ /no test files/) print
		fflush(); output = ""; split("", said); next
	}
	{ output = output $0 "\n"; said[test] = $0 }
	END {
		printf "%s", output
		for (r in reasons) if (!n++) print "\nskipped:"
		for (r in reasons) printf "%6d  %s\n", reasons[r], r
	}'
exit "$(cat "$status")"
