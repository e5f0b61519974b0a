package cursor

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		in string
		n  uint64
		ok bool
	}{
		{"0", 0, true},
		{"007", 7, true},
		{"18446744073709551615", math.MaxUint64, true},
		{"18446744073709551616", 0, false},
		{"99999999999999999999", 0, false},
		{"", 0, false},
		{"+1", 0, false},
		{"-1", 0, false},
		{" 1", 0, false},
		{"1 ", 0, false},
		{"1a", 0, false},
	} {
		if n, ok := Decimal([]byte(c.in)); n != c.n || ok != c.ok {
			t.Errorf("Decimal(%q) = %d, %v", c.in, n, ok)
		}
	}
}

func TestHex(t *testing.T) {
	for _, c := range []struct {
		in string
		n  uint64
		ok bool
	}{
		{"0", 0, true},
		{"fF", 255, true},
		{"ffffffffffffffff", math.MaxUint64, true},
		{"10000000000000000", 0, false},
		{"00000000000000001", 1, true},
		{"", 0, false},
		{"0x1", 0, false},
		{"g", 0, false},
	} {
		if n, ok := Hex([]byte(c.in)); n != c.n || ok != c.ok {
			t.Errorf("Hex(%q) = %d, %v", c.in, n, ok)
		}
	}
}

func TestHexBytes(t *testing.T) {
	var d [4]byte
	for in, want := range map[string]string{"1": "00000001", "abc": "00000abc", "DEADbeef": "deadbeef", "12345678": "12345678"} {
		if !HexBytes(d[:], []byte(in)) || hex.EncodeToString(d[:]) != want {
			t.Errorf("HexBytes(%q) = %x", in, d)
		}
	}
	for _, in := range []string{"", "123456789", "12g4"} {
		if HexBytes(d[:], []byte(in)) {
			t.Errorf("HexBytes(%q) accepted", in)
		}
	}
}

func TestLowerHex(t *testing.T) {
	for n := range 20 {
		for c := range 256 {
			for at := range 2 * n {
				in := bytes.Repeat([]byte("0a9f"), 10)[:2*n]
				in[at] = byte(c)
				want, got := make([]byte, n), make([]byte, n)
				ok := HexBytes(want, in) && !(c >= 'A' && c <= 'F')
				if have := LowerHex(got, in); have != ok || ok && !bytes.Equal(got, want) {
					t.Fatalf("LowerHex(%q) = %x, %v; want %x, %v", in, got, have, want, ok)
				}
			}
		}
	}
	if LowerHex(make([]byte, 2), []byte("abc")) {
		t.Error("a length that does not fit was taken")
	}
}

func TestBigEndian(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
	if n, ok := Uint16(b, 7); n != 0x0809 || !ok {
		t.Error(n, ok)
	}
	if n, ok := Uint32(b, 5); n != 0x06070809 || !ok {
		t.Error(n, ok)
	}
	if n, ok := Uint64(b, 1); n != 0x0203040506070809 || !ok {
		t.Error(n, ok)
	}
	if _, ok := Uint16(b, 8); ok {
		t.Error("Uint16 beyond the end")
	}
	if _, ok := Uint32(b, 6); ok {
		t.Error("Uint32 beyond the end")
	}
	if _, ok := Uint64(b, 2); ok {
		t.Error("Uint64 beyond the end")
	}
	if _, ok := Uint16(b, -1); ok {
		t.Error("Uint16 before the start")
	}
}

func TestText(t *testing.T) {
	if !EqualFold([]byte("Content-LENGTH"), "content-length") || EqualFold([]byte("a\x00"), "a ") || EqualFold([]byte("["), "{") {
		t.Error("EqualFold")
	}
	if !HasPrefixFold([]byte("ChunkedX"), "chunked") || HasPrefixFold([]byte("chunk"), "chunked") {
		t.Error("HasPrefixFold")
	}
	if got := TrimOWS([]byte(" \t a b\t ")); string(got) != "a b" {
		t.Errorf("TrimOWS %q", got)
	}
	if got := TrimOWS([]byte(" \t")); len(got) != 0 {
		t.Errorf("TrimOWS %q", got)
	}
	if Token(nil) || Token([]byte("a b")) || !Token([]byte("M-SEARCH")) || TokenLen([]byte("ab: c")) != 2 || TokenLen([]byte("ab")) != 2 {
		t.Error("Token")
	}
	for _, c := range []struct {
		in, line string
		size     int
		ok       bool
	}{{"a\r\nb", "a", 3, true}, {"a\nb", "a", 2, true}, {"\r\n", "", 2, true}, {"\n", "", 1, true}, {"a\r", "", 0, false}} {
		if l, n, ok := Line([]byte(c.in)); string(l) != c.line || n != c.size || ok != c.ok {
			t.Errorf("Line(%q) = %q %d %v", c.in, l, n, ok)
		}
	}
	if h, r := Cut([]byte("a=b=c"), '='); string(h) != "a" || string(r) != "b=c" {
		t.Errorf("Cut %q %q", h, r)
	}
	if h, r := Cut([]byte("abc"), '='); string(h) != "abc" || r != nil {
		t.Errorf("Cut %q %q", h, r)
	}
}

func TestClasses(t *testing.T) {
	for c := range 256 {
		b := byte(c)
		if want := b < 0x80 && (strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0 || IsAlpha(b) || IsDigit(b)); IsToken(b) != want {
			t.Errorf("IsToken(%q)", b)
		}
		_, err := strconv.ParseUint(string(rune(c)), 16, 8)
		if IsHex(b) != (err == nil && c < 0x80) || IsHex(b) != (HexDigit(b) < 16) {
			t.Errorf("IsHex(%q)", b)
		}
		if IsControl(b) && (IsVisible(b) || b == '\t') {
			t.Errorf("classes of %q overlap", b)
		}
	}
}

func FuzzNumbers(f *testing.F) {
	f.Add([]byte("18446744073709551616"))
	f.Add([]byte("ffffffffffffffff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, ok := Decimal(b)
		want, err := strconv.ParseUint(string(b), 10, 64)
		if ok != (err == nil) || ok && n != want {
			t.Errorf("Decimal(%q) = %d %v, want %d %v", b, n, ok, want, err)
		}
		n, ok = Hex(b)
		want, err = strconv.ParseUint(string(b), 16, 64)
		if ok != (err == nil) || ok && n != want {
			t.Errorf("Hex(%q) = %d %v, want %d %v", b, n, ok, want, err)
		}
		l, size, ok := Line(b)
		if ok && !bytes.HasPrefix(b, l) || size > len(b) {
			t.Errorf("Line(%q)", b)
		}
	})
}

func BenchmarkDecimal(b *testing.B) {
	in := []byte("1234567")
	b.ReportAllocs()
	for b.Loop() {
		Decimal(in)
	}
}

func TestIndex8(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, 40)
	for range 200_000 {
		for i := range b {
			b[i] = ':' ^ byte(rnd.Uint32()>>rnd.IntN(32))
		}
		s := b[:rnd.IntN(len(b)+1)]
		n := rnd.IntN(len(s) + 1)
		if got, want := Index8(s, n, ':'), bytes.IndexByte(s[:n], ':'); got != want {
			t.Fatalf("%q, %d: %d, want %d", s, n, got, want)
		}
	}
}
