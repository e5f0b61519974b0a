#!/bin/sh
# Records l7/dubbo/testdata/dubbogo.pcap and l7/http2/testdata/triple.pcap:
# Apache's Dubbo for Go as server and client (testdata/e2e/dubbogo).
. "$(dirname "$0")/lab.sh"
need go
(cd "$here/../e2e/dubbogo" && go build -o "$work/dubbogo" .)
switch
host client 192.0.2.10
host dubbo 192.0.2.50
host tri 192.0.2.51
start dubbo "$work/dubbogo" serve 192.0.2.50 dubbo
start tri "$work/dubbogo" serve 192.0.2.51 tri
listening dubbo 20880; listening tri 50051
sleep 1
capture "$here/../../l7/dubbo/testdata/dubbogo.pcap" switch 'tcp port 20880'
on client "$work/dubbogo" client 192.0.2.50 dubbo >"$work/client.log" 2>&1
captured
capture "$here/../../l7/http2/testdata/triple.pcap" switch 'tcp port 50051'
on client "$work/dubbogo" client 192.0.2.51 tri >"$work/client.log" 2>&1
captured
