#!/bin/sh
# Records l7/redis/testdata/*.pcap from redis-server in a network namespace of
# its own, with addresses from the documentation range. Needs root, ip, tcpdump,
# redis-server and python3. Run it anywhere: testdata/make/redis.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	exec unshare -n "$here/redis.sh" inside
fi
out=$here/../../l7/redis/testdata
dir=$(mktemp -d)
ip link set lo up
ip addr add 192.0.2.10/32 dev lo
ip addr add 192.0.2.11/32 dev lo

redis-server --bind 192.0.2.10 --port 6379 --protected-mode no --dir "$dir" --save '' --repl-diskless-sync-delay 0 --logfile "$dir/a.log" &
master=$!
trap 'kill $master; rm -rf "$dir"' EXIT
sleep 1

record() { # name, then what to run
	tcpdump -q -Z root -i lo -U -w "$out/$1.pcap" 'tcp port 6379' 2>/dev/null &
	dump=$!
	sleep 1
	shift
	"$@"
	sleep 1
	kill $dump
	wait $dump || true
}

for part in plain pubsub reply resp3 queues errors; do
	record $part python3 "$here/redis.py" 192.0.2.10 $part
done
replica() {
	redis-server --bind 192.0.2.11 --port 6379 --protected-mode no --dir "$dir" --save '' --dbfilename b.rdb --logfile "$dir/b.log" \
		--replicaof 192.0.2.10 6379 --repl-ping-replica-period 1 &
	slave=$!
	sleep 2
	python3 "$here/redis.py" 192.0.2.10 writes
	sleep 1
	kill $slave
}
record replica replica
