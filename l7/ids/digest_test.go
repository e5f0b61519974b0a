package ids

import "testing"

// Digests are compared between agents: they must never change. The vectors are
// FNV's own (http://www.isthe.com/chongo/src/fnv/test_fnv.c).
func TestDigest(t *testing.T) {
	for text, want := range map[string]uint64{"": 0xcbf29ce484222325, "a": 0xaf63dc4c8601ec8c, "foobar": 0x85944171f73967e8} {
		if got := Digest([]byte(text)); got != want {
			t.Errorf("%q: got %x, want %x", text, got, want)
		}
	}
	if got, want := DigestMore(Digest([]byte("foo")), []byte("bar")), Digest([]byte("foobar")); got != want {
		t.Errorf("got %x in two pieces, want %x", got, want)
	}
	if got, want := DigestBody([]byte("foo"), 0x1234), Digest([]byte("foo\x34\x12")); got != want {
		t.Errorf("got %x for a body, want %x", got, want)
	}
	if got := string(AppendPair([]byte("x"), 0xab, 1)); got != "xab/1" {
		t.Errorf("got %q", got)
	}
}
