#!/bin/sh
# Records l7/rocketmq/testdata: Apache's client for Go talks to the small name
# server and broker of testdata/e2e/rocketmq, whose heads are in JSON on one
# address and in binary form on the other.
. "$(dirname "$0")/lab.sh"
need go
out=$here/../../l7/rocketmq/testdata
(cd "$here/../e2e/rocketmq" && go build -o "$work/rocketmq" .)
switch
host client 192.0.2.10
host broker 192.0.2.20
host binary 192.0.2.21
start broker "$work/rocketmq" serve 192.0.2.20
start binary "$work/rocketmq" serve 192.0.2.21 binary
for side in broker binary; do
	address=192.0.2.20
	[ $side = broker ] || address=192.0.2.21
	listening $side 9876; listening $side 10911
	for name in send receive; do
		capture "$out/$side-$name.pcap" $side tcp
		on client "$work/rocketmq" client $address $name
		captured
	done
done
ls -l "$out"
