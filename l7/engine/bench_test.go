package engine_test

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

var shapes = []struct {
	name    string
	session l7test.Session
}{
	{"whole", l7test.TCP(client("GET a\n"), server("OK 5\nhello"))},
	{"split", l7test.TCP(client("GE"), client("T a\nGET"), client(" b\n"), server("OK 5\nhel"), server("lo"), server("ERR 4\n"))},
	{"large", l7test.TCP(client("GET a\n"), server("OK 14000\n"+strings.Repeat("x", 1000)), server(strings.Repeat("x", 13000)))},
	{"gap", l7test.TCP(client("GET a\n"), server("OK 1400\n"), l7test.Lost(l7.ToClient, 1500), server("ERR 4\n"))},
}

func TestAllocs(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) { l7test.Allocs(t, toy.Proto(), s.session) })
	}
}

func BenchmarkEngine(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) { l7test.Bench(b, toy.Proto(), s.session) })
	}
}

// BenchmarkSkip measures a segment that is all body.
func BenchmarkSkip(b *testing.B) {
	e, err := engine.New(engine.Config{Protos: []l7.Proto{toy.Proto()}, Options: l7test.Options(), MaxCarry: 1 << 20}, &l7test.Recorder{})
	if err != nil {
		b.Fatal(err)
	}
	c := &flows.Conn{Proto: 6, Roles: flows.Observed}
	e.Open(c)
	e.Data(c, flows.ToServer, []byte("TAIL a\n"), flows.Stamp{})
	e.Data(c, flows.ToClient, []byte("ALL\n"), flows.Stamp{})
	body := make([]byte, 1448)
	b.ReportAllocs()
	for b.Loop() {
		e.Data(c, flows.ToClient, body, flows.Stamp{Offset: 4})
	}
	if e.Stats().Skipped == 0 {
		b.Fatal("nothing was skipped")
	}
}
