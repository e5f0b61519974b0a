package oracle

import (
	"bytes"
	"strings"
	"testing"
)

// record writes an error record as a server of a version does.
func record(field, heads, code, rows, cursor int, flags byte, text string) []byte {
	b := []byte{ttiError}
	if heads > 0 {
		b = append(b, 1, 5)
	}
	if heads > 1 {
		b = append(b, 1, 9)
	}
	b = number(b, rows)
	b = number(b, code)
	b = append(b, 0, 0)
	b = number(b, cursor)
	b = append(b, 0, 3, 0)
	if flags > 0 {
		b = append(b, 1, flags, 0)
	} else {
		b = append(b, 0, 0)
	}
	b = append(b, 0, 0)             // UPI parameter, warnings
	b = append(b, 2, 0x41, 7, 0, 0) // row id: object, file
	b = append(b, 3, 1, 2, 3, 1, 4) // block, slot
	b = append(b, 0, 0, 0, 0, 1, 1) // system, statement, call, padding, iterations
	if field >= field12 {
		b = append(b, 0, 0, 0, 0)
		b = number(b, code)
		b = number(b, rows)
	}
	if field >= field20 {
		b = append(b, 1, 3, 4, 1, 2, 3, 4)
	}
	if code != 0 {
		b = append(append(b, byte(len(text))), text...)
	}
	return b
}

func number(b []byte, n int) []byte {
	var v []byte
	for ; n > 0; n >>= 8 {
		v = append([]byte{byte(n)}, v...)
	}
	return append(append(b, byte(len(v))), v...)
}

func TestOutcome(t *testing.T) {
	rows := []byte("\x06\x22\x01\x02\x00\x01\x0a\x00\x00\x00\x07\x02\xc1\x02\x04\x04\x04\x04\x04\x07\x03\x00\x04")
	for _, tt := range []struct {
		about        string
		field, heads int
		code, rows   int
		cursor       int
		flags        byte
		text         string
	}{
		{"version 11, no more rows", 6, 2, 1403, 12, 2, 0, "ORA-01403: no data found\n"},
		{"version 11, one number in front", 6, 1, 1403, 300, 2, 0x20, "ORA-01403: no data found\n"},
		{"version 11, none", 6, 0, 1017, 0, 0, 0, "ORA-01017: invalid username/password; logon denied\n"},
		{"version 12", 7, 2, 0, 70000, 300, 0x20, ""},
		{"version 19", 12, 2, 942, 0, 4, 0, "ORA-00942: table or view does not exist\n"},
		{"version 21", 16, 2, 0, 1, 5, 0, ""},
		{"version 23, a long number", 24, 2, 20001, 0, 65535, 0x10, "ORA-20001: whatever\nORA-06512: at line 1\n"},
	} {
		b := append(bytes.Clone(rows), record(tt.field, tt.heads, tt.code, tt.rows, tt.cursor, tt.flags, tt.text)...)
		for _, field := range []int{tt.field, 0} {
			var o outcome
			fits, ok := o.read(b, field)
			if !ok || fits != class(tt.field) || o.code != tt.code || int(o.rows) != tt.rows || o.cursor != tt.cursor || !o.known {
				t.Errorf("%s, version %d: got %+v, %d, %v", tt.about, field, o, fits, ok)
			}
		}
		for n := range len(b) - 1 { // cut short, it is none
			var o outcome
			if _, ok := o.read(b[:n], tt.field); ok && tt.field >= field12 {
				t.Errorf("%s, %d bytes: got %+v", tt.about, n, o)
			}
		}
	}
}

// Errors of an array of binds stand in the record.
func TestBatchErrors(t *testing.T) {
	b := record(12, 2, 0, 5, 3, 0, "")
	// errors: number, packed size, two codes; rows: number, packed size, two offsets; no texts
	batch := []byte{1, 2, 2, 1, 1, 2, 5, 0x78, 1, 2, 2, 1, 1, 1, 9, 0}
	at := bytes.LastIndex(b, []byte{1, 1, 0, 0, 0, 0}) + 3
	b = append(append(bytes.Clone(b[:at]), batch...), b[at+3:]...)
	var o outcome
	if _, ok := o.read(b, 12); !ok || o.rows != 5 || o.cursor != 3 {
		t.Errorf("got %+v, %v", o, ok)
	}
}

// OCI clients have numbers of fixed size in front of the text.
func TestWideOutcome(t *testing.T) {
	text := "ORA-01403: no data found\n"
	b := append([]byte("\x07\x02\xc1\x02"), "\x04\x01\x00\x00\x00\x14\x00\x0b\x00\x00\x00\x7b\x05\x00\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00"...)
	b = append(b, make([]byte, 70)...)
	b = append(append(b, byte(len(text))), text...)
	var o outcome
	if !o.readWide(b) || o.code != 1403 || o.rows != 11 || o.cursor != 2 || !o.known {
		t.Errorf("got %+v", o)
	}
	if o = (outcome{}); o.readWide(b[:len(b)-3]) {
		t.Errorf("cut short: got %+v", o)
	}
}

func TestStatus(t *testing.T) {
	for b, want := range map[string]bool{"\x09\x01\x01\x01\x02": true, "\x09\x00\x00": true, "\x09\x01\x05": true, "\x09": false, "\x09\x01\x01\x01\x02\x03": false, "\x08\x00": false} {
		if got := status([]byte(b)); got != want {
			t.Errorf("%q: got %v", b, got)
		}
	}
}

func TestErrorText(t *testing.T) {
	for in, want := range map[string]string{
		"ORA-00001: unique constraint (SHOP.ORDERS_PK) violated\n":                                             "unique constraint (SHOP.ORDERS_PK) violated",
		"ORA-12899: value too large for column \"SHOP\".\"T2\".\"C1\" (actual: 12, maximum: 10)\nORA-06512: x": "value too large for column \"SHOP\".\"T2\".\"C1\" (actual: ?, maximum: ?)",
		"ORA-01722: invalid number 'secret 17' at 3.5\n":                                                       "invalid number ? at ?",
		"ORA-00942:": "",
		"":           "",
	} {
		if got := string(appendMessage(nil, []byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := string(appendMessage(nil, []byte("ORA-00600: "+strings.Repeat("x", 1000)))); len(got) != maxMessage {
		t.Errorf("a long text has %d bytes", len(got))
	}
	for n, want := range map[int]string{1: "ORA-00001", 942: "ORA-00942", 12514: "ORA-12514", 65535: "ORA-65535"} {
		if got := string(appendCode(nil, n)); got != want {
			t.Errorf("%d: got %s", n, got)
		}
	}
}
