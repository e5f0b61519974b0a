#!/bin/sh
# Records l7/amqp/testdata/*.pcap and l7/stomp/testdata/rabbitmq.pcap from
# RabbitMQ in a network namespace of its own, with addresses from the
# documentation range. Needs root, ip, tcpdump, rabbitmq-server, python3 and
# python3-pika. Run it anywhere: testdata/make/amqp.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	exec unshare -n "$here/amqp.sh" inside
fi
out=$here/../../l7/amqp/testdata
stomp=$here/../../l7/stomp/testdata
dir=$(mktemp -d)
ip link set lo up
ip addr add 192.0.2.30/32 dev lo

cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 192.0.2.30:5672
stomp.listeners.tcp.1 = 192.0.2.30:61613
loopback_users = none
CONF
echo '[rabbitmq_stomp].' >"$dir/plugins"
export HOME="$dir" RABBITMQ_NODENAME=wirespan@localhost RABBITMQ_MNESIA_BASE="$dir/data" RABBITMQ_LOG_BASE="$dir" \
	RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/plugins" RABBITMQ_PID_FILE="$dir/pid"
/usr/lib/rabbitmq/bin/rabbitmq-server >"$dir/out.log" 2>&1 &
broker=$!
for i in $(seq 60); do
	python3 -c 'import socket; socket.create_connection(("192.0.2.30", 61613), 1)' 2>/dev/null && break
	sleep 1
done

record() { # file, ports, then what to run
	tcpdump -q -Z root -i lo -U -w "$1" "$2" 2>/dev/null &
	dump=$!
	sleep 1
	shift 2
	"$@" || true
	sleep 1
	kill $dump
	wait $dump || true
}
for part in session confirms calls errors bodies; do
	record "$out/$part.pcap" 'tcp port 5672' /usr/bin/python3 "$here/amqp.py" 192.0.2.30 $part
done
mkdir -p "$stomp"
record "$stomp/rabbitmq.pcap" 'tcp port 61613' python3 "$here/stomp.py" 192.0.2.30
kill $broker
wait $broker || true
rm -rf "$dir"
