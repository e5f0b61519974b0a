package http2

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// capturing keeps the first 24 bytes of each body.
func capturing() l7.Proto {
	p := Proto()
	p.New = func(o l7.Options) l7.Parser {
		o.Bodies = 24
		return New(o)
	}
	return p
}

const bodyCases = "testdata/bodies"

func TestBodiesGolden(t *testing.T)  { l7test.Golden(t, capturing(), bodyCases) }
func TestBodiesChop(t *testing.T)    { l7test.Chop(t, capturing(), bodyCases) }
func TestBodiesPoison(t *testing.T)  { l7test.Poison(t, capturing(), bodyCases) }
func TestBodiesDrop(t *testing.T)    { l7test.DropBy(t, capturing(), bodyCases, identity) }
func TestBodiesSwap(t *testing.T)    { l7test.Swap(t, capturing(), bodyCases) }
func TestBodiesReorder(t *testing.T) { l7test.Reorder(t, capturing(), bodyCases) }
func FuzzBodies(f *testing.F)        { l7test.Fuzz(f, capturing()) }

// Sessions of all kinds are told alike with bodies and without, but for these.
func TestBodiesChangeNothing(t *testing.T) {
	for _, name := range []string{"plain", "unary", "streaming", "frames", "push", "resets", "midstream", "lost", "web", "webtext"} {
		s, err := l7test.Load(cases + "/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		with, without := l7test.Play(s, capturing()), l7test.Play(s, Proto())
		if a, b := withoutBodies(with), withoutBodies(without); a != b {
			t.Errorf("%s: with bodies\n%s\nwithout\n%s", name, a, b)
		}
	}
}

func withoutBodies(r *l7test.Result) string {
	for _, c := range r.Conns {
		for i := range c.Messages {
			m := &c.Messages[i]
			m.Attrs = dropBodies(m.Attrs)
			if m.Trailer != nil {
				m.Trailer.Attrs = dropBodies(m.Trailer.Attrs)
			}
		}
	}
	return r.String()
}

func dropBodies(attrs []string) (kept []string) {
	for _, a := range attrs {
		if !strings.HasPrefix(a, "wirespan.http.re") && !strings.Contains(a, ".header.content-type=") {
			kept = append(kept, a)
		}
	}
	return kept
}

// Bodies of more streams at once than there is room for are not captured, those
// that come later are.
func TestBodiesBound(t *testing.T) {
	p := capturing().New(l7test.Options()).(*parser)
	c := newPeer()
	var out l7.Emitter
	feed := func(b string) (text string) {
		for len(b) > 0 {
			out.Reset(l7.Stamp{})
			step, err := p.Parse(l7.ToServer, []byte(b), &out)
			if err != nil || step.Consumed == 0 {
				t.Fatal(step, err)
			}
			if m, _, ok := out.Take(); ok && m.Kind == l7.End {
				for _, a := range m.Attrs {
					if a.Key == keyRequestBody {
						text = string(a.Str)
					}
				}
			}
			b = b[step.Consumed+int(step.Skip):]
		}
		return text
	}
	post := func(id uint32) string {
		return c.headers(id, 0, ":method", "POST", ":scheme", "http", ":path", "/", ":authority", "a.example", "content-type", "text/plain")
	}
	for i := range uint32(maxKept + 1) {
		feed(post(2*i + 1))
	}
	for i := range uint32(maxKept + 1) {
		want := "text"
		if i == maxKept {
			want = ""
		}
		if got := feed(frameOf(typeData, flagEndStream, 2*i+1, "text")); got != want {
			t.Errorf("stream %d: %q", 2*i+1, got)
		}
		p.streams.remove(2*i + 1) // no answer comes
	}
	if got := feed(post(1001) + frameOf(typeData, flagEndStream, 1001, "again")); got != "again" || p.streams.lent != maxKept {
		t.Errorf("%q, room for %d lent", got, p.streams.lent)
	}
}

// TestBase64 compares with the library, cut at every place.
func TestBase64(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "QQ==": "A", "QUI=": "AB", "QUJD": "ABC", "QQ==QUI=QUJD": "AABABC", "QUJD\r\nREVG": "ABCDEF", "-_-_": "\xfb\xff\xbf",
	} {
		for cut := range len(text) + 1 {
			var d base64
			got, ok := d.decode(make([]byte, 0, 64), []byte(text[:cut]))
			if got, ok2 := d.decode(got, []byte(text[cut:])); !ok || !ok2 || string(got) != want {
				t.Errorf("%q cut at %d: %q %v", text, cut, got, ok2)
			}
		}
	}
	if _, ok := new(base64).decode(nil, []byte("QU{D")); ok {
		t.Error("a brace is taken for base64")
	}
}
