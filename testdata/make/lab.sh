# Sourced by the recording scripts: hosts in network namespaces on one bridge,
# servers and captures in them, and an end that takes everything down again.
# Segmentation and checksum offload are off, as on a wire. Addresses are from
# the documentation ranges (RFC 5737, RFC 3849), names end in .example.
#
#	need nginx tcpdump     ask for programs
#	host app 192.0.2.30    a namespace with eth0 on the bridge
#	on app COMMAND...      run there, wait for the end
#	start app COMMAND...   run there until the lab ends
#	capture FILE HOST [FILTER]; captured    record between the two; HOST
#	                       "switch" sees every frame on the bridge
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../golden
lab=wl$$
work=$(mktemp -d)
chmod 755 "$work"
pids= hosts= dump= python=python3
[ -x /usr/bin/python3 ] && python=/usr/bin/python3

need() {
	[ "$(id -u)" = 0 ] || { echo "$0: needs root for network namespaces" >&2; exit 1; }
	for t in ip tcpdump curl ethtool "$@"; do
		command -v "$t" >/dev/null || { echo "$0: $t is missing" >&2; exit 1; }
	done
}

clean() {
	for p in $pids $dump; do kill "$p" 2>/dev/null || true; done
	sleep 0.2
	for h in $hosts; do ip netns del "$lab$h" 2>/dev/null || true; done
	ip netns del "${lab}switch" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

switch() {
	ip netns add "${lab}switch"
	ip -n "${lab}switch" link add br0 type bridge
	ip -n "${lab}switch" link set br0 up
}

# host NAME ADDRESS... puts a host on the bridge.
host() {
	h=$1; shift
	hosts="$hosts $h"
	ip netns add "$lab$h"
	ip link add eth0 netns "$lab$h" type veth peer name "p$h" netns "${lab}switch"
	ip -n "${lab}switch" link set "p$h" master br0 up
	ip -n "$lab$h" link set lo up
	ip -n "$lab$h" link set eth0 up
	for a; do
		case $a in
		*:*) ip -n "$lab$h" addr add "$a/64" dev eth0 nodad ;;
		*) ip -n "$lab$h" addr add "$a/24" dev eth0 ;;
		esac
	done
	for n in "$lab$h eth0" "${lab}switch p$h"; do
		# shellcheck disable=SC2086
		set -- $n
		ip netns exec "$1" ethtool -K "$2" tso off gso off gro off tx off rx off >/dev/null 2>&1 || true
	done
}

on() { h=$1; shift; ip netns exec "$lab$h" "$@"; }

start() {
	h=$1; shift
	ip netns exec "$lab$h" "$@" >>"$work/$h.log" 2>&1 &
	pids="$pids $!"
}

# listening HOST PORT waits for a server; nothing is sent to it.
listening() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		if on "$1" ss -Hltun "sport = :$2" | grep -q .; then return; fi
		sleep 0.1
	done
	echo "$0: nothing listens on $1 port $2" >&2
	cat "$work/$1.log" >&2
	exit 1
}

# resolver HOST ADDRESS COMMAND... starts a command that asks this name server.
resolver() {
	h=$1 a=$2; shift 2
	echo "nameserver $a" >"$work/resolv.$h"
	start "$h" sh -c "mount --bind $work/resolv.$h /etc/resolv.conf && exec \"\$@\"" sh "$@"
}

capture() {
	file=$1 h=$2; shift 2
	if [ "$h" = switch ]; then i=br0; else i=eth0; fi
	ip netns exec "$lab$h" tcpdump -i "$i" -s 0 -U --immediate-mode -Z root -w "$file" "$@" 2>"$work/tcpdump.$(basename "$file")" &
	dump="$dump $!"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		if grep -qs listening "$work/tcpdump.$(basename "$file")"; then return; fi
		sleep 0.1
	done
}

captured() {
	sleep "${1:-0.3}"
	for p in $dump; do kill -INT "$p"; wait "$p" || true; done
	dump=
}

get() { h=$1; shift; on "$h" curl -sS -o /dev/null --max-time 10 "$@"; }
