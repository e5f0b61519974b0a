#!/bin/sh
# Records l7/cassandra/testdata/*.pcap: Apache's driver for Go and DataStax'
# client talk to DataStax' implementation of the server's side, all of
# testdata/e2e/cassandra.
. "$(dirname "$0")/lab.sh"
need go
out=$here/../../l7/cassandra/testdata
(cd "$here/../e2e/cassandra" && go build -o "$work/cassandra" .)
switch
host client 192.0.2.10
host db 192.0.2.50
host guarded 192.0.2.51
start db "$work/cassandra" serve 192.0.2.50
start guarded "$work/cassandra" serve 192.0.2.51 alice s3cret
listening db 9042; listening guarded 9042
for how in '3 none' '3 snappy' '4 none' '4 lz4' '4 snappy' '5 none' '5 lz4'; do
	# shellcheck disable=SC2086
	set -- $how
	capture "$out/client-v$1-$2.pcap" switch tcp
	on client "$work/cassandra" raw 192.0.2.50 "$1" "$2"
	captured
	case $how in '3 none' | '4 snappy') continue ;; esac # nothing new
	capture "$out/driver-v$1-$2.pcap" switch tcp
	on client "$work/cassandra" client 192.0.2.50 "$1" "$2" || true # the server's frames in lz4 segments are not what the driver expects
	captured
done
capture "$out/driver-login.pcap" switch tcp
on client "$work/cassandra" client 192.0.2.51 4 none alice s3cret
on client "$work/cassandra" client 192.0.2.51 4 none alice wrong || true
captured
ls -l "$out"
