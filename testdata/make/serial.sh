#!/bin/sh
# Records testdata/golden/serial.pcap: an estate without request IDs in headers,
# whose messages carry a serial number.
#
#	client .10 -> nginx .20 -> desk .30 -> stock .40, MariaDB .50
#
# Six calls, two at a time so that times alone cannot tell them apart: the number
# comes in JSON, in a form, in a query, in multipart/form-data; desk passes it on
# in a form and in an SQL comment.
. "$(dirname "$0")/lab.sh"
need nginx mariadbd mariadb
switch
host client 192.0.2.10
host gw 192.0.2.20
host desk 192.0.2.30
host stock 192.0.2.40
host db 192.0.2.50

mariadb-install-db --user=root --datadir="$work/data" --auth-root-authentication-method=normal >/dev/null
start db mariadbd --no-defaults --user=root --datadir="$work/data" --socket="$work/sock" --pid-file="$work/db.pid" --bind-address=192.0.2.50 --skip-name-resolve
listening db 3306
mariadb --no-defaults -S "$work/sock" -e "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, item VARCHAR(40));
	INSERT INTO shop.orders VALUES (7, 'bread'); CREATE USER desk@'%' IDENTIFIED BY ''; GRANT ALL ON shop.* TO desk@'%'"
start stock $python "$here/serial.py" stock 192.0.2.40
start desk $python "$here/serial.py" desk 192.0.2.30 192.0.2.40 192.0.2.50
cat >"$work/nginx.conf" <<N
worker_processes 1; daemon off; pid $work/nginx.pid; error_log $work/nginx.err; user root;
events { worker_connections 64; }
http {
	access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
	server { listen 192.0.2.20:80; location / { proxy_pass http://192.0.2.30:9000; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}
N
start gw nginx -c "$work/nginx.conf"
listening gw 80; listening desk 9000; listening stock 9000

capture "$golden/serial.pcap" switch tcp
json() { get client -H 'Content-Type: application/json' -d '{"head":{"channel":"web","serialNo":"'"$1"'"},"body":{"item":7}}' http://192.0.2.20/orders; }
form() { get client -d "item=7&serialNo=$1" http://192.0.2.20/orders; }
query() { get client "http://192.0.2.20/orders?item=7&serialNo=$1"; }
parts() { get client -F item=7 -F "serialNo=$1" http://192.0.2.20/orders; }
json 20261121-00004711 & json 20261121-00004712 & wait $!
form 20261121-00004713 & query 20261121-00004714 & wait $!
parts 20261121-00004715 & json 20261121-00004716 & wait $!
captured 0.6
echo 'Recorded by testdata/make/serial.sh: a client, nginx, a service and its peer, and MariaDB, which know a call by a serial number in JSON, forms, queries and SQL comments; no header carries an ID.' >"$golden/serial.md"
ls -l "$golden/serial.pcap"
