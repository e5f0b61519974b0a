#!/bin/sh
# Records the cases of l7/postgresql/testdata: PostgreSQL asked by psql, pgx
# (postgresql.go), pg_recvlogical and through PgBouncer.
. "$(dirname "$0")/lab.sh"
need psql postgres initdb openssl pgbouncer go
cases=$here/../../l7/postgresql/testdata
bin=$(dirname "$(readlink -f "$(command -v postgres)")")
switch
host client 192.0.2.10
host db 192.0.2.50
host pool 192.0.2.60

mkdir "$work/peer"
cp "$here/postgresql.go" "$work/peer/main.go"
(cd "$work/peer" && sed -i '/go:build ignore/d' main.go && go mod init peer && go get github.com/jackc/pgx/v5@v5.7.5 && go build -o peer .) >/dev/null 2>&1

data=$work/data
mkdir "$data"
chown -R postgres "$data"
printf password >"$work/pw"
chmod 644 "$work/pw"
su postgres -c "$bin/initdb -D $data -U shop --pwfile=$work/pw -A scram-sha-256 --no-sync" >/dev/null
cat >>"$data/postgresql.conf" <<END
listen_addresses = '192.0.2.50'
unix_socket_directories = '$data'
wal_level = logical
ssl = on
END
openssl req -new -x509 -days 3650 -nodes -subj /CN=db.example -out "$data/server.crt" -keyout "$data/server.key" 2>/dev/null
chmod 600 "$data/server.key"
chown postgres "$data/server.crt" "$data/server.key"
cat >"$data/pg_hba.conf" <<END
hostnossl all trusted 192.0.2.0/24 trust
hostnossl replication all 192.0.2.0/24 trust
hostnossl all all 192.0.2.60/32 trust
host all all 192.0.2.0/24 scram-sha-256
END
start db su postgres -c "exec $bin/postgres -D $data"
listening db 5432
sleep 1

export PGPASSWORD=password PGSSLMODE=disable PGAPPNAME=recorder PGCONNECT_TIMEOUT=5
sql() { on client psql -h 192.0.2.50 -U shop -X -q "$@"; }
sql postgres -c "CREATE DATABASE store" -c "CREATE ROLE trusted LOGIN SUPERUSER"
sql store -c "CREATE TABLE items (id int PRIMARY KEY, name text); INSERT INTO items VALUES (1, 'one'), (2, 'two'), (3, 'three')"

record() {
	name=$1 what=$2; shift 2
	capture "$cases/$name.pcap" switch 'tcp port 5432 or tcp port 6432'
	"$@" >/dev/null 2>&1 || true
	captured
	echo "Recorded by testdata/make/postgresql.sh: $what." >"$cases/$name.md"
}
psql_all() {
	sql store -c "SELECT * FROM items WHERE name = 'one' /* x-request-id: 2f6b10f6b8c56c96 */" \
		-c "BEGIN" -c "UPDATE items SET name = 'uno' WHERE id = 1; DELETE FROM items WHERE id = 99" \
		-c "SELECT 1/0" -c "ROLLBACK" -c "INSERT INTO items VALUES (1, 'again')" \
		-c "DROP TABLE IF EXISTS nothing" -c ";" -c "INSERT INTO items VALUES (4, 'four') RETURNING id" \
		-c "CREATE TABLE copies AS SELECT * FROM items" -c "SHOW server_version" \
		-c "COPY items TO STDOUT" -c "SET client_min_messages = 'debug1'"
	printf '21\ta\n22\tb\n' | sql store -c "COPY items FROM STDIN"
	printf 'bad\ta\n' | sql store -c "COPY items FROM STDIN"
}
notify() {
	sql store -c "LISTEN orders" -c "NOTIFY orders, 'secret'" -c "SELECT 1"
}
replication() {
	on client timeout 3 "$bin/pg_recvlogical" -d "host=192.0.2.50 user=trusted dbname=store" --slot s --create-slot -P test_decoding
	on client timeout 3 "$bin/pg_recvlogical" -d "host=192.0.2.50 user=trusted dbname=store" --slot s --start -f - &
	sleep 1
	sql store -c "INSERT INTO items VALUES (31, 'watched')"
	wait $!
}
login() {
	sql store -c "SELECT 1"
	PGPASSWORD=wrong sql store -c "SELECT 1"
	sql nowhere -c "SELECT 1"
}
encrypted() {
	PGSSLMODE=require sql store -c "SELECT 1"
}
pgx() { on client "$work/peer/peer" "$1" "postgres://trusted@192.0.2.50:5432/store?sslmode=disable"; }

record psql 'simple queries of psql: errors, a transaction, several statements at once, COPY, notices' psql_all
record notify 'LISTEN and NOTIFY' notify
record replication 'logical replication: CopyBoth' replication
record login 'SCRAM, a wrong password, a database that does not exist' login
record encrypted 'SSLRequest granted: TLS follows' encrypted
for c in prepared batch pipeline copy cancel portal bulk; do
	record "pgx-$c" "pgx, $c" pgx "$c"
done

cat >"$work/pool.ini" <<END
[databases]
store = host=192.0.2.50 dbname=store
[pgbouncer]
listen_addr = 192.0.2.60
listen_port = 6432
auth_type = any
unix_socket_dir =
pool_mode = transaction
server_tls_sslmode = prefer
END
sed -i 's/^store = .*/store = host=192.0.2.50 dbname=store user=shop/' "$work/pool.ini"
chmod 644 "$work/pool.ini"
start pool su postgres -c "exec $(command -v pgbouncer) $work/pool.ini"
listening pool 6432
pooled() {
	for n in 1 2; do on client psql -h 192.0.2.60 -p 6432 -U shop -X -q store -c "SELECT name FROM items WHERE id = $n"; done
}
sed -i 's/^ssl = on/ssl = off/' "$data/postgresql.conf"
su postgres -c "$bin/pg_ctl reload -D $data" >/dev/null
sleep 1
record pool 'through PgBouncer, both sides; SSLRequest refused' pooled
ls -l "$cases"/*.pcap
