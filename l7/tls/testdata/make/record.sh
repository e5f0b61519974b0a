#!/bin/sh
# Records ../*.pcap and ../keyed/*.pcap with their key logs from openssl, nginx
# and curl, in a network namespace of its own with addresses from the
# documentation range, and writes the sessions ../*.txt out of some of them. Needs
# root, ip, tcpdump, openssl, nginx, curl and python3. Run it in this directory.
set -eu

[ "${1:-}" = inside ] || exec unshare -n "$0" inside

dir=$(mktemp -d)
out=$(cd .. && pwd)
mkdir -p "$out/keyed"
ip link set lo up
ip addr add 192.0.2.10/32 dev lo
ip addr add 192.0.2.20/32 dev lo

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/key.pem" -out "$dir/cert.pem" -days 3650 \
	-subj "/O=Example/CN=shop.example" -addext "subjectAltName=DNS:shop.example,DNS:*.shop.example,IP:192.0.2.20" 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/ckey.pem" -out "$dir/ccert.pem" -days 3650 \
	-subj "/CN=client.example" 2>/dev/null
cp "$dir/key.pem" "$out/keyed/server.key"

dump() { # name
	tcpdump -q -Z root -i lo --immediate-mode -U -w "$out/$1.pcap" "tcp and not host 127.0.0.1" 2>/dev/null &
	dump=$!
	sleep 0.7
}
done_dump() {
	sleep 0.5
	kill $dump
	wait $dump || true
}

# openssl's server answers every request with a page about the connection;
# requests are typed one after the other, so that there are several turns.
ask() { # arguments of s_client
	{ sleep 0.5; printf 'GET /one HTTP/1.0\r\nHost: shop.example\r\n\r\n'; sleep 0.7; } |
		openssl s_client -quiet -connect 192.0.2.20:4433 -bind 192.0.2.10:0 -servername shop.example "$@" >/dev/null 2>&1 || true
}

session() { # name, arguments of s_server, --, arguments of s_client
	name=$1
	shift
	server=
	while [ "$1" != -- ]; do server="$server $1"; shift; done
	shift
	rm -f "$dir/keylog"
	# shellcheck disable=SC2086
	openssl s_server -accept 192.0.2.20:4433 -cert "$dir/cert.pem" -key "$dir/key.pem" -www -quiet -keylogfile "$dir/keylog" $server >/dev/null 2>&1 &
	srv=$!
	sleep 0.4
	dump "$name"
	ask "$@"
	done_dump
	kill $srv
	wait $srv 2>/dev/null || true
	case $name in keyed/*) cp "$dir/keylog" "$out/$name.keys" ;; esac
}

low="-cipher ALL:@SECLEVEL=0"
session keyed/tls12-gcm -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 -- -tls1_2
session keyed/tls12-gcm256 -tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384 -- -tls1_2
session keyed/tls12-chacha -tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305 -- -tls1_2
session keyed/tls12-cbc-etm -tls1_2 -cipher ECDHE-RSA-AES128-SHA256 -- -tls1_2
session keyed/tls12-cbc-mac -tls1_2 -cipher ECDHE-RSA-AES256-SHA384 -no_etm -- -tls1_2
session keyed/tls12-rsa -tls1_2 -cipher AES128-SHA -- -tls1_2
session keyed/tls12-rsa-gcm -tls1_2 -cipher AES256-GCM-SHA384 -- -tls1_2
session keyed/tls10-rsa-cbc -tls1 -cipher AES128-SHA:@SECLEVEL=0 -- -tls1 -cipher AES128-SHA:@SECLEVEL=0
session keyed/tls11-cbc -tls1_1 -cipher ECDHE-RSA-AES256-SHA:@SECLEVEL=0 -- -tls1_1 -cipher ALL:@SECLEVEL=0
session keyed/tls13-aes128 -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -- -tls1_3
session keyed/tls13-aes256 -tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 -- -tls1_3
session keyed/tls13-chacha -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256 -- -tls1_3
session keyed/tls13-retry -tls1_3 -groups P-384 -- -tls1_3 -groups X25519:P-384
session keyed/tls13-clientcert -tls1_3 -Verify 1 -- -tls1_3 -cert "$dir/ccert.pem" -key "$dir/ckey.pem"
session alert-no-cipher -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 -- -tls1_2 -cipher AES256-SHA
session alert-version -tls1_3 -- -tls1_2
session alert-unknown-ca -tls1_2 -- -tls1_2 -verify_return_error -CAfile "$dir/ccert.pem"
session ssl2-hello $low -- -tls1_2

# Two connections: the second resumes the session of the first.
resume() { # name, version flag, more for the client's second connection
	name=$1 version=$2
	shift 2
	rm -f "$dir/keylog" "$dir/sess"
	openssl s_server -accept 192.0.2.20:4433 -cert "$dir/cert.pem" -key "$dir/key.pem" -www -quiet -keylogfile "$dir/keylog" "$version" >/dev/null 2>&1 &
	srv=$!
	sleep 0.4
	ask "$version" -sess_out "$dir/sess"
	dump "$name"
	ask "$version" -sess_in "$dir/sess" "$@"
	done_dump
	kill $srv
	wait $srv 2>/dev/null || true
	cp "$dir/keylog" "$out/$name.keys"
}
resume keyed/tls12-resumed -tls1_2
resume keyed/tls13-resumed -tls1_3

# Early data: the server's answers are typed, one per connection.
printf 'GET /early HTTP/1.1\r\nHost: shop.example\r\n\r\n' >"$dir/early"
rm -f "$dir/keylog" "$dir/sess"
{ sleep 1.2; printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1\n'; sleep 2.6; printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n2\n'; sleep 2; } |
	openssl s_server -accept 192.0.2.20:4433 -cert "$dir/cert.pem" -key "$dir/key.pem" -quiet -early_data -no_anti_replay -keylogfile "$dir/keylog" -tls1_3 >/dev/null 2>&1 &
srv=$!
sleep 0.4
{ sleep 0.3; printf 'GET /one HTTP/1.1\r\nHost: shop.example\r\n\r\n'; sleep 1; } |
	timeout 2 openssl s_client -quiet -connect 192.0.2.20:4433 -bind 192.0.2.10:0 -servername shop.example -tls1_3 -sess_out "$dir/sess" >/dev/null 2>&1 || true
dump keyed/tls13-early
{ sleep 2.4; } | timeout 2 openssl s_client -quiet -connect 192.0.2.20:4433 -bind 192.0.2.10:0 -servername shop.example -tls1_3 -sess_in "$dir/sess" -early_data "$dir/early" >/dev/null 2>&1 || true
done_dump
kill $srv 2>/dev/null || true
cp "$dir/keylog" "$out/keyed/tls13-early.keys"

# A chat in which both sides change their keys (K) before they go on.
rm -f "$dir/keylog"
mkfifo "$dir/in"
openssl s_server -accept 192.0.2.20:4433 -cert "$dir/cert.pem" -key "$dir/key.pem" -tls1_3 -keylogfile "$dir/keylog" <"$dir/in" >/dev/null 2>&1 &
srv=$!
exec 3>"$dir/in"
sleep 0.4
dump keyed/tls13-update
{
	sleep 0.4
	printf 'GET /one HTTP/1.1\r\nHost: shop.example\r\n\r\n'; sleep 0.3
	printf 'K\n'; sleep 0.3
	printf 'GET /two HTTP/1.1\r\nHost: shop.example\r\n\r\n'; sleep 0.8
} | openssl s_client -connect 192.0.2.20:4433 -bind 192.0.2.10:0 -servername shop.example -tls1_3 >/dev/null 2>&1 &
sleep 1.4
printf 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none' >&3; sleep 0.6
printf '\nK\n' >&3; sleep 0.5
printf 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo' >&3; sleep 0.8
done_dump
exec 3>&-
kill $srv 2>/dev/null || true
cp "$dir/keylog" "$out/keyed/tls13-update.keys"

# nginx and curl: several requests on one connection, HTTP/1.1 and HTTP/2.
cat >"$dir/nginx.conf" <<END
daemon off;
pid $dir/pid;
error_log $dir/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f; uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  server {
    listen 192.0.2.20:8443 ssl http2;
    server_name shop.example;
    ssl_certificate $dir/cert.pem;
    ssl_certificate_key $dir/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / { return 200 "goods\n"; }
    location /none { return 404 "none\n"; }
  }
}
END
nginx -c "$dir/nginx.conf" &
ngx=$!
sleep 1
fetch() { # name, flags
	name=$1
	shift
	rm -f "$dir/curlkeys"
	dump "$name"
	SSLKEYLOGFILE="$dir/curlkeys" curl -sk --interface 192.0.2.10 --resolve shop.example:8443:192.0.2.20 "$@" \
		https://shop.example:8443/a https://shop.example:8443/none https://shop.example:8443/b >/dev/null || true
	done_dump
	case $name in keyed/*) cp "$dir/curlkeys" "$out/$name.keys" ;; esac
}
fetch keyed/nginx-http1-tls13 --http1.1
fetch keyed/nginx-http1-tls12 --http1.1 --tls-max 1.2
fetch keyed/nginx-http2-tls13 --http2
kill $ngx

cd "$out"
for c in keyed/nginx-http1-tls13 keyed/nginx-http1-tls12 keyed/tls12-resumed keyed/tls13-retry keyed/tls13-early alert-no-cipher alert-unknown-ca; do
	python3 make/session.py "$c.pcap" >"$(basename "$c").txt"
done
rm -f ssl2-hello.pcap
rm -r "$dir"
