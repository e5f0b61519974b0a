#!/bin/sh
# Records testdata/golden/gateway-*.pcap: what nginx, HAProxy and Caddy do with
# request IDs, each form as a capture of its own.
#
#	client .10 -> gateway .20 -> app .30 (.31 for retries) -> stock .40
#
#	echo     the gateway makes an ID up, sends it on and returns it
#	noecho   the same, but the client never sees it
#	passon   the client's own ID goes through
#	replace  the client's ID is replaced; the new one is returned
#	retry    the first upstream fails, the second gets the same ID
. "$(dirname "$0")/lab.sh"
caddy=${CADDY:-caddy}
need nginx haproxy "$caddy"
switch
host client 192.0.2.10
host gw 192.0.2.20
host app 192.0.2.30 192.0.2.31
host stock 192.0.2.40

start stock $python "$here/app.py" stock 192.0.2.40:9000 '{"/stock": {"delay": 0.003}}'
rules='{"/orders": {"calls": ["http://192.0.2.40:9000/stock{path}"], "delay": 0.002}'
start app $python "$here/app.py" app 192.0.2.30:9000 "$rules}"
start app $python "$here/app.py" sick 192.0.2.30:9001 '{"/orders": {"status": 503, "delay": 0.001}}'
start app $python "$here/app.py" deaf 192.0.2.30:9002 '{"/orders": {"drop": 1000}}'
start app $python "$here/app.py" spare 192.0.2.31:9000 "$rules}"
listening stock 9000; listening app 9000; listening app 9001; listening app 9002

{
	cat <<N
worker_processes 1; daemon off; pid $work/nginx.pid; error_log $work/nginx.err;
events { worker_connections 64; }
http {
	access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
	map \$http_x_request_id \$passed { default \$http_x_request_id; "" \$request_id; }
	upstream app { server 192.0.2.30:9000; keepalive 4; }
	upstream retry { server 192.0.2.30:9001 max_fails=0; server 192.0.2.31:9000 backup; }
	proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream error timeout http_503;
N
	while read -r port upstream id echo; do
		echo "	server { listen 192.0.2.20:$port; location / { proxy_pass http://$upstream; proxy_set_header X-Request-ID $id; proxy_set_header Connection \"\"; $echo } }"
	done <<'N'
8081 app $request_id add_header X-Request-ID $request_id always;
8082 app $request_id
8083 app $passed add_header X-Request-ID $passed always;
8084 app $request_id add_header X-Request-ID $request_id always;
8085 retry $request_id add_header X-Request-ID $request_id always;
N
	echo '}'
} >"$work/nginx.conf"

{
	cat <<'H'
defaults
	mode http
	timeout connect 2s
	timeout client 5s
	timeout server 5s
	unique-id-format %{+X}o\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid
backend app
	server app 192.0.2.30:9000
backend retry
	option redispatch 1
	retries 1
	retry-on 503 conn-failure empty-response
	balance first
	server sick 192.0.2.30:9001 maxconn 10
	server spare 192.0.2.31:9000 maxconn 10
H
	while read -r port backend echo rest; do
		echo "frontend f$port"
		echo "	bind 192.0.2.20:$port"
		[ "$rest" = passon ] || echo "	http-request del-header X-Unique-ID"
		[ "$rest" = passon ] || echo "	unique-id-header X-Unique-ID"
		[ "$echo" = no ] || echo "	http-response set-header X-Unique-ID %[unique-id]"
		echo "	default_backend $backend"
	done <<'H'
8181 app echo
8182 app no
8183 app no passon
8184 app echo
8185 retry echo
H
} >"$work/haproxy.cfg"

cat >"$work/Caddyfile" <<'C'
{
	admin off
	auto_https off
}
:8281 {
	header X-Request-ID {http.request.uuid}
	reverse_proxy 192.0.2.30:9000 {
		header_up X-Request-ID {http.request.uuid}
	}
}
:8282 {
	reverse_proxy 192.0.2.30:9000 {
		header_up X-Request-ID {http.request.uuid}
	}
}
:8283 {
	reverse_proxy 192.0.2.30:9000
}
:8284 {
	header X-Request-ID {http.request.uuid}
	reverse_proxy 192.0.2.30:9000 {
		header_up X-Request-ID {http.request.uuid}
	}
}
:8285 {
	header X-Request-ID {http.request.uuid}
	reverse_proxy 192.0.2.30:9002 192.0.2.31:9000 {
		lb_policy first
		lb_try_duration 2s
		lb_try_interval 5ms
		fail_duration 1s
		header_up X-Request-ID {http.request.uuid}
	}
}
C
start gw nginx -c "$work/nginx.conf"
start gw haproxy -f "$work/haproxy.cfg"
start gw env HOME="$work" XDG_DATA_HOME="$work" XDG_CONFIG_HOME="$work" "$caddy" run --adapter caddyfile --config "$work/Caddyfile"
listening gw 8085; listening gw 8185; listening gw 8285

# record NAME PORT WHAT HEADER-OF-THE-CLIENT
record() {
	f=$golden/gateway-$1
	capture "$f.pcap" switch tcp
	case $1 in
	*-echo) on client curl -sS --no-progress-meter -o /dev/null -o /dev/null --parallel --parallel-immediate "http://192.0.2.20:$2/orders/1" "http://192.0.2.20:$2/orders/2" ;;
	*-passon | *-replace)
		get client -H "$4: 0b6de7b0a9f84ad28ac1f62a9ac27d11" "http://192.0.2.20:$2/orders/1"
		get client -H "$4: 7d0c2f6be1f14e0f9a4c3b1fd7a65e02" "http://192.0.2.20:$2/orders/2" ;;
	*-noecho)
		get client "http://192.0.2.20:$2/orders/1"
		get client "http://192.0.2.20:$2/orders/2" ;;
	*) get client "http://192.0.2.20:$2/orders/1" ;;
	esac
	captured
	echo "Recorded by testdata/make/gateways.sh: $3." >"$f.md"
}
gateway() {
	record "$1-echo" "$3"1 "$2 makes an ID up, sends it on and returns it; two requests at once" -
	record "$1-noecho" "$3"2 "$2 makes an ID up and sends it on, the client never sees it" -
	record "$1-passon" "$3"3 "$2 passes the client's $4 on" "$4"
	record "$1-replace" "$3"4 "$2 replaces the client's $4 and returns the new one" "$4"
	record "$1-retry" "$3"5 "the first upstream of $2 fails, the second gets the same ID" -
}
gateway nginx 'nginx 1.22' 808 X-Request-ID
gateway haproxy 'HAProxy 2.6' 818 X-Unique-ID
gateway caddy 'Caddy 2.6' 828 X-Request-ID
ls -l "$golden"/gateway-*.pcap
