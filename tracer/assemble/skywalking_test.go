package assemble

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/skywalking"
	"github.com/wirespan/wirespan/tracer/store"
)

// TestSkyWalking: segments of two services, in the JSON that agents send, and the
// packets between them, which carry the sw8 header of the first, are one tree.
func TestSkyWalking(t *testing.T) {
	const trace, webSegment, shopSegment = "3f1c5a7e9b2d4c6f8a0b1c2d3e4f5a6b.51.17000000000000001", "3f1c5a7e9b2d4c6f8a0b1c2d3e4f5a6b.51.17000000000000002", "77aa5a7e9b2d4c6f8a0b1c2d3e4f5a6b.60.17000000000000003"
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	header := strings.Join([]string{"1", b64(trace), b64(webSegment), "0", b64("web"), b64("web@1"), b64("/start"), b64("192.0.2.3:8080")}, "-")
	ctx, ok := ids.ParseContext([]l7.ID{{Class: l7.IDContext, Name: []byte("sw8"), Value: []byte(header)}})
	if !ok {
		t.Fatal("the header is not understood")
	}

	at := epoch / ms
	segments := fmt.Sprintf(`[
{"traceId":%[1]q,"traceSegmentId":%[2]q,"service":"web","serviceInstance":"web@1","spans":[
 {"spanId":0,"parentSpanId":-1,"operationName":"/order","startTime":%[4]d,"endTime":%[5]d,"spanType":"Exit","spanLayer":"Http","componentId":2,"peer":"192.0.2.3:8080","refs":[],"tags":[],"logs":[]}]},
{"traceId":%[1]q,"traceSegmentId":%[3]q,"service":"shop","serviceInstance":"shop@1","spans":[
 {"spanId":0,"parentSpanId":-1,"operationName":"/order","startTime":%[6]d,"endTime":%[7]d,"spanType":"Entry","spanLayer":"Http","componentId":1,
  "refs":[{"refType":"CrossProcess","traceId":%[1]q,"parentTraceSegmentId":%[2]q,"parentSpanId":0,"parentService":"web","parentServiceInstance":"web@1","parentEndpoint":"/start","networkAddressUsedAtPeer":"192.0.2.3:8080"}],"tags":[],"logs":[]},
 {"spanId":1,"parentSpanId":0,"operationName":"work","startTime":%[6]d,"endTime":%[7]d,"spanType":"Local","spanLayer":"Unknown","refs":[],"tags":[],"logs":[]}]}]`,
		trace, webSegment, shopSegment, at, at+100, at+10, at+90)
	b := batch.New(batch.DefaultLimits())
	if err := skywalking.DecodeJSON(b, segments, nil); err != nil || len(b.Spans) != 3 {
		t.Fatalf("%d spans, %v", len(b.Spans), err)
	}

	spans := append([]store.Span(nil), b.Spans...)
	for _, n := range []seen{
		{Agent: "a", Point: "eth0", X: 1, From: client, To: app, Start: 1, End: 99},
		{Agent: "b", Point: "eth0", X: 1, From: client, To: app, Start: 2, End: 98},
	} {
		s := n.Net()
		f, _ := factsOf(&s)
		f.HasContext, f.Sampled, f.ContextKind, f.Trace, f.Parent = true, ctx.Sampled, uint8(ctx.Kind), ctx.Trace, ctx.Parent
		s.Trace = ctx.Trace
		for i := range s.Attrs {
			if s.Attrs[i].Key == store.AttrFacts {
				s.Attrs[i].Value = store.BytesValue(string(facts.Append(nil, &f)))
			}
		}
		spans = append(spans, s)
	}
	for seed := range spans {
		want(t, show(t, spans, seed), `web /order
  a eth0 1 [context]
    b eth0 1 [sighting]
      shop /order [context]
        shop work [context]
`)
	}
}
