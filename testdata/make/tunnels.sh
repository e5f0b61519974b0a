#!/bin/sh
# Records the tunnelled captures of testdata/golden: the kernel's VXLAN between
# two hosts, once with room for the outer headers and once without, so that
# the outer datagrams are fragmented.
. "$(dirname "$0")/lab.sh"
need
switch
host east 192.0.2.10
host west 192.0.2.30
overlay() { # MTU
	for h in "east 192.0.2.30 198.51.100.10" "west 192.0.2.10 198.51.100.30"; do
		# shellcheck disable=SC2086
		set -- $h "$1"
		on "$1" ip link del vx0 2>/dev/null || true
		on "$1" ip link add vx0 type vxlan id 42 remote "$2" dstport 4789
		on "$1" ip link set vx0 mtu "$4" up
		on "$1" ip addr add "$3/24" dev vx0
		on "$1" ethtool -K vx0 tso off gso off gro off tx off rx off >/dev/null 2>&1 || true
		set -- "$4"
	done
}
overlay 1450
start west $python "$here/app.py" app 198.51.100.30:9000 '{"/": {"size": 1900}}'
listening west 9000
record() {
	capture "$golden/$1.pcap" switch udp or 'ip[6:2] & 0x1fff != 0'
	get east -H 'X-Request-ID: 9b0c2f4d1f6e4a0db8a1c5e7a2d3f4b5' "http://198.51.100.30:9000/$1"
	captured
	echo "Recorded by testdata/make/tunnels.sh: $2." >"$golden/$1.md"
}
record vxlan 'a call inside the VXLAN of the kernel'
overlay 1500
record vxlan-fragments 'the same with outer datagrams that do not fit and are fragmented'
ls -l "$golden"/vxlan*.pcap
