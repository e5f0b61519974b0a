#!/bin/sh
# Records l7/memcached/testdata/*/*.pcap from memcached in a network namespace
# of its own, with an address from the documentation range. Needs root, ip,
# tcpdump, memcached and python3. Run it anywhere: testdata/make/memcached.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	exec unshare -n "$here/memcached.sh" inside
fi
out=$here/../../l7/memcached/testdata
ip link set lo up
ip addr add 192.0.2.20/32 dev lo
memcached -u root -l 192.0.2.20 -p 11211 -U 11211 -m 64 &
server=$!
sleep 1

for part in text/plain text/meta binary/plain udp/plain; do
	tcpdump -q -Z root -i lo -U -w "$out/$part.pcap" 'port 11211' 2>/dev/null &
	dump=$!
	sleep 1
	python3 "$here/memcached.py" 192.0.2.20 $part
	sleep 1
	kill $dump
	wait $dump || true
done
kill $server
