package span

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAttrs(t *testing.T) {
	addr4 := [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: 1}
	addr6 := [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1}
	var a Attrs
	a = AppendString(a, KeyURLPath, "/x")
	a = AppendString(a, KeyURLQuery, []byte(""))
	a = AppendInt(a, KeyClientPort, -1)
	a = AppendBool(a, KeyTruncated, true)
	a = AppendBool(a, KeyOpaque, false)
	a = AppendFloat(a, KeyLinkConfidence, 0.95)
	a = AppendFloatBits(a, KeySampleRate, int64(math.Float64bits(0.5)))
	a = AppendHex(a, KeyExchange, 0xfedcba9876543210)
	a = AppendAddr(a, KeyClientAddress, &addr4)
	a = AppendAddr(a, KeyServerAddress, &addr6)
	a = AppendStrings(a, KeyRequestID, AppendElem(AppendElem(nil, "a=1"), []byte("")))
	a = AppendInts(a, KeyInterim, AppendIntElem(AppendIntElem(nil, 100), -103))
	a = AppendStrings(a, KeyContext, nil)
	a = AppendBytes(a, KeyFacts, []byte{0, 0xff, 7})
	a = AppendString(a, NumKeys+1000, "last")
	var got []string
	for at := range a.All {
		got = append(got, string(at.AppendText(nil)))
	}
	want := []string{
		"/x", "", "-1", "true", "false", "0.95", "0.5", "fedcba9876543210", "192.0.2.1", "2001:db8::1",
		"a=1,", "100,-103", "", "AP8H", "last",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if at, ok := a.Find(NumKeys + 1000); !ok || string(at.Str) != "last" || at.Type != TypeString {
		t.Errorf("%v %v", at, ok)
	}
	if _, ok := a.Find(KeyVLAN); ok {
		t.Error("an attribute that was not added")
	}
	n := 0
	for range a.All {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Error("iteration does not stop")
	}
}

func TestKeys(t *testing.T) {
	k := NewKeys(KeyDoc{Name: "a.b", Type: "Int"}, KeyDoc{Name: "url.path", Type: "Int"}, KeyDoc{Name: "c.d"}, KeyDoc{Name: "a.b", Type: "String"})
	if k.Len() != int(NumKeys)+2 {
		t.Errorf("%d keys", k.Len())
	}
	seen := map[string]bool{}
	for i := range k.Len() {
		d := k.Doc(Key(i))
		if d.Name == "" || seen[d.Name] || k.Name(Key(i)) != d.Name {
			t.Errorf("key %d is %q", i, d.Name)
		}
		seen[d.Name] = true
		if got, ok := k.Lookup(d.Name); !ok || got != Key(i) {
			t.Errorf("%q is %d", d.Name, got)
		}
		if i < int(NumKeys) && !slices.Contains([]string{"String", "Int", "Bool", "Float", "Strings", "Ints", "Bytes"}, d.Type) {
			t.Errorf("%q has type %q", d.Name, d.Type)
		}
	}
	if a, _ := k.Lookup("a.b"); k.Doc(a).Type != "Int" {
		t.Error("the first of equal names counts")
	}
	if p, _ := k.Lookup("url.path"); p != KeyURLPath || k.Doc(p).Type != "String" {
		t.Error("a constant was replaced")
	}
	if _, ok := k.Lookup("no.such"); ok {
		t.Error("a key that nobody added")
	}
}

// FuzzAttrs encodes what the input says and wants it back.
func FuzzAttrs(f *testing.F) {
	f.Add([]byte("\x00\x00\x05hello\x01\x07\x08\x02\x01"))
	f.Add(bytes.Repeat([]byte{4, 9, 3, 1, 2, 3}, 40))
	f.Fuzz(func(t *testing.T, in []byte) {
		var a Attrs
		var want []Attr
		for len(in) > 10 {
			typ, key := Type(in[0]%9), Key(binary.LittleEndian.Uint16(in[1:]))
			num := int64(binary.LittleEndian.Uint64(in[2:]))
			n := min(int(in[3]), len(in)-10)
			str := in[10 : 10+n]
			in = in[10+n:]
			at := Attr{Key: key, Type: typ}
			switch typ {
			case TypeString:
				a, at.Str = AppendString(a, key, str), str
			case TypeBytes:
				a, at.Str = AppendBytes(a, key, str), str
			case TypeInt:
				a, at.Num = AppendInt(a, key, num), num
			case TypeBool:
				a, at.Num = AppendBool(a, key, num&1 == 1), num&1
			case TypeFloat:
				a, at.Num = AppendFloatBits(a, key, num), num
			case TypeHex:
				a, at.Num = AppendHex(a, key, uint64(num)), num
			case TypeAddr:
				var addr [16]byte
				copy(addr[:], str)
				a, at.Str = AppendAddr(a, key, &addr), addr[:]
			case TypeStrings:
				for i := range str {
					at.Str = AppendElem(at.Str, str[:i])
				}
				a = AppendStrings(a, key, at.Str)
				checkStrings(t, at, str)
			case TypeInts:
				for i := range str {
					at.Str = AppendIntElem(at.Str, num>>i)
				}
				a = AppendInts(a, key, at.Str)
				checkInts(t, at, num, len(str))
			}
			want = append(want, at)
		}
		i := 0
		for at := range a.All {
			w := want[i]
			if at.Key != w.Key || at.Type != w.Type || at.Num != w.Num || !bytes.Equal(at.Str, w.Str) {
				t.Fatalf("attribute %d is %+v, want %+v", i, at, w)
			}
			at.AppendText(nil)
			i++
		}
		if i != len(want) {
			t.Fatalf("%d attributes of %d", i, len(want))
		}
	})
}

func checkStrings(t *testing.T, at Attr, str []byte) {
	t.Helper()
	n := 0
	for s := range at.Strings {
		if !bytes.Equal(s, str[:n]) {
			t.Fatalf("element %d is %q", n, s)
		}
		n++
	}
	if n != len(str) {
		t.Fatalf("%d elements of %d", n, len(str))
	}
}

func checkInts(t *testing.T, at Attr, num int64, want int) {
	t.Helper()
	n := 0
	for v := range at.Ints {
		if v != num>>n {
			t.Fatalf("element %d is %d", n, v)
		}
		n++
	}
	if n != want {
		t.Fatalf("%d elements of %d", n, want)
	}
}

func BenchmarkAttrs(b *testing.B) {
	var buf Attrs
	addr := [16]byte{15: 1}
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendString(buf[:0], KeyURLPath, "/items/4711")
		buf = AppendInt(buf, KeyClientPort, 40001)
		buf = AppendAddr(buf, KeyClientAddress, &addr)
		for at := range buf.All {
			_ = at
		}
	}
}
