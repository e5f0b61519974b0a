#!/bin/sh
# Records the DNS cases of testdata/golden: dnsmasq asked by the C library, by
# curl and by hand.
. "$(dirname "$0")/lab.sh"
need dnsmasq
switch
host client 192.0.2.10 2001:db8::10
host app 192.0.2.30
host stock 192.0.2.40
host dns 192.0.2.53 2001:db8::53
long=$(printf '%0200d' 7)
start dns dnsmasq -k -C /dev/null --no-resolv --no-hosts --bind-interfaces --listen-address=192.0.2.53,2001:db8::53 --user=root \
	--pid-file="$work/dns.pid" --local=/example/ --edns-packet-max=4096 --host-record=app.example,192.0.2.30,2001:db8::30,60 --host-record=stock.example,192.0.2.40,60 --cname=www.example,app.example \
	--txt-record=long.example,"$long","$long","$long","$long","$long","$long","$long","$long","$long","$long"
start stock $python "$here/app.py" stock 192.0.2.40:9000 '{"/": {}}'
resolver app 192.0.2.53 $python "$here/app.py" app 192.0.2.30:9000 '{"/": {"calls": ["http://stock.example:9000/stock{path}"]}}'
listening dns 53; listening app 9000; listening stock 9000

# ask OPTIONS COMMAND... with this resolver configuration.
ask() {
	printf 'nameserver 192.0.2.53\noptions %s\n' "$1" >"$work/resolv.conf"
	shift
	on client sh -c "mount --bind $work/resolv.conf /etc/resolv.conf && exec \"\$@\"" sh "$@"
}
record() {
	name=$1 what=$2; shift 2
	capture "$golden/$name.pcap" switch 'udp or tcp or ip6'
	"$@" >/dev/null 2>&1 || true
	captured
	echo "Recorded by testdata/make/dns.sh: $what." >"$golden/$name.md"
}
by_hand() { on client $python "$here/talk.py" "$@"; }
record dns-udp 'A and AAAA of a name with a CNAME, by the C library' ask timeout:1 getent ahosts www.example
record dns-tcp 'the same over TCP (use-vc)' ask use-vc getent ahosts www.example
record dns-tcp-twice 'two questions in one segment' by_hand dns 192.0.2.53 app.example A tcp again id=4660
record dns-call 'lookups followed by the call that uses them, at the client and within a service' \
	ask timeout:1 curl -sS -H 'X-Request-ID: 4c1f0a9be2d94a5c8f3d5e6b7a809132' http://app.example:9000/lookup
record dns-nxdomain 'a name that does not exist' ask timeout:1 getent ahosts nowhere.example
record dns-edns 'EDNS, by the C library' ask 'edns0 timeout:1' getent ahosts app.example
record dns-truncated 'an answer that does not fit: truncated, then asked again over TCP' ask 'timeout:1' sh -c "$python $here/talk.py dns 192.0.2.53 long.example TXT; $python $here/talk.py dns 192.0.2.53 long.example TXT tcp"
record dns-repeat 'the same question twice: the second is a repetition' by_hand dns 192.0.2.53 app.example A again id=4661
record dns-ipv6 'over IPv6' by_hand dns 2001:db8::53 app.example AAAA id=4662
record fragments-dns4 'an answer of 2 kB in IPv4 fragments' by_hand dns 192.0.2.53 long.example TXT edns=4096 id=4663
record fragments-dns6 'an answer of 2 kB in IPv6 fragments' by_hand dns 2001:db8::53 long.example TXT edns=4096 id=4664
multicast() {
	start app $python "$here/talk.py" mdns-answer 192.0.2.30 printer.local
	listening app 5353
	by_hand mdns-ask 192.0.2.10 printer.local
}
on client ip route add 224.0.0.0/4 dev eth0
on app ip route add 224.0.0.0/4 dev eth0
record dns-multicast 'a multicast question and its answer' multicast
ls -l "$golden"/dns-*.pcap "$golden"/fragments-*.pcap
