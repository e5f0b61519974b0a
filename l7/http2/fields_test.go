package http2

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/l7/l7test"
)

// fielded looks for serial numbers, and captures some bytes of each body, or
// none.
func fielded(t testing.TB, bodies int) l7.Proto {
	c := ids.Default()
	for _, rule := range []string{"query:serialNo", "form:serialNo", "json:$.head.serialNo"} {
		if err := c.Add(rule); err != nil {
			t.Fatal(err)
		}
	}
	m, err := ids.New(c)
	if err != nil {
		t.Fatal(err)
	}
	p := Proto()
	p.New = func(o l7.Options) l7.Parser {
		o.IDs, o.Bodies = m, bodies
		return New(o)
	}
	return p
}

// TestFields finds numbers in queries, JSON and forms, over several frames, with
// padding, in responses; not behind the first 4 KiB, not in calls, not packed.
func TestFields(t *testing.T) {
	c, s := newPeer(), newPeer()
	post := func(id uint32, media string, more ...string) string {
		return c.headers(id, 0, append([]string{":method", "POST", ":scheme", "http", ":path", "/", "content-type", media}, more...)...)
	}
	ask := preface + frameOf(typeSettings, 0, 0, "") +
		c.headers(1, flagEndStream, ":method", "GET", ":scheme", "http", ":path", "/a?serialNo=47%2011") +
		post(3, "application/json") + frameOf(typeData, 0, 3, `{"head":{"seria`) +
		post(5, "application/x-www-form-urlencoded") + frameOf(typeData, flagPadded, 5, "\x02serialNo=47\x00\x00") +
		frameOf(typeData, flagEndStream, 3, `lNo":471200}}`) + frameOf(typeData, flagEndStream, 5, "13&x=1") +
		post(7, "application/json") + frameOf(typeData, flagEndStream, 7, `{"p":"`+strings.Repeat("x", ids.MaxBody)+`","head":{"serialNo":1}}`) +
		post(9, "application/json", "content-encoding", "gzip") + frameOf(typeData, flagEndStream, 9, `{"head":{"serialNo":1}}`) +
		post(11, "application/grpc") + frameOf(typeData, flagEndStream, 11, messageOf(`{"head":{"serialNo":1}}`))
	answer := frameOf(typeSettings, 0, 0, "") + s.headers(1, 0, ":status", "200", "content-type", "application/json") +
		frameOf(typeData, flagEndStream, 1, `{"head":{"serialNo":"4714"}}`)
	session := l7test.TCP(l7test.Client(ask), l7test.Server(answer))
	want := []string{"request: user serialNo=47 11", "request: user serialNo=471200", "request: user serialNo=4713", "response: user serialNo=4714"}
	for _, bodies := range []int{0, 4, 8 << 10} {
		var got []string
		for _, conn := range l7test.Play(session, fielded(t, bodies)).Conns {
			for _, m := range conn.Messages {
				list := m.IDs
				for _, a := range m.Attrs {
					if bodies == 0 && strings.Contains(a, "body") {
						t.Errorf("a body is told: %s", a)
					}
				}
				if m.Trailer != nil {
					list = append(list, m.Trailer.IDs...)
					for _, a := range m.Trailer.Attrs {
						if v, ok := strings.CutPrefix(a, "wirespan.http.request.body="); ok && len(v) > bodies {
							t.Errorf("%d bytes of a body, want %d at most", len(v), bodies)
						}
					}
				}
				for _, id := range list {
					got = append(got, m.Dir+": "+id)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d bytes of bodies (-want +got):\n%s", bodies, diff)
		}
	}
}

// Sessions of all kinds are told alike with fields that are not in them.
func TestFieldsChangeNothing(t *testing.T) {
	for _, name := range []string{"plain", "unary", "streaming", "frames", "push", "resets", "midstream", "lost", "web", "webtext"} {
		s, err := l7test.Load(cases + "/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		with, without := l7test.Play(s, fielded(t, 0)), l7test.Play(s, Proto())
		if diff := cmp.Diff(without.String(), with.String()); diff != "" {
			t.Errorf("%s (-without +with):\n%s", name, diff)
		}
	}
}

func FuzzFields(f *testing.F) { l7test.Fuzz(f, fielded(f, 24)) }
