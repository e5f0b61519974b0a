package assemble

import (
	"testing"

	"github.com/wirespan/wirespan/tracer/assemble/scene"
	"github.com/wirespan/wirespan/tracer/ingest/zipkin"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// TestSharedID has a Zipkin server that shares the id of its client's span; what it
// called came in another request and names the shared id. The client does something
// itself, too.
func TestSharedID(t *testing.T) {
	server := scene.SDK("mid", "T", "server", "call", span.Server, 1, 9)
	server.Attrs = append(server.Attrs, store.Attr{Key: zipkin.Shared, Value: store.BoolValue(true)})
	spans := []store.Span{
		scene.SDK("front", "T", "call", "", span.Client, 0, 10), server,
		scene.SDK("mid", "T", "query", "call", span.Client, 2, 5),
		scene.SDK("front", "T", "local", "call", span.Internal, 3, 4),
	}
	for seed := range 4 {
		want(t, show(t, spans, seed), `front call
  mid server [context]
    mid query [context]
  front local [context]
`)
	}
}
