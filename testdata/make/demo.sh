#!/bin/sh
# Records testdata/demo: a shop behind two gateways, seen from two places.
#
#	client .10 -> nginx .20:80 (makes X-Request-ID up, echoes it)
#	  -> HAProxy .21:8080 (adds X-Unique-ID) -> orders .30:9000
#	  -> name server .53, then stock .40:9000 and billing .41:9000
#
# edge.pcap is a mirror of what client and gateways send and receive, from their
# start on, app.pcap was taken on the host of orders: what HAProxy asks orders is in
# both.
. "$(dirname "$0")/lab.sh"
need nginx haproxy dnsmasq
demo=$here/../demo
mkdir -p "$demo"
switch
host client 192.0.2.10
host nginx 192.0.2.20
host haproxy 192.0.2.21
host orders 192.0.2.30
host stock 192.0.2.40
host billing 192.0.2.41
host dns 192.0.2.53

start dns dnsmasq -k -C /dev/null --no-resolv --no-hosts --bind-interfaces --listen-address=192.0.2.53 --user=root \
	--pid-file="$work/dns.pid" --local=/example/ \
	--host-record=shop.example,192.0.2.20,60 --host-record=balancer.example,192.0.2.21,60 --host-record=orders.example,192.0.2.30,60 \
	--host-record=stock.example,192.0.2.40,60 --host-record=billing.example,192.0.2.41,60
cat >"$work/nginx.conf" <<N
worker_processes 1; daemon off; pid $work/nginx.pid; error_log $work/nginx.err;
events { worker_connections 64; }
http {
	access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
	upstream balancer { server balancer.example:8080; keepalive 4; }
	server {
		listen 192.0.2.20:80; server_name shop.example;
		location / {
			proxy_pass http://balancer; proxy_http_version 1.1; proxy_set_header Connection "";
			proxy_set_header Host \$host; proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
			proxy_set_header X-Request-ID \$request_id; add_header X-Request-ID \$request_id always;
		}
	}
}
N
cat >"$work/haproxy.cfg" <<H
defaults
	mode http
	timeout connect 2s
	timeout client 5s
	timeout server 5s
frontend balancer
	bind 192.0.2.21:8080
	unique-id-format %{+X}o\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid
	unique-id-header X-Unique-ID
	default_backend orders
backend orders
	server orders orders.example:9000
H
start stock $python "$here/app.py" stock 192.0.2.40:9000 '{"/stock/": {"delay": 0.004, "size": 120}, "/stock/1007": {"status": 404}}'
start billing $python "$here/app.py" billing 192.0.2.41:9000 '{"/charge/": {"delay": 0.011, "size": 80}, "/charge/1005": {"status": 503, "delay": 0.06}}'
resolver orders 192.0.2.53 $python "$here/app.py" orders 192.0.2.30:9000 '{
	"/orders/": {"calls": ["http://stock.example:9000/stock/1003"], "delay": 0.002, "size": 240},
	"/orders/1005": {"calls": ["http://stock.example:9000/stock/1005", "http://billing.example:9000/charge/1005"], "status": 503},
	"/orders/1007": {"calls": ["http://stock.example:9000/stock/1007"], "status": 404},
	"/checkout": {"calls": ["http://stock.example:9000/stock/1009", "http://billing.example:9000/charge/1009"], "parallel": true, "status": 201},
	"/health": {"status": 204}}'
listening dns 53; listening orders 9000; listening stock 9000; listening billing 9000

capture "$demo/edge.pcap" switch '(host 192.0.2.20 or host 192.0.2.21 or host 192.0.2.10) and (tcp or udp)'
capture "$demo/app.pcap" orders 'tcp or udp'
resolver haproxy 192.0.2.53 haproxy -f "$work/haproxy.cfg"
listening haproxy 8080
resolver nginx 192.0.2.53 nginx -c "$work/nginx.conf"
listening nginx 80
echo 'nameserver 192.0.2.53' >"$work/resolv.client"
cat >"$work/visit" <<'C'
silent
show-error
user-agent = browser/1.0
C
for u in health orders/1003 'orders/1004?password=secret&page=2' orders/1005 orders/1007; do
	printf 'url = "http://shop.example/%s"\noutput = /dev/null\n' "$u" >>"$work/visit"
done
printf 'next\nsilent\nurl = "http://shop.example/checkout"\nuser-agent = browser/1.0\noutput = /dev/null\ndata = "item=1009&count=2"\n' >>"$work/visit"
on client sh -c "mount --bind $work/resolv.client /etc/resolv.conf && exec curl -K $work/visit"
captured
cat >"$demo/README.md" <<M
# Demo

edge.pcap and app.pcap: a shop starts up and gets six requests; recorded with testdata/make/demo.sh from real nginx, HAProxy, dnsmasq and small
Python services in network namespaces; edge is a mirror of client and gateways, app was taken on the host of the service orders.
M
ls -l "$demo"
