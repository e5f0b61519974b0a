#!/bin/sh
# Records l7/http2/testdata/grpcweb.pcap: Connect's client and curl call
# Improbable's gRPC-Web gateway, both of testdata/e2e/grpcweb: binary, and in
# base64.
. "$(dirname "$0")/lab.sh"
need go base64
(cd "$here/../e2e/grpcweb" && go build -o "$work/grpcweb" .)
switch
host client 192.0.2.10
host web 192.0.2.81
start web "$work/grpcweb" serve 192.0.2.81:8080
listening web 8080
capture "$here/../../l7/http2/testdata/grpcweb.pcap" switch 'tcp port 8080'
on client "$work/grpcweb" client 192.0.2.81:8080
text() { # method, message in octal escapes
	# shellcheck disable=SC2059
	printf "$2" | base64 -w0 | on client curl -sS --max-time 10 --http2-prior-knowledge -o /dev/null --data-binary @- \
		-H 'content-type: application/grpc-web-text' -H 'x-grpc-web: 1' -H 'x-request-id: 6f1c2a9e-text' "http://192.0.2.81:8080/shop.Cart/$1"
}
text AddItem '\0\0\0\0\5\n\003nut'
text AddItem '\0\0\0\0\011\n\007nothing'
text Watch '\0\0\0\0\7\n\005shelf'
captured
