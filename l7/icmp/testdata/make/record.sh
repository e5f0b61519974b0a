#!/bin/sh
# Records ../ping4.pcap and ../ping6.pcap between two network namespaces with
# addresses from the documentation ranges; one address does not answer. Needs
# root, ip, unshare, tcpdump and ping. Run it in this directory.
set -eu
[ "${1:-}" = inside ] || exec unshare -n "$0" inside
ip link set lo up
for a in 192.0.2.10/32 192.0.2.20/32; do ip addr add $a dev lo; done
for a in 2001:db8::10/128 2001:db8::20/128; do ip addr add $a dev lo nodad; done
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 198.51.100.1/24 dev v0
ip neigh add 198.51.100.9 lladdr 02:00:00:00:00:09 dev v0
record() { # name, device, filter, then ping
	name=$1 dev=$2 filter=$3
	shift 3
	tcpdump -q -Z root -i "$dev" --immediate-mode -U -w "../$name.pcap" "$filter" 2>/dev/null &
	dump=$!
	sleep 0.7
	"$@" >/dev/null || true
	sleep 0.5
	kill $dump
	wait $dump || true
}
record ping4 lo icmp ping -q -c 3 -i 0.1 -I 192.0.2.10 192.0.2.20
record ping6 lo icmp6 ping -6 -q -c 3 -i 0.1 -I 2001:db8::10 2001:db8::20
record silent v0 icmp ping -q -c 2 -i 0.1 -W 1 198.51.100.9
