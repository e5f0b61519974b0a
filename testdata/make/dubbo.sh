#!/bin/sh
# Records l7/dubbo/testdata/go.pcap from a server and a client that encode with
# Apache's codec for Go, in a network namespace of its own, with an address from
# the documentation range. Needs root, ip, tcpdump and go. Run it anywhere:
# testdata/make/dubbo.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	(cd "$here/../e2e/dubbo" && go build -o "${TMPDIR:-/tmp}/dubbo-peer" .)
	exec unshare -n "$here/dubbo.sh" inside
fi
ip link set lo up
ip addr add 192.0.2.50/32 dev lo
tcpdump -q -Z root -i lo -U -w "$here/../../l7/dubbo/testdata/go.pcap" 'tcp port 20880' 2>/dev/null &
dump=$!
sleep 1
"${TMPDIR:-/tmp}/dubbo-peer" 192.0.2.50:20880
sleep 1
kill $dump
wait $dump || true
