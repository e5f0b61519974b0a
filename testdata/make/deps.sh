#!/bin/sh
# Installs the programs that tests and benchmarks compare with or record from.
# Nothing that is there already is touched. Without root, or where apt is
# missing, it says what will be skipped and ends with status 0: every test that
# needs one of these programs skips by itself.
#
# Usage: deps.sh [test|race|bench|packages|kernels|accuracy]
set -eu
purpose=${1:-test}
PATH=$PATH:/usr/sbin:/sbin

# program:package, and what skips without it.
case $purpose in
test) want="tshark:tshark tcpdump:tcpdump python3:python3 jsonschema:python3-jsonschema ip:iproute2 nginx:nginx-light setpriv:util-linux curl:curl wrk:wrk dig:bind9-dnsutils dnsmasq:dnsmasq-base ovs-vsctl:openvswitch-switch tc:iproute2 ethtool:ethtool haproxy:haproxy nft:nftables iptables:iptables redis-server:redis-server openssl:openssl unshare:util-linux ss:iproute2 pg_ctlcluster:postgresql nc:netcat-openbsd" lost="comparisons with tshark and with tcpdump's filters, the scorers, the pipe in a network namespace" ;;
race) want="gcc:gcc cc:libc6-dev" lost="the race detector, which needs a C compiler" ;;
bench) want="tcpdump:tcpdump capinfos:tshark nginx:nginx-light wrk:wrk ip:iproute2 ethtool:ethtool time:time" lost="captures for the benchmarks, and comparisons with other programs" ;;
packages) want="rpm:rpm dpkg:dpkg setcap:libcap2-bin setpriv:util-linux curl:curl python3:python3 ip:iproute2 man:man-db" lost="installing the packages" ;;
kernels) want="qemu-system-x86_64:qemu-system-x86 cpio:cpio" lost="booting other kernels" ;;
accuracy) want="python3:python3 node:nodejs java:default-jre-headless javac:default-jdk-headless nginx:nginx-light haproxy:haproxy php-fpm8.2:php-fpm ip:iproute2" lost="servers that calls are measured of" ;;
*) echo "deps: unknown purpose $purpose (test, race, bench, packages, kernels, accuracy)" >&2; exit 2 ;;
esac

# Servers that tests start for themselves, and what runs the engine of chdb: taken
# where the distribution has them, each by itself, never started here.
optional() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 0
	fence=/usr/sbin/policy-rc.d
	for pair in /usr/sbin/clickhouse-server:clickhouse-server /usr/share/java/zookeeper.jar:zookeeper node:nodejs npm:npm; do
		file=${pair%%:*}
		[ -e "$file" ] || command -v "$file" >/dev/null 2>&1 && continue
		[ -e "$fence" ] && made= || { printf '#!/bin/sh\nexit 101\n' >"$fence" && chmod +x "$fence" && made=1; }
		DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "${pair#*:}" >/dev/null 2>&1 ||
			echo "deps: no package ${pair#*:} here; tests that need it skip" >&2
		[ -z "$made" ] || rm -f "$fence"
		[ "${pair#*:}" != clickhouse-server ] || systemctl disable -q clickhouse-server >/dev/null 2>&1 || true
	done
}
[ "$purpose" != test ] || optional

missing=
for pair in $want; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0

skip() {
	echo "deps: $1; skipped without$missing: $lost" >&2
	exit 0
}
[ "$(id -u)" = 0 ] || skip "not root, so nothing is installed (as root: apt-get install$missing)"
command -v apt-get >/dev/null 2>&1 || skip "no apt-get here"

export DEBIAN_FRONTEND=noninteractive
echo "deps: installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
	# shellcheck disable=SC2086 # words
	apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 $missing >"$log" 2>&1
}
install || { apt-get update -q >"$log" 2>&1 && install; } || { tail -n 5 "$log" >&2; skip "apt-get failed"; }
