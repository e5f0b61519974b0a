#!/bin/sh
# Records testdata/sys/*.pcapng and *.events with `wirespan live --sys
# --sys-record -w`, in network namespaces with addresses from the documentation
# ranges: curl and a Python client, nginx, a Python service with a thread per
# connection, and its Redis. Needs root, a kernel that has a tier of the eBPF
# module, nginx, redis-server, curl, python3, openssl. Run it anywhere:
#
#	testdata/make/sys.sh [shop|tls|agents]...
#
# shop    one agent at the server: packets of the link and of the loopback
# tls     nginx with a certificate; nobody deciphers
# agents  two agents, one at the client, one at the server: each tells of the
#         processes of its own host only, as --sys-pid makes it here
. "$(dirname "$0")/lab.sh"
need nginx redis-server openssl
out=$here/../sys
mkdir -p "$out"
[ -n "${WIRESPAN:-}" ] && cp "$WIRESPAN" "$work/wirespan" || go build -C "$here/../.." -o "$work/wirespan" ./cmd/wirespan

cat >"$work/shop.py" <<'PY'
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        with socket.create_connection(("127.0.0.1", 6379)) as c:
            for words in (["SET", "order", self.path], ["GET", "order"]):
                c.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words))
                c.recv(4096)
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")
    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", 8082), Shop).serve_forever()
PY
# A client whose process is there before it is asked to go.
cat >"$work/client.py" <<'PY'
import http.client, os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
c = http.client.HTTPConnection("192.0.2.2", 8080)
for i in range(3):
    c.request("GET", "/orders/%d" % (i + 1))
    c.getresponse().read()
PY
cat >"$work/nginx.conf" <<EOF2
daemon off; worker_processes 1; pid $work/pid; error_log $work/error.log; user root;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  server { listen 8080; location / { proxy_pass http://127.0.0.1:8082; } location /plain { return 200 "hello\n"; } }
  server {
    listen 8443 ssl; ssl_protocols TLSv1.2 TLSv1.3; server_name shop.example;
    ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
    location / { return 200 "hello\n"; }
  }
}
EOF2
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=shop.example -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null

switch
host client 192.0.2.1
host server 192.0.2.2
start server redis-server --port 6379 --bind 127.0.0.1 --save '' --dir "$work"
start server "$python" "$work/shop.py"
start server nginx -e "$work/error.log" -c "$work/nginx.conf"
for p in 6379 8082 8080; do listening server $p; done

agents=
# agent HOST NAME FLAGS... records there.
agent() {
	h=$1 name=$2; shift 2
	ip netns exec "$lab$h" "$work/wirespan" live --agent "$name" --sys require --sys-record "$work/$name.events" -w "$work/$name.pcapng" --out "ndjson:$work/$name.spans" "$@" 2>"$work/$name.log" &
	agents="$agents $!"
	dump="$dump $!" # clean ends it, if nothing else does
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		if grep -qs listening "$work/$name.log"; then return; fi
		sleep 0.2
	done
	cat "$work/$name.log" >&2
	exit 1
}

# recorded NAME... ends the agents and keeps what they recorded.
recorded() {
	sleep 0.5
	for p in $agents; do kill -INT "$p"; done
	for p in $agents; do wait "$p"; done
	agents= dump=
	for name; do
		cp "$work/$name.pcapng" "$work/$name.events" "$out/"
		grep -E '^(sys|packets|losses)' "$work/$name.log" || true
	done
}

for what in ${*:-shop tls agents}; do
	case $what in
	shop)
		agent server shop -i eth0 -i lo tcp
		on client curl -sS -o /dev/null http://192.0.2.2:8080/orders/1
		on client curl -sS -o /dev/null http://192.0.2.2:8080/orders/2 -o /dev/null http://192.0.2.2:8080/plain
		on client curl -sS --no-progress-meter --parallel -o /dev/null http://192.0.2.2:8080/orders/3 -o /dev/null http://192.0.2.2:8080/orders/4 \
			-o /dev/null http://192.0.2.2:8080/orders/5 -o /dev/null http://192.0.2.2:8080/orders/6
		recorded shop
		;;
	tls)
		agent server tls -i eth0 tcp
		on client curl -sSk --tls-max 1.2 -o /dev/null https://192.0.2.2:8443/one -o /dev/null https://192.0.2.2:8443/two
		on client curl -sSk --tlsv1.3 -o /dev/null https://192.0.2.2:8443/one -o /dev/null https://192.0.2.2:8443/two
		recorded tls
		;;
	agents)
		start client "$python" "$work/client.py" "$work/go"
		client=${pids##* }
		workers=$(pgrep -P "$(cat "$work/pid")")
		agent client client -i eth0 --sys-pid "$client" tcp
		# shellcheck disable=SC2046
		agent server server -i eth0 $(printf -- '--sys-pid %s ' $workers) tcp
		touch "$work/go"
		wait "$client"
		recorded client server
		;;
	esac
done
ls -l "$out"
