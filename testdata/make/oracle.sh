#!/bin/sh
# Records the cases of l7/oracle/testdata: go-ora and node-oracledb (thin mode)
# speak to the server of testdata/e2e/oracle, for Oracle's own cannot be had.
# Needs root, ip, tcpdump, go, node and npm.
. "$(dirname "$0")/lab.sh"
need go node npm
cases=$here/../../l7/oracle/testdata
(cd "$here/../e2e/oracle" && go build -o "$work/shop" .)
mkdir "$work/node"
cp "$here/oracle.js" "$work/node/"
(cd "$work/node" && npm init -y && npm install oracledb@26.0.0) >/dev/null 2>&1
switch
host client 192.0.2.10
host db 192.0.2.50
start db "$work/shop" serve 192.0.2.50:1521
start db "$work/shop" serve 192.0.2.50:1522
listening db 1521
listening db 1522

record() {
	name=$1 what=$2; shift 2
	capture "$cases/$name.pcap" switch 'tcp portrange 1521-1522 and not arp'
	"$@" || true
	captured
	echo "Recorded by testdata/make/oracle.sh: $what." >"$cases/$name.md"
}
# The clients say what host they are on and what program they are.
as() { on client unshare --uts sh -c 'hostname shop.example && exec "$@"' sh "$@"; }
goora() { as env PATH="$work:$PATH" shop client 192.0.2.50 "$1"; }
node() { as env HOME="$work" node "$work/node/oracle.js" 192.0.2.50:1521 "$1"; }

mkdir -p "$cases"
record goora 'go-ora: version 12 of the fields, statements, cursors, errors, transactions' goora store
record goora-old 'go-ora: lengths of 2 bytes, fields of version 11' goora old
record goora-small 'go-ora: packets of 1 KiB, so that requests and answers have many' goora small
record goora-services 'go-ora: native services are negotiated, none is chosen' goora services
record goora-break 'go-ora: a call that is broken off' goora break
record goora-refused 'go-ora: a service that the listener does not know' goora refused
record goora-denied 'go-ora: a login that fails' goora denied
record goora-redirect 'go-ora: a listener that sends the client elsewhere' goora redirect
record node 'node-oracledb: version 21 of the fields, statements, cursors, errors, markers' node store
record node-new 'node-oracledb: version 23, negotiations and login at once, answers whose end is marked' node new
record node-small 'node-oracledb: packets of 1 KiB' node small
record node-traced 'node-oracledb: a trace context with every call' node traced
record node-pipeline 'node-oracledb: calls in a pipeline' node pipeline
record node-break 'node-oracledb: a call that is broken off' node break
record node-refused 'node-oracledb: a service that the listener does not know' node refused
record node-redirect 'node-oracledb: a listener that sends the client elsewhere' node redirect
ls -l "$cases"/*.pcap
