#!/bin/sh
# Records testdata/golden/contexts.pcap: one call with each trace context that
# the linker reads; the service app hands it on to stock unchanged.
. "$(dirname "$0")/lab.sh"
need
switch
host client 192.0.2.10
host app 192.0.2.30
host stock 192.0.2.40
start stock $python "$here/app.py" stock 192.0.2.40:9000 '{"/": {}}'
start app $python "$here/app.py" app 192.0.2.30:9000 '{"/": {"calls": ["http://192.0.2.40:9000/stock{path}"]}}'
listening stock 9000; listening app 9000
app=http://192.0.2.30:9000
b64() { printf %s "$1" | base64 -w0; }

capture "$golden/contexts.pcap" switch tcp
get client -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' -H 'tracestate: rojo=00f067aa0ba902b7' $app/w3c
get client -H 'b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90' $app/b3
get client -H 'X-B3-TraceId: 463ac35c9f6413ad' -H 'X-B3-SpanId: a2fb4a1d1a96d312' -H 'X-B3-Sampled: 1' $app/b3multi
get client -H 'uber-trace-id: 5b6c7d8e9fa0b1c2:3d4e5f6071829304:0:1' $app/jaeger
get client -H "sw8: 1-$(b64 3912196de0cf41f4bab8a8a8108fc3a8.63.16294441329780027)-$(b64 3912196de0cf41f4bab8a8a8108fc3a8.63.16294441329780026)-4-$(b64 shop)-$(b64 shop-1)-$(b64 /skywalking)-$(b64 192.0.2.30:9000)" $app/skywalking
get client -H "sw8: 1-$(b64 de5980b8-fce3-4a37-aab9-b4ac3af7eedd)-$(b64 0f7e6ad2-7c1a-11ee-b962-0242ac120002)-0-$(b64 shop)-$(b64 shop-1)-$(b64 /skywalking-uuid)-$(b64 192.0.2.30:9000)" $app/skywalking-uuid
get client -H 'x-datadog-trace-id: 7277407061855694839' -H 'x-datadog-parent-id: 3540' -H 'x-datadog-sampling-priority: 1' -H 'x-datadog-tags: _dd.p.tid=640cfd8d00000000,_dd.p.dm=-1' $app/datadog
get client -H 'X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1' $app/xray
get client -H 'X-Cloud-Trace-Context: 105445aa7843bc8bf206b12000100000/2534;o=1' $app/cloud
captured
echo 'Recorded by testdata/make/contexts.sh: traceparent, b3 (single and multi), uber-trace-id, sw8 (Java and UUID form), x-datadog, X-Amzn-Trace-Id, X-Cloud-Trace-Context, each passed on by one service.' >"$golden/contexts.md"
ls -l "$golden/contexts.pcap"
