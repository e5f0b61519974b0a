package l7test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
)

func TestParseSession(t *testing.T) {
	got, err := ParseSession(`# remark
midstream
port 80
> "GET a\r\n"
  "more\x00"
  ` + "`raw \\n`" + `
repeat
< "OK"
lost < 100
fin >
`)
	if err != nil {
		t.Fatal(err)
	}
	want := Session{
		Midstream: true, Port: 80, Repeat: 1,
		Turns: []Turn{Client("GET a\r\nmore\x00raw \\n"), Server("OK"), Lost(l7.ToClient, 100), Fin(l7.ToServer)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

func TestParseSessionFaults(t *testing.T) {
	for text, want := range map[string]string{
		"\n> GET":      "line 2",
		`"early"`:      "before the first segment",
		"hello":        "no line of a session",
		"port 99999":   "out of range",
		"lost > many":  "invalid syntax",
		"fin sideways": "no line of a session",
	} {
		if _, err := ParseSession(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func TestEncodeRoundTrip(t *testing.T) {
	s := Session{UDP: true, Midstream: true, Turns: []Turn{Client("abc"), Server("d"), Fin(l7.ToClient)}}
	if diff := cmp.Diff(s, decode(s.encode())); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestSplits(t *testing.T) {
	s := TCP(Client("abc"), Client("de"), Server("f"), Fin(l7.ToClient))
	if diff := cmp.Diff([]Turn{Client("ab"), Client("c"), Client("de"), Server("f"), Fin(l7.ToClient)}, s.split(0, 2).Turns); diff != "" {
		t.Errorf("split (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Turn{Client("abcde"), Server("f"), Fin(l7.ToClient)}, s.joined().Turns); diff != "" {
		t.Errorf("joined (-want +got):\n%s", diff)
	}
	if got := len(s.chopped(func(int) int { return 1 }).Turns); got != 7 {
		t.Errorf("chopped into %d turns, want 7", got)
	}
}
