#!/bin/sh
# Records l7/openwire/testdata/*.pcap from ActiveMQ and its own Java client in a
# network namespace, with addresses from the documentation range. Needs root, ip,
# tcpdump, a JDK with javac's source launcher and the jars of Debian's activemq.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	exec unshare -n "$here/openwire.sh" inside
fi
out=$here/../../l7/openwire/testdata
jars=$(ls /usr/share/java/activemq-*.jar /usr/share/java/geronimo-*.jar /usr/share/java/slf4j-api.jar /usr/share/java/slf4j-nop.jar /usr/share/java/hawtbuf*.jar 2>/dev/null | tr '\n' ':')
ip link set lo up
ip addr add 192.0.2.50/32 dev lo
for tight in true false; do
	name=loose
	[ $tight = true ] && name=tight
	tcpdump -q -Z root -i lo -U -w "$out/$name.pcap" 'tcp port 61616' 2>/dev/null &
	dump=$!
	sleep 1
	java -cp "$jars" "$here/OpenWire.java" 192.0.2.50 $tight || true
	sleep 1
	kill $dump
	wait $dump || true
done
