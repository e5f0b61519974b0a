#!/bin/sh
# Records l7/nats/testdata/*.pcap from nats-server in a network namespace of its
# own, with addresses from the documentation range. Needs root, ip, tcpdump,
# nats-server and python3. Run it anywhere: testdata/make/nats.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	exec unshare -n "$here/nats.sh" inside
fi
out=$here/../../l7/nats/testdata
dir=$(mktemp -d)
ip link set lo up
ip addr add 192.0.2.40/32 dev lo
nats-server -a 192.0.2.40 -p 4222 -js -sd "$dir" -n recorder >"$dir/log" 2>&1 &
server=$!
nats-server -a 192.0.2.40 -p 4223 --user u --pass p >"$dir/log2" 2>&1 &
locked=$!
sleep 1
for part in core verbose jetstream refused; do
	tcpdump -q -Z root -i lo -U -w "$out/$part.pcap" 'tcp port 4222 or tcp port 4223' 2>/dev/null &
	dump=$!
	sleep 1
	python3 "$here/nats.py" 192.0.2.40 $part || true
	sleep 1
	kill $dump
	wait $dump || true
done
kill $server $locked
wait || true
rm -r "$dir"
