#!/bin/sh
# Records l7/mqtt/testdata/*.pcap from mosquitto and its clients in a network
# namespace of its own, with addresses from the documentation range. Needs root,
# ip, tcpdump, mosquitto, mosquitto-clients and python3. Run it anywhere:
# testdata/make/mqtt.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	exec unshare -n "$here/mqtt.sh" inside
fi
out=$here/../../l7/mqtt/testdata
dir=$(mktemp -d)
ip link set lo up
ip addr add 192.0.2.20/32 dev lo
cat >"$dir/conf" <<'CONF'
per_listener_settings true
listener 1883 192.0.2.20
allow_anonymous true
listener 1884 192.0.2.20
allow_anonymous false
CONF
mosquitto -c "$dir/conf" &
broker=$!
sleep 1

record() { # name, then what to run
	tcpdump -q -Z root -i lo -U -w "$out/$1.pcap" 'tcp port 1883 or tcp port 1884' 2>/dev/null &
	dump=$!
	sleep 1
	shift
	"$@"
	sleep 1
	kill $dump
	wait $dump || true
}

clients() { # version, QoS
	mosquitto_sub -h 192.0.2.20 -V "$1" -i "listener-$1" -q "$2" -t 'plant/+/temperature' -t 'plant/7/#' -W 2 -C 3 >/dev/null &
	sub=$!
	sleep 0.3
	mosquitto_pub -h 192.0.2.20 -V "$1" -i "sensor-$1" -q "$2" -t plant/7/temperature -m 21.5
	mosquitto_pub -h 192.0.2.20 -V "$1" -q "$2" -r -t plant/9/temperature -m "$(head -c 3000 /dev/zero | tr '\0' x)" --will-topic plant/9/gone --will-payload gone
	mosquitto_pub -h 192.0.2.20 -V "$1" -q "$2" -t plant/7/humidity -n
	wait $sub || true
	mosquitto_sub -h 192.0.2.20 -V "$1" -q 1 -t 'plant/9/#' -U 'plant/7/#' -W 1 >/dev/null || true
}
all() {
	clients mqttv31 1
	clients mqttv311 1
	clients mqttv311 2
}
five() {
	clients mqttv5 1
	clients mqttv5 2
	# A request and its answer, a shared subscription, trace contexts in user properties.
	mosquitto_sub -h 192.0.2.20 -V 5 -q 1 -t '$share/workers/jobs/#' -C 1 -W 2 >/dev/null &
	worker=$!
	mosquitto_rr -h 192.0.2.20 -V 5 -q 1 -t jobs/add -e jobs/answers/1 -D publish correlation-data c0ffee -m 1+1 \
		-D publish user-property traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 -W 1 >/dev/null &
	asker=$!
	sleep 0.4
	mosquitto_pub -h 192.0.2.20 -V 5 -q 1 -t jobs/answers/1 -D publish correlation-data c0ffee -m 2
	wait $worker $asker || true
}
refused() {
	mosquitto_pub -h 192.0.2.20 -p 1884 -V mqttv311 -u nobody -P secret -t a/b -m x 2>/dev/null || true
	mosquitto_pub -h 192.0.2.20 -p 1884 -V 5 -u nobody -P secret -t a/b -m x 2>/dev/null || true
}
record versions all
record five five
record refused refused
record alias python3 "$here/mqtt.py" 192.0.2.20
kill $broker
rm -r "$dir"
