#!/bin/sh
# Records l7/kafka/testdata: a client (franz-go) talks to a broker (kfake), both
# of testdata/e2e/kafka, and messages of all APIs and versions as kmsg writes
# them. One capture per case; only what belongs to it is in it.
. "$(dirname "$0")/lab.sh"
need go
out=$here/../../l7/kafka/testdata
(cd "$here/../e2e/kafka" && go build -o "$work/kafka" .)
"$work/kafka" vectors | gzip -9n >"$out/vectors.txt.gz"
switch
host client 192.0.2.10
host broker 192.0.2.20
host guarded 192.0.2.21
start broker "$work/kafka" broker 192.0.2.20
start guarded "$work/kafka" broker 192.0.2.21 sasl
listening broker 9092; listening guarded 9092
for name in flow gzip snappy lz4 zstd acks0 classic v2 txn admin; do
	capture "$out/$name.pcap" broker tcp
	on client "$work/kafka" client 192.0.2.20 $name
	captured
done
capture "$out/sasl.pcap" guarded tcp
on client "$work/kafka" client 192.0.2.21 sasl
captured
ls -l "$out"
