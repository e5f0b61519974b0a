package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture/afpacket"
)

// TestInterfacesByNumber holds that numbers are those of -D, alone, joined and
// named, and that a name goes before a number.
func TestInterfacesByNumber(t *testing.T) {
	list := func() ([]afpacket.Interface, error) {
		return []afpacket.Interface{{Name: "lo"}, {Name: "eth0"}, {Name: "7"}}, nil
	}
	for _, c := range []struct{ in, want, err string }{
		{"1", "lo", ""},
		{"2=front", "eth0=front", ""},
		{"1+2=tap", "lo+eth0=tap", ""},
		{"eth0", "eth0", ""},
		{"7", "7", ""},
		{"4", "any", ""},
		{"0", "", "-i 0: there are 4 interfaces"},
		{"5", "", "-i 5: there are 4 interfaces"},
	} {
		got, err := byNumber([]string{c.in}, list)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %s", c.in, err, c.err)
			}
			continue
		}
		if d := cmp.Diff([]string{c.want}, got); d != "" || err != nil {
			t.Errorf("%s: %v, %s", c.in, err, d)
		}
	}
	if got, err := byNumber([]string{"eth0", "a+b=c", "-1"}, func() ([]afpacket.Interface, error) { return nil, errors.New("asked") }); err != nil || len(got) != 3 {
		t.Errorf("%v, %v: no list was needed", got, err)
	}
}

// TestLiveByNumber captures on the interface that -D lists first.
func TestLiveByNumber(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	b, err := l.liveCmd("-D").Output()
	if err != nil {
		t.Fatal(err)
	}
	number, _, _ := strings.Cut(string(b), ".")
	for line := range strings.Lines(string(b)) {
		if n, rest, _ := strings.Cut(line, "."); strings.HasPrefix(rest, "vb ") {
			number = n
		}
	}
	w := l.live(t, "-i", number)
	w.interrupt(t)
	if !strings.Contains(w.err.String(), "listening on vb,") {
		t.Errorf("-i %s: %s", number, w.err.String())
	}
}
