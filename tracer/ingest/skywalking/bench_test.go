package skywalking

import (
	"testing"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
)

func BenchmarkDecode(b *testing.B) {
	m := messages(b)["segment"] // three spans
	out := batch.New(batch.DefaultLimits())
	in := NewInstances(1)
	b.ReportAllocs()
	b.SetBytes(int64(len(m)))
	for b.Loop() {
		out.Reset(0)
		if err := Decode(out, m, in); err != nil || len(out.Spans) != 3 {
			b.Fatal(err, len(out.Spans))
		}
	}
	b.ReportMetric(float64(b.N*3)/b.Elapsed().Seconds(), "spans/s")
}
