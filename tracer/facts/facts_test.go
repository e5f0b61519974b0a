package facts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

var full = Facts{
	Class: 1, Kind: 2, Status: 3, TTL: 63, Flags: 0xffff, Variant: 77, Age: 1 << 40,
	HasContext: true, Sampled: true, ContextKind: 4, Trace: [16]byte{1, 2}, Parent: [8]byte{3},
	Exchange: 4, Target: 5, Forwarded: 6, Head: 7, Ack: 8, Next: 9, Offset: 10, RTTClient: 11, RTTServer: 12, Length: 13,
	Messages: []byte("m"), Host: []byte("host"), Answers: []byte("answers"),
}

func TestAppendParse(t *testing.T) {
	small := Facts{Class: 2, Messages: []byte{}, Host: []byte{}, Answers: []byte{}}
	for _, want := range []Facts{full, small} {
		b := Append(nil, &want)
		got, err := Parse(append(b, "a later version's field"...))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		for n := range len(b) {
			if _, err := Parse(b[:n]); err != ErrFacts {
				t.Errorf("%d of %d bytes: %v", n, len(b), err)
			}
		}
	}
	if _, err := Parse([]byte{2, 0, 0, 0, 0, 0, 0, 0, 0}); err != ErrFacts {
		t.Errorf("version 2: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Append(nil, &full))
	f.Add(Append(nil, &Facts{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(Append(nil, &v))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(v, again); d != "" {
			t.Fatal(d)
		}
	})
}
