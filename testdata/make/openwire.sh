#!/bin/sh
# Records l7/openwire/testdata/*.pcap from ActiveMQ and its own Java client in a
# network namespace, with addresses from the documentation range, in several
# versions of the wire format; then writes what ActiveMQ's marshallers make of
# every kind of command (marshalled.gz, plain.txt, loose3.txt). Needs root, ip,
# tcpdump, python3, a JDK with javac's source launcher and the jars of Debian's
# activemq.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	exec unshare -n "$here/openwire.sh" inside
fi
out=$here/../../l7/openwire/testdata
jars=$(ls /usr/share/java/activemq-*.jar /usr/share/java/geronimo-*.jar /usr/share/java/slf4j-api.jar /usr/share/java/slf4j-nop.jar /usr/share/java/hawtbuf*.jar 2>/dev/null | tr '\n' ':')
ip link set lo up
ip addr add 192.0.2.50/32 dev lo

# record NAME VERSION TIGHT
record() {
	tcpdump -q -Z root -i lo -U -w "$out/$1.pcap" 'tcp port 61616' 2>/dev/null &
	dump=$!
	sleep 1
	timeout 60 java -cp "$jars" "$here/OpenWire.java" 192.0.2.50 "$2" "$3" || true
	sleep 1
	kill $dump
	wait $dump || true
}
record tight 12 true
record loose 12 false
record version1 1 true
record version6 6 true
record version9 9 false

commands() { java -cp "$jars" "$here/OpenWireCommands.java" "$@"; }
# session TITLE: text as l7test reads it, from a line per command.
session() {
	python3 -c '
import sys
print("#", sys.argv[1])
for line in sys.stdin:
    if line[0] in "<>":
        text = "".join(chr(c) if 32 <= c < 127 and c not in (34, 92) else "\\x%02x" % c for c in bytes.fromhex(line[2:].strip()))
        print(line[0], "\"" + text + "\"")' "$1"
}
commands | gzip -9n >"$out/marshalled.gz"
commands 12 3 | session "Every kind of command as ActiveMQ marshals it: version 12, tight encoding, cache." >"$out/plain.txt"
commands 3 4 | sed -n '1,3p;5,6p;10,11p;14p;18p;20p' |
	session "Commands as ActiveMQ marshals them: version 3, loose encoding, no cache, exceptions with frames." >"$out/loose3.txt"
