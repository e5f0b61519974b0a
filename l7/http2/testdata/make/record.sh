#!/bin/sh
# Records ../*.pcap and ../upgrade/*.pcap from nginx, nghttpd and grpc-go as
# servers and curl, nghttp and grpc-go as clients, in a network namespace of its
# own with addresses from the documentation range. Needs root, ip, tcpdump,
# nginx, curl, nghttp2-client, nghttp2-server and go. Run it in this directory.
set -eu

calls=${TMPDIR:-/tmp}/http2-calls
if [ "${1:-}" != inside ]; then
	go build -o "$calls" ./calls.go
	exec unshare -n "$0" inside
fi

dir=$(mktemp -d)
nginx= nghttpd= server= web= dump=
trap 'kill $nginx $nghttpd $server $web $dump 2>/dev/null; cat "$dir"/*.log; rm -r "$dir"' EXIT
ip link set lo up mtu 1500
for host in 10 80 81 82; do
	ip addr add 192.0.2.$host/32 dev lo
done
mkdir "$dir/www" "$dir/up"
head -c 20000 /dev/zero | tr '\0' x >"$dir/www/big.txt"
echo 'body { color: red }' >"$dir/www/style.css"
echo '<link rel=stylesheet href=style.css>' >"$dir/www/index.html"

cat >"$dir/nginx.conf" <<END
daemon off; worker_processes 1; pid $dir/nginx.pid; error_log $dir/error.log; user root;
events {}
http {
	access_log off; client_body_temp_path $dir/up; proxy_temp_path $dir/up; fastcgi_temp_path $dir/up; uwsgi_temp_path $dir/up; scgi_temp_path $dir/up;
	server {
		listen 192.0.2.80:80 http2;
		add_header X-Request-ID \$request_id;
		root $dir/www; http2_push_preload on;
		location = /index.html { add_header Link "</style.css>; as=style; rel=preload"; add_header X-Request-ID \$request_id; }
		location /missing { return 404 "no\n"; }
		location /broken { return 500 "sorry\n"; }
		location /post { dav_methods PUT; root $dir/up; }
		location /wirespan.test.Shop/ { grpc_pass grpc://192.0.2.82:50051; }
	}
}
END
nginx -c "$dir/nginx.conf" 2>"$dir/nginx.log" &
nginx=$!
nghttpd --no-tls -d "$dir/www" -p/index.html=/style.css --trailer 'x-correlation-id: push-1' -a 192.0.2.81 8080 >"$dir/nghttpd.log" 2>&1 &
nghttpd=$!
"$calls" serve 192.0.2.82:50051 2>"$dir/serve.log" &
server=$!
"$calls" web 192.0.2.81:8081 2>"$dir/web.log" &
web=$!
sleep 2

start() { # file, filter
	tcpdump -q -Z root -i lo -U -w "$1" "$2" 2>/dev/null &
	dump=$!
	sleep 1
}
stop() {
	sleep 1
	kill $dump
	wait $dump || true
	dump=
}

start ../nginx.pcap 'tcp port 80'
curl -s --interface 192.0.2.10 --http2-prior-knowledge -H 'X-Request-ID: 7f3a9c0e5d214b77' -o /dev/null -o /dev/null -o /dev/null -o /dev/null \
	'http://192.0.2.80/index.html?a=1' http://192.0.2.80/missing http://192.0.2.80/broken http://192.0.2.80/style.css || echo "exit $?"
curl -s --interface 192.0.2.10 --http2-prior-knowledge -T "$dir/www/big.txt" -o /dev/null http://192.0.2.80/post/up.txt || echo "exit $?"
curl -s --interface 192.0.2.10 --http2-prior-knowledge -I -o /dev/null http://192.0.2.80/big.txt || echo "exit $?"
stop
start ../nghttp.pcap 'tcp port 80 or tcp port 8080'
nghttp -n --no-dep http://192.0.2.80/index.html http://192.0.2.80/style.css http://192.0.2.80/missing || echo "exit $?" # push, all at once
nghttp -n --continuation -b 8 http://192.0.2.80/style.css >/dev/null || echo "exit $?" # padding, priorities
nghttp -n -s http://192.0.2.81:8080/index.html http://192.0.2.81:8080/big.txt >/dev/null || echo "exit $?"
stop
start ../upgrade/h2c.pcap 'tcp port 8081'
curl -s --interface 192.0.2.10 --http2 -o /dev/null -o /dev/null http://192.0.2.81:8081/first http://192.0.2.81:8081/second || echo "exit $?"
nghttp -n -u http://192.0.2.81:8081/third http://192.0.2.81:8081/fourth || echo "exit $?"
stop
start ../grpc.pcap 'tcp port 50051'
"$calls" call 192.0.2.82:50051 2>"$dir/call.log" || echo "exit $?"
stop
start ../grpc-nginx.pcap 'tcp port 80 or tcp port 50051'
"$calls" call 192.0.2.80:80 2>"$dir/proxied.log" || echo "exit $?"
stop
mkfifo "$dir/go"
"$calls" -warm call 192.0.2.82:50051 <"$dir/go" >"$dir/ready" 2>"$dir/late.log" &
late=$!
exec 3>"$dir/go"
until grep -q ready "$dir/ready"; do sleep 1; done
start ../grpc-late.pcap 'tcp port 50051'
echo >&3
wait $late || echo "exit $?"
stop

