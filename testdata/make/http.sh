#!/bin/sh
# Records the HTTP/1 cases of testdata/golden: one capture each.
. "$(dirname "$0")/lab.sh"
need nginx
switch
host client 192.0.2.10 2001:db8::10
host nginx 192.0.2.20
host app 192.0.2.30 2001:db8::30
host stock 192.0.2.40

start stock $python "$here/app.py" stock 192.0.2.40:9000 '{"/stock": {"delay": 0.015}, "/price": {"delay": 0.006}}'
start app $python "$here/app.py" app 192.0.2.30:9000 '{
	"/plain": {}, "/gone": {"status": 404}, "/broken": {"status": 500}, "/empty": {"status": 204}, "/chunked": {"chunked": 4, "size": 900}, "/abort": {"reset": true},
	"/parallel": {"calls": ["http://192.0.2.40:9000/stock/1", "http://192.0.2.40:9000/price/1"], "parallel": true},
	"/sequence": {"calls": ["http://192.0.2.40:9000/stock/2", "http://192.0.2.40:9000/price/2", "http://192.0.2.40:9000/stock/3"]}}'
start app $python "$here/app.py" app6 '[2001:db8::30]:9000' '{"/plain": {}}'
start app $python "$here/talk.py" ws-serve 192.0.2.30 9001
cat >"$work/nginx.conf" <<N
worker_processes 1; daemon off; pid $work/nginx.pid; error_log $work/nginx.err;
events { worker_connections 64; }
http {
	access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
	server {
		listen 192.0.2.20:80;
		location / { return 200 "page \$uri\n"; }
		location /upload { proxy_pass http://192.0.2.30:9000/plain; proxy_http_version 1.1; }
	}
}
N
start nginx nginx -c "$work/nginx.conf"
listening stock 9000; listening app 9000; listening app 9001; listening nginx 80
app=http://192.0.2.30:9000

# record NAME WHAT COMMAND...
record() {
	name=$1 what=$2; shift 2
	capture "$golden/$name.pcap" switch tcp
	"$@" >/dev/null 2>&1 || true
	captured
	echo "Recorded by testdata/make/http.sh: $what." >"$golden/$name.md"
}
record http-siblings 'one request ID goes to two calls at once, then to three one after another' \
	get client -H 'X-Request-ID: 5f2b6c0d9f774d7cb0aa13e5a6d4c811' $app/parallel --next -sS -o /dev/null -H 'X-Request-ID: c60f1d7e84d94b71a0c1a1a0b7f0a9d2' $app/sequence
record http-forwarded 'X-Forwarded-For and Forwarded name the client behind a proxy' \
	get client -H 'X-Forwarded-For: 203.0.113.7, 198.51.100.9' $app/plain --next -sS -o /dev/null -H 'Forwarded: for="[2001:db8:cafe::17]:4711";proto=http' $app/plain
record http-websocket 'a WebSocket: one upgrade, then messages of which one looks like a request' on client $python "$here/talk.py" ws-ask 192.0.2.30 9001 /chat
record http-continue 'Expect: 100-continue, answered by the service, then through nginx' \
	get client -H 'Expect: 100-continue' -d 'a body that waits' $app/plain --next -sS -o /dev/null -H 'Expect: 100-continue' -d 'a body that waits' http://192.0.2.20/upload
record http-methods 'HEAD, 204, 404, 500 and DELETE on one connection' \
	on client curl -sS -I $app/plain --next -sS $app/empty --next -sS $app/gone --next -sS $app/broken --next -sS -X DELETE $app/plain
record http-chunked 'a chunked answer in pieces, a chunked request' get client $app/chunked --next -sS -o /dev/null -H 'Transfer-Encoding: chunked' -d 'chunked body' http://192.0.2.20/upload
record http-refused 'nobody listens on the port' get client http://192.0.2.30:9999/refused
record http-reset 'the service resets the connection instead of answering' get client $app/abort
on client ip neigh replace 192.0.2.99 lladdr 02:00:00:00:00:63 dev eth0
record http-silent 'SYNs to a host that is not there, and a request elsewhere once they were given up' \
	on client sh -c "curl -sS --connect-timeout 3 http://192.0.2.99/silent; sleep 12; curl -sS $app/plain"
record http-ipv6 'the same over IPv6' on client curl -sS -g 'http://[2001:db8::30]:9000/plain'
for i in 1 2 3 4 5; do printf 'GET /page/%d HTTP/1.1\r\nHost: docs.example\r\n\r\n' $i; done >"$work/pipeline"
record http-pipeline 'five requests in one segment' on client $python "$here/talk.py" raw 192.0.2.20 80 "$work/pipeline"
record http-secrets 'credentials in the query, the authority, headers and a form' \
	get client -u 'alice:wonderland' -H 'Cookie: session=0123456789abcdef' -d 'user=alice&password=wonderland' \
	"$app/plain?user=alice&password=wonderland&access_token=eyJhbGciOiJub25lIn0" --next -sS -o /dev/null -x $app 'http://bob:builder@192.0.2.30:9000/plain?api_key=0123456789'
ls -l "$golden"/http-*.pcap
