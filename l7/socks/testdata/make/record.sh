#!/bin/sh
# Records ../*.pcap from danted and microsocks with curl and nginx behind them,
# in a network namespace of its own with addresses from the documentation range,
# and writes the sessions ../*.txt out of them. Needs root, ip, tcpdump, danted,
# microsocks, nginx, curl and python3. Run it in this directory.
set -eu

[ "${1:-}" = inside ] || exec unshare -n "$0" inside

dir=$(mktemp -d)
ip link set lo up
ip addr add 192.0.2.10/32 dev lo
ip addr add 192.0.2.20/32 dev lo
ip addr add 192.0.2.30/32 dev lo

cat >"$dir/nginx.conf" <<END
daemon off;
pid $dir/pid;
error_log $dir/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  server { listen 192.0.2.30:80; location / { return 200 "goods\n"; } }
}
END
nginx -c "$dir/nginx.conf" &
ngx=$!
cat >"$dir/danted.conf" <<END
logoutput: $dir/danted.log
internal: 192.0.2.20 port = 1080
external: 192.0.2.20
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: root
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks block { from: 0.0.0.0/0 to: 192.0.2.10/32 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 protocol: tcp udp }
END
danted -f "$dir/danted.conf" &
dante=$!
microsocks -i 192.0.2.20 -p 1081 -u user -P secret >/dev/null 2>&1 &
micro=$!
sleep 1.5

record() { # name, port, arguments of curl
	name=$1 port=$2
	shift 2
	tcpdump -q -Z root -i lo --immediate-mode -U -w "../$name.pcap" "tcp port $port" 2>/dev/null &
	dump=$!
	sleep 0.7
	curl -s --interface 192.0.2.10 --max-time 5 "$@" >/dev/null || true
	sleep 0.5
	kill $dump
	wait $dump || true
	python3 ../../../tls/testdata/make/session.py "../$name.pcap" >"../$name.txt"
}
record socks5 1080 --socks5 192.0.2.20:1080 http://192.0.2.30/a
record socks5-name 1080 --socks5-hostname 192.0.2.20:1080 http://192.0.2.30/a
record socks4 1080 --socks4 192.0.2.20:1080 http://192.0.2.30/a
record socks4a 1080 --socks4a 192.0.2.20:1080 http://localhost/a
record blocked 1080 --socks5 192.0.2.20:1080 http://192.0.2.10/a
record unreachable 1080 --socks5 192.0.2.20:1080 http://192.0.2.30:81/a
record password 1081 --socks5 user:secret@192.0.2.20:1081 http://192.0.2.30/a
record wrong-password 1081 --socks5 user:wrong@192.0.2.20:1081 http://192.0.2.30/a
record no-method 1081 --socks5 192.0.2.20:1081 http://192.0.2.30/a
kill $ngx $dante $micro
rm -r "$dir"
