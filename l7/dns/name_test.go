package dns

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	long := strings.Repeat("3f"+strings.Repeat("61", 63), 3)
	for _, tt := range []struct {
		name  string
		hex   string
		off   int
		want  string
		next  int // 0 if it has no end in place
		ok    bool
		keep  bool
		other string // a name with the same hash
	}{
		{name: "the root", hex: "00", want: ".", next: 1, ok: true},
		{name: "letters keep their case", hex: "03 417a30 00", want: "Az0", next: 5, ok: true, other: "03 615a30 00"},
		{name: "a pointer backwards", hex: "01 61 00 01 62 c000", off: 3, want: "b.a", next: 7, ok: true, other: "01 62 01 61 00"},
		{name: "a pointer to a pointer", hex: "01 61 00 c000 01 62 c003", off: 5, want: "b.a", next: 9, ok: true},
		{name: "a pointer to itself", hex: "c000", next: 2},
		{name: "a pointer forwards", hex: "c002 01 61 00", next: 2},
		{name: "a pointer into its own labels", hex: "01 61 c000", next: 4},
		{name: "half a pointer", hex: "01 61 c0"},
		{name: "a pointer behind the end", hex: "c0ff", next: 2},
		{name: "no end", hex: "01 61"},
		{name: "a label longer than the message", hex: "05 61 62"},
		{name: "a label of kind 01", hex: "41 00"},
		{
			name: "255 bytes", hex: long + "3d" + strings.Repeat("61", 61) + "00", ok: true, next: 255,
			want: strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("a", 61),
		},
		{name: "256 bytes", hex: long + "3e" + strings.Repeat("61", 62) + "00"},
		{name: "UTF-8, where names are UTF-8", hex: "05 c3a9 2e 09 20 00", want: `é\.\009 `, next: 7, ok: true, keep: true},
		{name: "UTF-8, where they are not", hex: "02 c3a9 00", want: `\195\169`, next: 4, ok: true},
		{name: "broken UTF-8", hex: "02 c361 00", want: `\195a`, next: 4, ok: true, keep: true},
	} {
		msg := unhex(t, tt.hex)
		d := appendName([]byte("x"), msg, tt.off, tt.keep)
		if string(d.text) != "x"+tt.want || d.next != tt.next || d.ok != tt.ok {
			t.Errorf("%s: %q, next %d, %v", tt.name, d.text, d.next, d.ok)
		}
		if tt.other != "" && appendName(nil, unhex(t, tt.other), 0, false).hash != d.hash {
			t.Errorf("%s: other hash than %s", tt.name, tt.other)
		}
		if next, ok := skipName(msg, tt.off); ok != (tt.next > 0) && tt.name != "256 bytes" || ok && tt.next > 0 && next != tt.next {
			t.Errorf("%s: skipped to %d, %v", tt.name, next, ok)
		}
	}
}
