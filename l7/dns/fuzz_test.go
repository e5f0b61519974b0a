package dns

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
)

// check holds for every message, whatever was read.
func check(t *testing.T, s seen) {
	for _, a := range append(s.attrs, s.name, s.op) {
		if !utf8.ValidString(a) {
			t.Fatalf("not UTF-8: %q", a)
		}
	}
	if len(s.name) > 4*maxName || len(s.attrs) > maxAnswers+16 || len(s.answers) > maxAnswers {
		t.Fatalf("beyond the bounds: %+v", s)
	}
}

func FuzzUDP(f *testing.F) {
	for _, tt := range messageTests {
		f.Add(unhex(f, tt.hex), tt.o.ServerPort)
	}
	f.Fuzz(func(t *testing.T, b []byte, port uint16) {
		for _, dir := range []l7.Dir{l7.ToServer, l7.ToClient} {
			v := detectUDP(dir, b)
			d := newDriver(UDP(), l7.Options{ServerPort: port})
			d.data(dir, b)
			if v >= l7.Maybe && len(d.seen) != 1 {
				t.Fatalf("detected as %d, but %d messages: %v", v, len(d.seen), d.err)
			}
			for _, s := range d.seen {
				check(t, s)
			}
		}
	})
}

func FuzzTCP(f *testing.F) {
	for _, tt := range messageTests {
		f.Add(framed(unhex(f, tt.hex), unhex(f, tt.hex)), 7)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		if cut < 0 || cut > len(b) {
			cut = len(b) / 2
		}
		one, two := newDriver(TCP(), l7.Options{}), newDriver(TCP(), l7.Options{})
		one.data(l7.ToClient, b)
		two.data(l7.ToClient, b[:cut])
		if two.err == nil {
			two.data(l7.ToClient, b[cut:])
		}
		if one.err == nil && two.err == nil {
			if diff := cmp.Diff(one.seen, two.seen, cmp.AllowUnexported(seen{})); diff != "" {
				t.Fatal(diff)
			}
		}
		one.end(l7.ToClient)
		for _, s := range append(one.seen, two.seen...) {
			check(t, s)
		}
	})
}
