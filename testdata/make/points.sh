#!/bin/sh
# Records testdata/points: one exchange seen at several points.
#
#	client 192.0.2.10 -> router 192.0.2.1:80, which is 198.51.100.20:8080 behind
#	it (iptables DNAT) -> nginx -> HAProxy .30:8080 -> app .40:9000 and .41:9001
#
# client.pcap, router.pcap, nginx.pcap and haproxy.pcap are the same minute at
# these four hosts. The router has one arm, so router.pcap shows each packet
# before and after the translation. Then 198.51.100.20:8000 is asked through the
# router itself: syn-*.pcap with a SYN proxy there, proxy-*.pcap with a HAProxy
# there that nobody sees, as the server takes it for the client.
. "$(dirname "$0")/lab.sh"
need nginx haproxy iptables
points=$here/../points
mkdir -p "$points"
switch
host client 192.0.2.10
host router 192.0.2.1 198.51.100.1
host nginx 198.51.100.20
host haproxy 198.51.100.30
host app 198.51.100.40 198.51.100.41
on client ip route add default via 192.0.2.1
on router sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
on router iptables -t nat -A PREROUTING -d 192.0.2.1 -p tcp --dport 80 -j DNAT --to-destination 198.51.100.20:8080

rules='{"/orders/": {"delay": 0.002, "size": 40}, "/health": {"status": 204, "delay": 0.001}}'
start app $python "$here/app.py" one 198.51.100.40:9000 "$rules"
start app $python "$here/app.py" two 198.51.100.41:9001 "$rules"
start nginx $python "$here/app.py" direct 198.51.100.20:8000 "$rules"
cat >"$work/haproxy.cfg" <<H
defaults
	mode http
	timeout connect 2s
	timeout client 5s
	timeout server 5s
frontend balancer
	bind 198.51.100.30:8080
	default_backend app
backend app
	server one 198.51.100.40:9000
	server two 198.51.100.41:9001
H
cat >"$work/nginx.conf" <<N
worker_processes 1; daemon off; pid $work/nginx.pid; error_log $work/nginx.err;
events { worker_connections 64; }
http {
	access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
	upstream balancer { server 198.51.100.30:8080; keepalive 4; }
	server {
		listen 198.51.100.20:8080;
		location / {
			proxy_pass http://balancer; proxy_http_version 1.1; proxy_set_header Connection "";
			proxy_set_header X-Request-ID \$request_id; add_header X-Request-ID \$request_id always;
		}
		location /health { proxy_pass http://balancer; proxy_http_version 1.1; proxy_set_header Connection ""; }
	}
}
N
start haproxy haproxy -f "$work/haproxy.cfg"
start nginx nginx -c "$work/nginx.conf"
listening app 9000; listening app 9001; listening haproxy 8080; listening nginx 8080; listening nginx 8000
# not before: servers look their own names up at the start
for h in nginx haproxy app; do on "$h" ip route add default via 198.51.100.1; done

for h in client router nginx haproxy; do capture "$points/$h.pcap" "$h" tcp; done
urls=
for i in 01 02 03 04 05 06 07 08 09 10 11 12; do urls="$urls -o /dev/null http://192.0.2.1/orders/10$i"; done
# shellcheck disable=SC2086
get client $urls
# shellcheck disable=SC2086
get client --no-progress-meter --parallel --parallel-immediate --parallel-max 3 -o /dev/null http://192.0.2.1/health -o /dev/null http://192.0.2.1/health -o /dev/null http://192.0.2.1/health
captured

# behind NAME: what the client asks of 198.51.100.20:8000, at both ends.
behind() {
	capture "$points/$1-client.pcap" client tcp
	capture "$points/$1-server.pcap" nginx tcp port 8000
	for i in 1 2; do
		# shellcheck disable=SC2086
		get client -o /dev/null http://198.51.100.20:8000/orders/200$i -o /dev/null http://198.51.100.20:8000/health -o /dev/null http://198.51.100.20:8000/health
	done
	captured
}

on router sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.tcp_timestamps=1 || true
on router iptables -t raw -A PREROUTING -s 192.0.2.0/24 -p tcp --dport 8000 --syn -j CT --notrack
on router iptables -A FORWARD -s 192.0.2.0/24 -p tcp --dport 8000 -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
behind syn
on router iptables -t raw -F; on router iptables -F

cat >"$work/transparent.cfg" <<H
defaults
	mode http
	option forwardfor
	timeout connect 2s
	timeout client 5s
	timeout server 5s
frontend seized
	bind 0.0.0.0:8888 transparent
	default_backend server
backend server
	source 0.0.0.0 usesrc clientip
	server it 198.51.100.20:8000
H
start router haproxy -f "$work/transparent.cfg"
listening router 8888
on router ip rule add fwmark 1 lookup 100
on router ip route add local 0.0.0.0/0 dev lo table 100
on router iptables -t mangle -A PREROUTING -p tcp -m socket --transparent -j MARK --set-mark 1
on router iptables -t mangle -A PREROUTING -s 192.0.2.0/24 -p tcp --dport 8000 -m socket --transparent -j RETURN
on router iptables -t mangle -A PREROUTING -s 192.0.2.0/24 -p tcp --dport 8000 -j TPROXY --on-port 8888 --tproxy-mark 1
behind proxy
