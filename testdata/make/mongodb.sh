#!/bin/sh
# Records l7/mongodb/testdata/*.pcap: MongoDB's driver for Go talks to FerretDB,
# a server of its own make with SQLite below it, both of testdata/e2e/mongodb;
# with compression through a forwarder that packs with the driver's library.
. "$(dirname "$0")/lab.sh"
need go
out=$here/../../l7/mongodb/testdata
(cd "$here/../e2e/mongodb" && go build -o "$work/mongodb" .)
switch
host client 192.0.2.10
host db 192.0.2.50
start db "$work/mongodb" serve 192.0.2.50
listening db 27017; listening db 27018
for name in commands cursors errors login unacknowledged api snappy zlib zstd; do
	capture "$out/ferretdb-$name.pcap" switch tcp
	on client "$work/mongodb" client 192.0.2.50 $name
	captured
done
ls -l "$out"
