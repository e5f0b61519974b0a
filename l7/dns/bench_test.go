package dns

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// exchange is a plain lookup: a query, and an answer through an alias.
func exchange(t testing.TB) (query, answer []byte) {
	return unhex(t, "1234 0120 0001 0000 0000 0001"+www+"0001 0001"+"00 0029 04d0 00000000 0000"),
		unhex(t, "1234 8180 0001 0003 0000 0001"+www+"0001 0001"+
			"c00c 0005 0001 0000003c 0002 c010"+"c010 0001 0001 00000e10 0004 c0000201"+"c010 0001 0001 00000e10 0004 c0000202"+
			"00 0029 04d0 00000000 0000")
}

func TestAllocs(t *testing.T) {
	q, a := exchange(t)
	for name, p := range map[string]l7.Proto{"udp": UDP(), "tcp": TCP()} {
		query, answer := q, a
		if name == "tcp" {
			query, answer = framed(q), framed(a)
		}
		parser, out := p.New(l7.Options{}), new(l7.Emitter)
		got := testing.AllocsPerRun(1000, func() {
			out.Reset(l7.Stamp{})
			if step, err := parser.Parse(l7.ToServer, query, out); err != nil || step.Consumed != len(query) {
				t.Fatal(step, err)
			}
			out.Reset(l7.Stamp{})
			if step, err := parser.Parse(l7.ToClient, answer, out); err != nil || step.Consumed != len(answer) {
				t.Fatal(step, err)
			}
			if p.Detect(l7.ToServer, query) != l7.Yes {
				t.Fatal("not detected")
			}
		})
		if got != 0 {
			t.Errorf("%s: %v allocations for a query and its answer", name, got)
		}
	}
}

func BenchmarkExchange(b *testing.B) {
	query, answer := exchange(b)
	p, out := UDP().New(l7.Options{}), new(l7.Emitter)
	b.ReportAllocs()
	b.SetBytes(int64(len(query) + len(answer)))
	for b.Loop() {
		out.Reset(l7.Stamp{})
		if _, err := p.Parse(l7.ToServer, query, out); err != nil {
			b.Fatal(err)
		}
		out.Reset(l7.Stamp{})
		if _, err := p.Parse(l7.ToClient, answer, out); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDetect(b *testing.B) {
	query, _ := exchange(b)
	b.ReportAllocs()
	for b.Loop() {
		if detectUDP(l7.ToServer, query) != l7.Yes {
			b.Fatal("not detected")
		}
	}
}
