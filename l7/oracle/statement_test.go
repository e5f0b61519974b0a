package oracle

import (
	"strings"
	"testing"
)

// head is an OALL8 up to the text: options, cursor, length of the text, numbers.
func head(n int) string {
	return "\x02\x80\x61\x00\x01" + string(number(nil, n)) + "\x01\x01\x0d\x00\x00\x00\x01\x64\x04\x7f\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00"
}

const rest = "\x01\x01\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00"

// chunked writes a text in chunks, with lengths of one byte or numbers.
func chunked(s string, size int, big bool) string {
	var b []byte
	for len(s) > 0 {
		n := min(len(s), size)
		if big {
			b = number(b, n)
		} else {
			b = append(b, byte(n))
		}
		b, s = append(b, s[:n]...), s[n:]
	}
	return string(append(b, 0))
}

func TestStatementText(t *testing.T) {
	short := "SELECT * FROM dual"
	long := "select /* x */ name from items where name in (" + strings.Repeat("'a value', ", 60) + "'z')"
	huge := "INSERT INTO t VALUES ('" + strings.Repeat("v", 40000) + "')"
	for _, tt := range []struct {
		about, text, body string
	}{
		{"length in front", short, string(rune(len(short))) + short},
		{"alone", short, short},
		{"one letter, alone", "S" + short[1:], short},
		{"length that is a letter", strings.Repeat("x", 'S'), "S" + strings.Repeat("x", 'S')},
		{"chunks with numbers", long, "\xfe" + chunked(long, 32767, true)},
		{"several chunks with numbers", huge, "\xfe" + chunked(huge, 32767, true)},
		{"chunks with bytes", long, "\xfe" + chunked(long, 0xfc, false)},
		{"chunks of 64 bytes", long, chunked(long, 0x40, false)},
		{"chunks of 255 bytes", long, chunked(long, 0xff, false)},
		{"zero at the end", short + "\x00", string(rune(len(short)+1)) + short + "\x00"},
		{"parenthesis", "(" + short + ")", string(rune(len(short)+2)) + "(" + short + ")"},
	} {
		var p parser
		e, ok := p.all8([]byte(head(len(tt.text)) + tt.body + rest))
		if !ok || string(e.text) != tt.text || e.short || e.options != 0x8061 || p.wide {
			t.Errorf("%s: got %q, %+v, %v", tt.about, e.text[:min(len(e.text), 60)], e.short, ok)
		}
	}
	var p parser
	if e, _ := p.all8([]byte(head(len(long)) + "\xfe" + chunked(long, 100, true)[:300])); !e.short {
		t.Errorf("cut short: got %q", e.text)
	}
	if e, ok := p.all8([]byte("\x02\x80\x60\x01\x07\x00\x00\x01\x01\x0d\x00\x00\x00")); !ok || e.cursor != 7 || len(e.text) > 0 {
		t.Errorf("without text: got %+v", e)
	}
}

func TestProcedure(t *testing.T) {
	for in, want := range map[string]string{
		"BEGIN shop.place_order(:1); END;":               "shop.place_order",
		"begin\n  place; end;":                           "place",
		"BEGIN :1 := shop.price(:2); END;":               "shop.price",
		"CALL shop.place(:1)":                            "shop.place",
		"BEGIN NULL; END;":                               "",
		"BEGIN a(1); b(2); END;":                         "",
		"BEGIN UPDATE t SET a = 1; END;":                 "",
		"SELECT 1 FROM dual":                             "",
		"BEGIN":                                          "",
		"BEGIN \"Shop\".\"Place\"@remote(a => :1); END;": "\"Shop\".\"Place\"@remote",
	} {
		if got := string(called([]byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
