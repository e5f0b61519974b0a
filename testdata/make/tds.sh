#!/bin/sh
# Records the cases of l7/tds/testdata: FreeTDS, Microsoft's Go driver (tds.go)
# and Node's driver (tds.js) speak to tds.py, for there is no SQL Server on Debian.
. "$(dirname "$0")/lab.sh"
need tsql go node npm
cases=$here/../../l7/tds/testdata
switch
host client 192.0.2.10
host db 192.0.2.50
mkdir "$work/peer"
cp "$here/tds.go" "$work/peer/main.go"
(cd "$work/peer" && sed -i '/go:build ignore/d' main.go && go mod init peer && go get github.com/microsoft/go-mssqldb@v1.9.3 && go build -o peer .) >/dev/null 2>&1
cp "$here/tds.js" "$work/peer/"
(cd "$work/peer" && npm install --no-save --no-audit tedious@19.2.2) >/dev/null 2>&1
start db $python "$here/tds.py" 192.0.2.50:1433
listening db 1433

record() {
	name=$1 what=$2; shift 2
	capture "$cases/$name.pcap" switch 'tcp port 1433'
	"$@" || true
	captured
	echo "Recorded by testdata/make/tds.sh: $what." >"$cases/$name.md"
}
freetds() {
	printf "SELECT id, name FROM items WHERE name = 'secret'\ngo\nUPDATE items SET name = 'x'\ngo\nUSE shop\ngo\nSELECT * FROM nowhere\ngo\nSELECT * FROM big\ngo\nexit\n" |
		TDSVER=$1 on client env TDSVER="$1" tsql -H 192.0.2.50 -p 1433 -U shop -P password -D "${2:-store}" >/dev/null 2>&1
}
driver() { on client "$work/peer/peer" 'sqlserver://shop:password@192.0.2.50:1433?database=store&encrypt=disable'; }
record freetds-74 'FreeTDS, version 7.4' freetds 7.4
record freetds-71 'FreeTDS, version 7.1' freetds 7.1
record freetds-refused 'FreeTDS, a login that fails' freetds 7.4 nowhere
record driver 'go-mssqldb: batches, calls, prepared statements, transactions, errors, a request that is cancelled, bulk load' driver
record tedious 'tedious, Node: batches, calls, prepared statements, transactions, an error, bulk load' on client node "$work/peer/tds.js" 192.0.2.50
ls -l "$cases"/*.pcap
