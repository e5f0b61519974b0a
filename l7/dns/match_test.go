package dns

import (
	"testing"

	"github.com/wirespan/wirespan/l7"
)

func TestMatch(t *testing.T) {
	one := func(hex string) seen { return run(UDP(), l7.Options{}, part{l7.ToServer, unhex(t, hex)})[0] }
	query := one("1234 0100 0001 0000 0000 0000" + example + "0001 0001")
	for _, tt := range []struct {
		name string
		hex  string
		same bool
	}{
		{"the answer", "1234 8180 0001 0000 0000 0000" + example + "0001 0001", true},
		{"an answer in other letters", "1234 8180 0001 0000 0000 0000" + "07 4578416d506c45 03 434f4d 00" + "0001 0001", true},
		{"another id", "1235 8180 0001 0000 0000 0000" + example + "0001 0001", false},
		{"another type", "1234 8180 0001 0000 0000 0000" + example + "001c 0001", false},
		{"another name", "1234 8180 0001 0000 0000 0000" + www + "0001 0001", false},
		{"other borders between labels", "1234 8180 0001 0000 0000 0000" + "0b 6578616d706c652e636f6d 00" + "0001 0001", false},
	} {
		if got := one(tt.hex); (got.match == query.match) != tt.same {
			t.Errorf("%s: Match %016x, of the query %016x", tt.name, got.match, query.match)
		}
	}
}

// TestMatchWithoutQuestion: servers answer updates and errors without a
// question; the id finds it.
func TestMatchWithoutQuestion(t *testing.T) {
	got := run(UDP(), l7.Options{},
		part{l7.ToServer, unhex(t, "0001 2800 0001 0000 0000 0000"+example+"0006 0001")},
		part{l7.ToServer, unhex(t, "0002 0100 0001 0000 0000 0000"+example+"0001 0001")},
		part{l7.ToClient, unhex(t, "0002 8181 0000 0000 0000 0000")},
		part{l7.ToClient, unhex(t, "0001 a800 0000 0000 0000 0000")},
		part{l7.ToClient, unhex(t, "0003 8181 0000 0000 0000 0000")},
	)
	if len(got) != 5 {
		t.Fatalf("%d messages", len(got))
	}
	if got[2].match != got[1].match || got[3].match != got[0].match {
		t.Error("an answer without question does not match its query")
	}
	if got[4].match != 3<<48 {
		t.Errorf("nobody asked, but Match is %x", got[4].match)
	}
}

func TestAskedForgets(t *testing.T) {
	var a asked
	for i := range uint16(maxAsked + 5) {
		a.add(i, uint64(i)+100)
	}
	if _, ok := a.find(4); ok {
		t.Error("kept more than maxAsked queries")
	}
	if m, ok := a.find(5); !ok || m != 105 {
		t.Error("forgot the oldest query within the bound")
	}
	a.add(5, 7)
	if m, _ := a.find(5); m != 7 {
		t.Error("an id that is used again must find the latest query")
	}
}
