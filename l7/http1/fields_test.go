package http1

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/l7/l7test"
)

// matcher knows fields as users write them.
func matcher(t testing.TB, rules ...string) *ids.Matcher {
	t.Helper()
	c := ids.Default()
	for _, r := range rules {
		if err := c.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	m, err := ids.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fielded looks for serial numbers, and tells no bodies.
func fielded(t testing.TB) l7.Proto {
	m := matcher(t, "query:serialNo", "form:serialNo", "json:$.head.serialNo")
	p := Proto()
	p.New = func(o l7.Options) l7.Parser {
		o.IDs = m
		return New(o)
	}
	return p
}

const fieldCases = "testdata/fields"

func TestFieldsGolden(t *testing.T)  { l7test.Golden(t, fielded(t), fieldCases) }
func TestFieldsChop(t *testing.T)    { l7test.Chop(t, fielded(t), fieldCases) }
func TestFieldsPoison(t *testing.T)  { l7test.Poison(t, fielded(t), fieldCases) }
func TestFieldsSwap(t *testing.T)    { l7test.Swap(t, fielded(t), fieldCases) }
func TestFieldsReorder(t *testing.T) { l7test.Reorder(t, fielded(t), fieldCases) }
func FuzzFields(f *testing.F)        { l7test.Fuzz(f, fielded(f)) }

// What the user changes while the program runs is true of connections that are
// open.
func TestFieldsChange(t *testing.T) {
	m := matcher(t)
	d := &driver{t: t, p: New(l7.Options{IDs: m, Bodies: 4}), keys: Proto().Keys}
	ask := "POST /?b=2 HTTP/1.1\r\nContent-Length: 14\r\n\r\n{\"a\":\"471100\"}"
	d.feed(l7.ToServer, []byte(ask))
	n := len(d.log)
	*m = *matcher(t, "json:$.a", "query:b")
	d.feed(l7.ToServer, []byte(ask))
	*m = *matcher(t)
	d.feed(l7.ToServer, []byte(ask))
	if len(d.log) != 3*n {
		t.Fatalf("%q", d.log)
	}
	told := func(log []string) int { return strings.Count(strings.Join(log, "\n"), "id6:") }
	if told(d.log[:n]) != 0 || told(d.log[n:2*n]) != 2 || told(d.log[2*n:]) != 0 {
		t.Errorf("fields are not those of the time: %q", d.log)
	}
}
