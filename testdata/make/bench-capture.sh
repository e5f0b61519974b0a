#!/bin/sh
# Records the two captures of the whole-process benchmarks into build/bench:
# small.pcap, keep-alive requests that carry a traceparent, and bulk.pcap,
# bodies of 64 KiB. nginx and wrk talk across a veth pair between two network
# namespaces of their own; segmentation offload is off, as on a wire.
#
# Usage: bench-capture.sh [SMALL_PACKETS [BULK_PACKETS]]      needs root
set -eu
small=${1:-1500000} bulk=${2:-400000}
for t in nginx wrk tcpdump ip; do
	command -v $t >/dev/null || [ -x /usr/sbin/$t ] || { echo "bench-capture: $t is missing (apt install nginx-light wrk tcpdump iproute2)" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "bench-capture: needs root for network namespaces" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../build/bench
mkdir -p "$out"
work=$(mktemp -d)
ns=wsbench$$
pids=
clean() {
	for p in $pids; do kill "$p" 2>/dev/null || true; done
	ip netns del ${ns}s 2>/dev/null || true
	ip netns del ${ns}c 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT INT TERM

ip netns add ${ns}s && ip netns add ${ns}c
ip link add v0 netns ${ns}s type veth peer name v0 netns ${ns}c
ip -n ${ns}s addr add 192.0.2.1/24 dev v0 && ip -n ${ns}c addr add 192.0.2.2/24 dev v0
for n in ${ns}s ${ns}c; do
	ip -n $n link set v0 up && ip -n $n link set lo up
	ip netns exec $n ethtool -K v0 tso off gso off gro off >/dev/null 2>&1 || true
done

mkdir "$work/html" "$work/tmp"
head -c 65536 /dev/zero | tr '\0' x >"$work/html/bulk"
printf '{"status":"ok","items":[1,2,3],"next":"/api/orders/2"}' >"$work/html/item.json"
chmod -R a+rX "$work"
cat >"$work/nginx.conf" <<N
worker_processes 1; daemon off; pid $work/pid; error_log /dev/null;
events { worker_connections 1024; }
http {
	access_log off; keepalive_requests 100000000; client_body_temp_path $work/tmp;
	proxy_temp_path $work/tmp; fastcgi_temp_path $work/tmp; uwsgi_temp_path $work/tmp; scgi_temp_path $work/tmp;
	server {
		listen 192.0.2.1:8080; root $work/html;
		location /api/ { default_type application/json; sendfile on; try_files /item.json =404; }
	}
}
N
PATH=$PATH:/usr/sbin
ip netns exec ${ns}s nginx -c "$work/nginx.conf" & pids="$pids $!"
cat >"$work/small.lua" <<'L'
local n = 0
request = function()
	n = n + 1
	local h = { ["traceparent"] = string.format("00-%016x%016x-%016x-01", 0x5eed, n + 1, n + 7), ["User-Agent"] = "bench/1.0", ["Accept"] = "application/json" }
	return wrk.format("GET", "/api/orders/" .. n .. "?page=" .. n % 10, h)
end
L
sleep 0.5

# record FILE PACKETS wrk-arguments...
record() {
	file=$1 packets=$2; shift 2
	ip netns exec ${ns}s tcpdump -i v0 -s 65535 -B 65536 -c "$packets" -w "$file" tcp 2>"$work/tcpdump.log" & dump=$!
	pids="$pids $dump"
	sleep 1
	ip netns exec ${ns}c wrk -t1 -c64 -d300s "$@" >/dev/null 2>&1 & load=$!
	pids="$pids $load"
	wait $dump || true
	kill $load 2>/dev/null || true
	wait $load 2>/dev/null || true
	grep -a dropped "$work/tcpdump.log" || true
}
record "$out/small.pcap" "$small" -s "$work/small.lua" http://192.0.2.1:8080/
record "$out/bulk.pcap" "$bulk" http://192.0.2.1:8080/bulk
ls -l "$out"
