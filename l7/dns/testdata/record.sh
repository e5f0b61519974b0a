#!/bin/sh
# Records udp/*.pcap and tcp/*.pcap from dnsmasq and unbound, in a network
# namespace of its own with addresses from the documentation range. Needs root,
# ip, tcpdump, dnsmasq, unbound and go. Run it in this directory.
set -eu

if [ "${1:-}" != inside ]; then
	go build -o "${TMPDIR:-/tmp}/dns-ask" ./ask.go
	exec unshare -n "$0" inside
fi

ask=${TMPDIR:-/tmp}/dns-ask
dir=$(mktemp -d)
ip link set lo up
ip addr add 192.0.2.10/32 dev lo
ip addr add 192.0.2.53/32 dev lo
ip addr add 192.0.2.54/32 dev lo

txt=$(printf 'k%.0s' $(seq 200))
dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --no-daemon --user=root --port=53 \
	--listen-address=192.0.2.53 --bind-interfaces --pid-file="$dir/dnsmasq.pid" \
	--host-record=shop.example,192.0.2.80,2001:db8::80 --cname=www.example,shop.example --local=/example/ \
	--mx-host=example,mx.example,10 --srv-host=_http._tcp.example,shop.example,8080 \
	--txt-record=example,"v=spf1 -all" --txt-record=long.example,$txt,$txt,$txt,$txt \
	--ptr-record=80.2.0.192.in-addr.arpa,shop.example --caa-record=example,0,issue,ca.example >"$dir/dnsmasq.log" 2>&1 &
dnsmasq=$!
cat >"$dir/unbound.conf" <<END
server:
  interface: 192.0.2.54
  access-control: 192.0.2.0/24 allow
  directory: "$dir"
  pidfile: ""
  username: ""
  chroot: ""
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
  local-zone: "example." static
  local-data: "db.example. 300 IN A 192.0.2.33"
  local-data: "db.example. 300 IN AAAA 2001:db8::33"
  local-data: "svc.example. 300 IN HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.33"
  local-data: 'z.example. 300 IN NAPTR 100 10 "u" "E2U+sip" "!^.*\$!sip:a@example!" .'
  local-zone: "refused.example." refuse
END
unbound -d -c "$dir/unbound.conf" >"$dir/unbound.log" 2>&1 &
unbound=$!
sleep 2

record() { # file, filter, then arguments of ask
	file=$1 filter=$2
	shift 2
	tcpdump -q -Z root -i lo -U -w "$file" "$filter" 2>/dev/null &
	dump=$!
	sleep 1
	"$ask" "$@"
	sleep 1
	kill $dump
	wait $dump || true
}

record udp/dnsmasq.pcap 'udp port 53' -server 192.0.2.53 www.example/A shop.example/AAAA nothing.example/A example/MX \
	example/TXT _http._tcp.example/SRV 80.2.0.192.in-addr.arpa/PTR example/CAA elsewhere.test/A long.example/TXT
record udp/unbound.pcap 'udp port 53' -server 192.0.2.54 -edns -repeat svc.example/HTTPS db.example/A nothing.example/A a.refused.example/A z.example/NAPTR
record tcp/dnsmasq.pcap 'tcp port 53' -server 192.0.2.53 -tcp long.example/TXT www.example/A
record tcp/unbound.pcap 'tcp port 53' -server 192.0.2.54 -port 40054 -tcp -pipeline db.example/A db.example/AAAA nothing.example/A svc.example/HTTPS

kill $dnsmasq $unbound
rm -r "$dir"
