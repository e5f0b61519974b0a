package tlskeys

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzKeyLog: a log that is read in two parts, as one that is written meanwhile, gives
// the same secrets as one that is read at once.
func FuzzKeyLog(f *testing.F) {
	f.Add([]byte(line("CLIENT_RANDOM", 1, "0102")+line("RSA", 2, "03")+"# comment\n"), 30)
	f.Add([]byte("RSA 0102030405060708 "+strings.Repeat("ab", 48)+"\r\nCLIENT_TRAFFIC_SECRET_0 00 zz\n\n"), 3)
	f.Add([]byte(line("SERVER_TRAFFIC_SECRET_0", 4, "ff")+line("SERVER_TRAFFIC_SECRET_0", 4, "ee")), 70)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		cut = min(max(cut, 0), len(text))
		for l := range bytes.Lines(text) {
			if len(l) > maxLine {
				return // given up as soon as it is too long
			}
		}
		whole, parts := New(), New()
		whole.Add(text)
		rest := parts.lines(bytes.Clone(text[:cut]))
		parts.line(parts.lines(append(rest, text[cut:]...)))
		if whole.Stats() != parts.Stats() {
			t.Fatalf("whole %+v, in parts %+v", whole.Stats(), parts.Stats())
		}
		if len(whole.secrets) != len(parts.secrets) || len(whole.premade) != len(parts.premade) {
			t.Fatalf("%d and %d secrets", len(whole.secrets), len(parts.secrets))
		}
		for n, s := range whole.secrets {
			if len(s) == 0 || !bytes.Equal(s, parts.secrets[n]) {
				t.Fatalf("%v: %x, in parts %x", n, s, parts.secrets[n])
			}
		}
		for n, s := range whole.premade {
			if len(s) != 48 || !bytes.Equal(s, parts.premade[n]) {
				t.Fatalf("%x: %x, in parts %x", n, s, parts.premade[n])
			}
		}
	})
}
