package find

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
)

// FuzzParseID compares with encoding/hex over the id with its leading zeros.
func FuzzParseID(f *testing.F) {
	for _, s := range []string{"", "0", "1", "4bf92f3577b34da6a3ce929d0e0e4736", "4BF9", "abc", "g", strings.Repeat("0", 32), strings.Repeat("1", 33), "\xff0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want span.TraceID
		ok := s != "" && len(s) <= 2*len(want)
		if ok {
			b, err := hex.DecodeString(strings.Repeat("0", 2*len(want)-len(s)) + s)
			ok = err == nil && copy(want[:], b) == len(want) && !want.IsZero()
		}
		got, gotOK := ParseID(s)
		if gotOK != ok || ok && got != want {
			t.Fatalf("%q: %v %v, want %v %v", s, got, gotOK, want, ok)
		}
	})
}
