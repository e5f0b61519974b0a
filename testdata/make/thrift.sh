#!/bin/sh
# Records l7/thrift/testdata/*.pcap from Apache Thrift's Go library in a network
# namespace of its own, with an address from the documentation range. Needs root,
# ip, tcpdump and go. Run it anywhere: testdata/make/thrift.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	(cd "$here/../e2e/thrift" && go build -o "${TMPDIR:-/tmp}/thrift-peer" .)
	exec unshare -n "$here/thrift.sh" inside
fi
out=$here/../../l7/thrift/testdata
ip link set lo up
ip addr add 192.0.2.40/32 dev lo
for mode in binary framed compact framed-compact header; do
	tcpdump -q -Z root -i lo -U -w "$out/go-$mode.pcap" 'tcp port 9090' 2>/dev/null &
	dump=$!
	sleep 1
	"${TMPDIR:-/tmp}/thrift-peer" 192.0.2.40:9090 $mode
	sleep 1
	kill $dump
	wait $dump || true
done
