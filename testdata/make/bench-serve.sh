#!/bin/sh
# Drives one serve to its limit with made-up spans of agents, over gRPC and over
# HTTP, and prints what the whole process took for a span: CPU, from outside. A span
# of an SDK that is sent meanwhile is asked for at once, again and again until the
# answer has it.
#
# Usage: bench-serve.sh [SECONDS]     needs build/wirespan and curl; WIRESPAN names
# another binary.
set -eu
seconds=${1:-15}
here=$(cd "$(dirname "$0")" && pwd)
wirespan=${WIRESPAN:-$here/../../build/wirespan}
command -v curl >/dev/null || { echo "bench-serve: curl is missing (apt install curl)" >&2; exit 1; }
work=$(mktemp -d)
serve=
clean() {
	[ -z "$serve" ] || kill "$serve" 2>/dev/null || true
	[ -z "$serve" ] || wait "$serve" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT INT TERM
port=$((20000 + $$ % 20000))
ui=127.0.0.1:$port grpc=127.0.0.1:$((port + 1)) http=127.0.0.1:$((port + 2))

"$wirespan" serve --store "$work/store" --ui "$ui" --otlp-grpc "$grpc" --otlp-http "$http" >"$work/log" 2>&1 &
serve=$!
tries=0
until curl -sf "http://$ui/api/v1/stats" >/dev/null; do
	tries=$((tries + 1))
	[ $tries -lt 600 ] && kill -0 "$serve" || { cat "$work/log" >&2; exit 1; }
	sleep 0.1
done

# CPU of serve in ticks of the kernel, user and system (proc(5), /proc/PID/stat).
cpu() { cut -d ')' -f 2 "/proc/$serve/stat" | awk '{ print $12 + $13 }'; }

# probe sends a span and asks for it until it is there; it prints the questions it took
# and the milliseconds from before it was sent.
probe() {
	id=$(printf '%032x' "$(($(date +%s%N) + 1))")
	now=$(date +%s%N)
	began=$now
	curl -sf -o /dev/null -H 'content-type: application/json' "http://$http/v1/traces" -d '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"probe"}}]},"scopeSpans":[{"spans":[{"traceId":"'"$id"'","spanId":"00000000000000ab","name":"probe","kind":2,"startTimeUnixNano":"'"$now"'","endTimeUnixNano":"'"$((now + 1000000))"'"}]}]}]}' || return 0
	asked=1
	until curl -sf "http://$ui/api/v1/traces/$id" | grep -q '"probe"'; do
		asked=$((asked + 1))
		[ $asked -lt 1000 ] || { echo "bench-serve: a span that was taken is not found" >&2; return 1; }
	done
	echo "$asked $((($(date +%s%N) - began) / 1000000))"
}

for way in grpc http; do
	eval "at=\$$way"
	before=$(cpu)
	"$wirespan" bench spans --server "$way://$at" --duration "${seconds}s" >"$work/out" 2>/dev/null &
	bench=$!
	: >"$work/probes"
	while kill -0 "$bench" 2>/dev/null; do
		probe >>"$work/probes"
		sleep 0.2
	done
	wait "$bench" || true
	used=$(($(cpu) - before))
	echo "$way: $(grep '^accepted' "$work/out"); $(grep '^latency' "$work/out")"
	awk -v ticks="$used" -v hz="$(getconf CLK_TCK)" '/^accepted/ { printf "  serve: %.2f us of CPU a span, %.0f k spans/s per core\n", ticks / hz / $2 * 1e6, $2 / (ticks / hz) / 1e3 }' "$work/out"
	sort -n -k 2 "$work/probes" | awk '{ ms[NR] = $2; if ($1 > most) most = $1 } END { if (NR) printf "  a span sent meanwhile: found by question %d at the latest; %d probes, median %d ms, slowest %d ms from before sending, curl included\n", most, NR, ms[int((NR + 1) / 2)], ms[NR] }'
done
du -sk "$work/store" | awk '{ printf "store: %d MiB\n", $1 / 1024 }'
