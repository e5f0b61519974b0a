#!/bin/sh
# Records l7/mysql/testdata/*.pcap from mariadbd in a network namespace of its
# own, with addresses from the documentation range, and writes the sessions
# (*.txt) that are made of them. Needs root, ip, tcpdump, tshark, mariadb-server,
# openssl, npm and python3. Run it anywhere: testdata/make/mysql.sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != inside ]; then
	dir=$(mktemp -d)
	chmod 755 "$dir"
	npm install --silent --prefix "$dir" mariadb@3 mysql2@3 >/dev/null
	trap 'rm -rf "$dir"' EXIT
	DIR=$dir unshare -n "$here/mysql.sh" inside
	exit
fi
out=$here/../../l7/mysql/testdata
dir=$DIR
export NODE_PATH="$dir/node_modules"
ip link set lo up
ip addr add 192.0.2.10/32 dev lo

openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=db.example -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
mariadb-install-db --user=root --datadir="$dir/data" --auth-root-authentication-method=normal >/dev/null
mariadbd --no-defaults --user=root --datadir="$dir/data" --socket="$dir/sock" --pid-file="$dir/pid" --bind-address=192.0.2.10 \
	--log-bin="$dir/data/log" --server-id=1 --local-infile=1 --skip-name-resolve \
	--ssl-cert="$dir/cert.pem" --ssl-key="$dir/key.pem" >"$dir/log" 2>&1 &
server=$!
for _ in $(seq 50); do [ -S "$dir/sock" ] && break; sleep 0.2; done
mariadb -S "$dir/sock" <<'END'
CREATE DATABASE shop; CREATE DATABASE stock; USE shop;
CREATE TABLE orders (id INT PRIMARY KEY, item VARCHAR(40), total DECIMAL(9,2));
INSERT INTO orders VALUES (1, 'bread', 2.5), (2, 'butter', 3), (3, NULL, 0);
CREATE USER shop@'%' IDENTIFIED BY 'secret';
GRANT ALL ON *.* TO shop@'%';
END
mariadb -S "$dir/sock" shop -e "DELIMITER //
CREATE PROCEDURE IF NOT EXISTS report(n INT) BEGIN SELECT item FROM orders LIMIT n; SELECT count(*) FROM orders; END //"

record() { # name, then what to run
	name=$1
	tcpdump -q -Z root -i lo -U --immediate-mode -w "$out/$name.pcap" 'tcp port 3306' 2>/dev/null &
	dump=$!
	sleep 1
	shift
	"$@" >"$dir/out" 2>&1 || { echo "$name:"; tail -5 "$dir/out"; } >&2
	sleep 0.5
	kill $dump
	wait $dump || true
	case $name in
	tls/tls | binlog) ;; # captures: what is in them is no session of lines
	*) python3 "$here/mysql/session.py" "$out/$name.pcap" >"$out/$name.txt" && rm "$out/$name.pcap" ;;
	esac
}
shell() { mariadb --no-defaults --skip-ssl -h 192.0.2.10 -u shop -psecret "$@"; }
text() {
	shell -c --force shop <<'END'
SELECT id, item FROM orders WHERE item = 'bread' /* x-request-id: 2f6b10f6b8c56c96 */;
INSERT INTO orders VALUES (7, 'jam', 4.25);
UPDATE orders SET item = "toast" WHERE id > 100;
SELECT nothing FROM orders;
USE stock;
SHOW TABLES;
SELECT 1/0;
SELECT * FROM missing.orders;
-- trailing X-Request-ID=abc123def456
SELECT database();
END
}
record text text
mkdir -p "$out/tls" "$out/pipelined"
for part in prepared multi compressed infile; do
	record $part node "$here/mysql/client.js" 192.0.2.10 $part "$dir"
done
record refused mariadb --no-defaults --skip-ssl -h 192.0.2.10 -u shop -pwrong -e 'SELECT 1'
record pipelined/pipelined node "$here/mysql/client.js" 192.0.2.10 pipelined "$dir"
record tls/tls mariadb --no-defaults --ssl -h 192.0.2.10 -u shop -psecret -e 'SELECT 1'
record binlog mariadb-binlog --no-defaults --skip-ssl -h 192.0.2.10 -u shop -psecret --read-from-remote-server --start-position=4 log.000001
kill $server
wait $server || true
ls -l "$out"
