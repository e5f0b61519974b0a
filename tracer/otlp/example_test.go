package otlp_test

import (
	"context"
	"fmt"
	"os"

	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/span"
)

func ExampleFile() {
	ctx := context.Background()
	f, err := otlp.NewFile(os.Stdout, otlp.JSONLines, span.NewKeys(), otlp.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	f.WriteSpans(ctx, []span.Span{{
		Trace: span.TraceID{1}, ID: span.SpanID{2}, Kind: span.Client, Start: 1, End: 2,
		Service: []byte("cart"), Name: []byte("DNS A"),
	}})
	f.Close(ctx)
	// Output:
	// {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]},"scopeSpans":[{"scope":{"name":"github.com/wirespan/wirespan"},"spans":[{"traceId":"01000000000000000000000000000000","spanId":"0200000000000000","name":"DNS A","kind":3,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}
}
