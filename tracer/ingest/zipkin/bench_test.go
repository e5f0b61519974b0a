package zipkin

import (
	"testing"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
)

func BenchmarkDecode(b *testing.B) {
	const text = `[{"id":"352bff9a74ca9ad2","traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","name":"get /api","timestamp":1556604172355737,"duration":1431,
"kind":"SERVER","localEndpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306},"remoteEndpoint":{"ipv4":"172.19.0.2","port":58648},"tags":{"http.method":"GET","http.path":"/api"}}]`
	out := batch.New(batch.DefaultLimits())
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		out.Reset(0)
		if err := Decode(out, text); err != nil || len(out.Spans) != 1 {
			b.Fatal(err, len(out.Spans))
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "spans/s")
}
