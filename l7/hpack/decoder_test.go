package hpack

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	xhpack "golang.org/x/net/http2/hpack"
)

// allTags asks for every value.
func allTags() *Tags { return NewTags(func([]byte) Tag { return 1 }) }

func newDecoder() *Decoder {
	d := new(Decoder)
	d.Init(allTags())
	return d
}

// fields decodes a block and writes it as text; "?" is what is unknown.
func (d *Decoder) fields(block []byte) string {
	var b strings.Builder
	d.Begin(block)
	for f := (Field{}); d.Next(&f); {
		name, value := string(f.Name), string(f.Value)
		if f.Unknown {
			name = "?"
		}
		if f.Value == nil && f.Unknown {
			value = "?"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	if d.Bad() {
		b.WriteString("bad")
	}
	return b.String()
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Examples of RFC 7541, appendix C.4 (requests with Huffman coding) and C.5
// (responses, in a table of 256 bytes).
func TestExamples(t *testing.T) {
	first := ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n"
	d := newDecoder()
	for i, c := range []struct{ block, want string }{
		{"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", first},
		{"8286 84be 5886 a8eb 1064 9cbf", first + "cache-control: no-cache\n"},
		{"8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n"},
	} {
		if got := d.fields(unhex(t, c.block)); got != c.want {
			t.Errorf("request %d: %s", i, got)
		}
	}
	d = newDecoder()
	d.t.resize(256)
	date, loc := "date: Mon, 21 Oct 2013 20:13:21 GMT\n", "location: https://www.example.com\n"
	for i, c := range []struct{ block, want string }{
		{"4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", ":status: 302\ncache-control: private\n" + date + loc},
		{"4803 3330 37c1 c0bf", ":status: 307\ncache-control: private\n" + date + loc},
		{"88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31", ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\n" + loc + "content-encoding: gzip\nset-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n"},
	} {
		if got := d.fields(unhex(t, c.block)); got != c.want {
			t.Errorf("response %d: %s", i, got)
		}
	}
	if d.t.size != 215 || d.t.n != 3 {
		t.Errorf("table of %d bytes, %d entries", d.t.size, d.t.n)
	}
}

func TestBad(t *testing.T) {
	for _, b := range []string{
		"80", "ff", "ffff ffff ffff 7f", "40", "0001", "0001 61", "0001 6102 61", "4001 6102 61", "3f", "3fff ffff ffff 0f",
		"0081 ff01 61",        // padding of eight bits
		"0081 0001 61",        // padding of zeros
		"0084 ffff ffff 0161", // EOS
		"0085 ffff ffff ff01 61",
	} {
		if got := newDecoder().fields(unhex(t, b)); got != "bad" {
			t.Errorf("%s gave %q", b, got)
		}
	}
	// A block that multiplies a large entry is not read to its end.
	d := newDecoder()
	d.fields(append(append([]byte{0x40, 0x01, 'a', 0x7f, 0xe1, 0x1e}, bytes.Repeat([]byte{'v'}, 4000)...), bytes.Repeat([]byte{0x7e, 0x00}, 10)...))
	long := append([]byte{0x40, 0x7f, 0xa1, 0x1e}, bytes.Repeat([]byte{'n'}, 4000)...)
	if got := d.fields(append(append(long, 0), bytes.Repeat([]byte{0x7e, 0x00}, 1000)...)); !strings.HasSuffix(got, "bad") || len(d.t.data) > maxInsert+8192 {
		t.Errorf("%d bytes", len(d.t.data))
	}
}

// session encodes blocks as x/net does, over names and values that repeat.
func session(rng *rand.Rand, blocks int) (wire [][]byte, want []string) {
	var buf bytes.Buffer
	enc := xhpack.NewEncoder(&buf)
	enc.SetMaxDynamicTableSizeLimit(maxTable)
	text := func(n int) string {
		b := make([]byte, rng.IntN(n))
		for i := range b {
			b[i] = byte(rng.IntN(256))
			if b[i] == '\n' || rng.IntN(20) > 0 {
				b[i] = "abcdefghijklmnopqrstuvwxyz0123456789-/.:;={}<>ABCXYZ~|^"[rng.IntN(55)]
			}
		}
		return string(b)
	}
	for range blocks {
		if rng.IntN(8) == 0 {
			enc.SetMaxDynamicTableSize(uint32(rng.IntN(6000)))
		}
		var b strings.Builder
		for range rng.IntN(12) {
			f := xhpack.HeaderField{Name: fmt.Sprint("x-", rng.IntN(30)), Value: fmt.Sprint(rng.IntN(4)), Sensitive: rng.IntN(9) == 0}
			switch rng.IntN(5) {
			case 0:
				f.Name, f.Value = text(30)+"n", text(300)
			case 1:
				p := static[1+rng.IntN(StaticSize)]
				f.Name, f.Value = p.name, p.value
				if rng.IntN(3) == 0 {
					f.Value = text(60)
				}
			}
			_ = enc.WriteField(f)
			fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
		}
		wire, want = append(wire, bytes.Clone(buf.Bytes())), append(want, b.String())
		buf.Reset()
	}
	return wire, want
}

func TestSessions(t *testing.T) {
	for seed := range uint64(30) {
		wire, want := session(rand.New(rand.NewPCG(seed, 1)), 200)
		d := newDecoder()
		for i := range wire {
			if got := d.fields(wire[i]); got != want[i] {
				t.Fatalf("seed %d, block %d:\ngot  %q\nwant %q", seed, i, got, want[i])
			}
		}
	}
}

// Values that nobody asks for are not decoded, and the others are the same, also
// where the table is small or a value does not fit into it.
func TestUnasked(t *testing.T) {
	for seed := range uint64(60) {
		wire, want := session(rand.New(rand.NewPCG(seed, 4)), 300)
		d := new(Decoder)
		d.Init(NewTags(func(name []byte) Tag { return Tag(name[len(name)-1] & 1) }))
		for i := range wire {
			d.Begin(wire[i])
			lines := strings.Split(want[i], "\n")
			n := 0
			for f := (Field{}); d.Next(&f); n++ {
				name := string(f.Name) + ": "
				if f.Unknown || !strings.HasPrefix(lines[n], name) || f.Tag != 0 && name+string(f.Value) != lines[n] {
					t.Fatalf("seed %d, block %d: %+v, want %q", seed, i, f, lines[n])
				}
			}
			if d.Bad() || n != len(lines)-1 {
				t.Fatalf("seed %d, block %d: %d fields, want %d", seed, i, n, len(lines)-1)
			}
		}
		if d.t.n > int(d.t.max)/overhead {
			t.Errorf("%d entries in a table of %d bytes", d.t.n, d.t.max)
		}
	}
}

// What a decoder that comes late says is right or unknown, and with new entries
// it comes to know all; so does one that missed a block.
func TestLate(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		wire, want := session(rng, 300)
		d, from := newDecoder(), rng.IntN(100)
		unknown, known := 0, 0
		for i := from; i < len(wire); i++ {
			if i == 200 {
				d.Forget()
				continue
			}
			got := d.fields(wire[i])
			if i == 199 && seed%2 == 0 {
				d.Forget()
			}
			n := compare(t, got, want[i])
			if unknown += n; i > 250 {
				known += strings.Count(want[i], "\n") - n
			}
		}
		if unknown == 0 || known == 0 {
			t.Errorf("seed %d: %d fields unknown, %d known later", seed, unknown, known)
		}
	}
}

// compare fails if a field that is said to be known is another, and counts those
// that are not known.
func compare(t *testing.T, got, want string) (unknown int) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(g) != len(w) {
		t.Fatalf("%d fields, want %d", len(g), len(w))
	}
	for i := range g {
		gn, gv, _ := strings.Cut(g[i], ": ")
		wn, wv, _ := strings.Cut(w[i], ": ")
		if gn == "?" || gv == "?" {
			unknown++
		}
		if gn != "?" && gn != wn || gv != "?" && gv != wv {
			t.Fatalf("%q, want %q", g[i], w[i])
		}
	}
	return unknown
}

func TestHuffman(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		b := make([]byte, rng.IntN(80))
		for i := range b {
			b[i] = byte(rng.IntN(256))
			if rng.IntN(4) > 0 {
				b[i] = byte('a' + rng.IntN(26))
			}
		}
		coded := xhpack.AppendHuffmanString(nil, string(b))
		if got, ok := appendHuffman([]byte("x"), coded); !ok || string(got) != "x"+string(b) {
			t.Fatalf("%q gave %q %v", b, got, ok)
		}
	}
}

// FuzzHuffman wants what x/net says of any bytes.
func FuzzHuffman(f *testing.F) {
	f.Add([]byte("\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		want, err := xhpack.HuffmanDecodeToString(b)
		got, ok := appendHuffman(nil, b)
		if ok != (err == nil) || ok && string(got) != want {
			t.Errorf("%x: got %q %v, want %q %v", b, got, ok, want, err)
		}
	})
}

// FuzzDecoder wants of any two blocks what x/net says of them, and that Scan
// measures as Next does.
func FuzzDecoder(f *testing.F) {
	wire, _ := session(rand.New(rand.NewPCG(1, 3)), 8)
	for i := 1; i < len(wire); i++ {
		f.Add(wire[i-1], wire[i])
	}
	f.Fuzz(func(t *testing.T, one, two []byte) {
		d := newDecoder()
		x := xhpack.NewDecoder(4096, nil)
		x.SetAllowedMaxDynamicTableSize(1 << 31)
		for _, b := range [][]byte{one, two} {
			var want strings.Builder
			x.SetEmitFunc(func(f xhpack.HeaderField) { fmt.Fprintf(&want, "%s: %s\n", f.Name, f.Value) })
			_, err := x.Write(b)
			if err == nil {
				err = x.Close()
			}
			got := d.fields(b)
			scan(t, b, d.Bad())
			if err != nil {
				if len(b) < 1000 && d.t.max < maxTable && !strings.HasPrefix(got, want.String()) {
					t.Errorf("%x: got %q, want at first %q", b, got, want.String())
				}
				return
			}
			if d.t.max == maxTable {
				return // larger than we keep
			}
			if got != want.String() {
				t.Errorf("%x: got %q, want %q", b, got, want.String())
			}
		}
	})
}

// scan walks a block without decoding it.
func scan(t *testing.T, b []byte, bad bool) {
	for len(b) > 0 {
		_, _, n, ok := Scan(b)
		if !ok {
			if !bad {
				t.Errorf("Scan fails at %x", b)
			}
			return
		}
		b = b[n:]
	}
}

// call is the block of a gRPC request as grpc-go sends it when path and context
// change and all else is in the table.
func call() (first, usual []byte, n int) {
	var buf bytes.Buffer
	enc := xhpack.NewEncoder(&buf)
	write := func(trace string) []byte {
		buf.Reset()
		for _, f := range [][2]string{
			{":method", "POST"},
			{":scheme", "http"},
			{":path", "/shop.Cart/AddItem"},
			{":authority", "cart.example:7070"},
			{"content-type", "application/grpc"},
			{"user-agent", "grpc-go/1.85.0"},
			{"te", "trailers"},
			{"grpc-timeout", "4999" + trace[:3] + "u"},
			{"x-request-id", "7f3a9c0e5d214b77" + trace},
			{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba9" + trace + "-01"},
		} {
			_ = enc.WriteField(xhpack.HeaderField{Name: f[0], Value: f[1]})
		}
		return bytes.Clone(buf.Bytes())
	}
	return write("1234"), write("5678"), 10
}

func TestAllocs(t *testing.T) {
	first, usual, n := call()
	d := newDecoder()
	d.fields(first)
	if allocs := testing.AllocsPerRun(10000, func() {
		got := 0
		d.Begin(usual)
		for f := (Field{}); d.Next(&f); {
			got++
		}
		if got != n || d.Bad() {
			t.Fatal(got)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkBlock(b *testing.B) {
	first, usual, _ := call()
	b.Run("ours", func(b *testing.B) {
		d := newDecoder()
		d.fields(first)
		b.SetBytes(int64(len(usual)))
		b.ReportAllocs()
		var f Field
		for b.Loop() {
			for d.Begin(usual); d.Next(&f); {
			}
		}
	})
	b.Run("xnet", func(b *testing.B) {
		d := xhpack.NewDecoder(4096, func(xhpack.HeaderField) {})
		_, _ = d.Write(first)
		b.SetBytes(int64(len(usual)))
		b.ReportAllocs()
		for b.Loop() {
			_, _ = d.Write(usual)
		}
	})
}

func BenchmarkHuffman(b *testing.B) {
	coded := xhpack.AppendHuffmanString(nil, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 /shop.Cart/AddItem?page=2")
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(coded)))
		var dst []byte
		for b.Loop() {
			dst, _ = appendHuffman(dst[:0], coded)
		}
	})
	b.Run("xnet", func(b *testing.B) {
		b.SetBytes(int64(len(coded)))
		var dst bytes.Buffer
		for b.Loop() {
			dst.Reset()
			_, _ = xhpack.HuffmanDecode(&dst, coded)
		}
	})
}

// BenchmarkAnswer is a response all of whose fields are new, of which the user
// asks for two.
func BenchmarkAnswer(b *testing.B) {
	var buf bytes.Buffer
	enc := xhpack.NewEncoder(&buf)
	for _, f := range [][2]string{
		{":status", "200"},
		{"server", "nginx/1.22.1"},
		{"date", "Sat, 21 Nov 2026 20:28:40 GMT"},
		{"content-type", "application/json"},
		{"content-length", "1713"},
		{"last-modified", "Sat, 21 Nov 2026 20:28:38 GMT"},
		{"etag", "\"6561bd26-25\""},
		{"cache-control", "private, max-age=0, must-revalidate"},
		{"set-cookie", "session=8f1c0e5d2147a93b6c70; Path=/; HttpOnly; SameSite=Lax"},
		{"vary", "Accept-Encoding, Cookie"},
	} {
		_ = enc.WriteField(xhpack.HeaderField{Name: f[0], Value: f[1]})
	}
	block := buf.Bytes()
	b.Run("ours", func(b *testing.B) {
		d := new(Decoder)
		d.Init(NewTags(func(name []byte) Tag {
			if s := string(name); s == ":status" || s == "content-type" {
				return 1
			}
			return 0
		}))
		b.ReportAllocs()
		var f Field
		for b.Loop() {
			for d.Begin(block); d.Next(&f); {
			}
		}
	})
	b.Run("xnet", func(b *testing.B) {
		d := xhpack.NewDecoder(4096, func(xhpack.HeaderField) {})
		b.ReportAllocs()
		for b.Loop() {
			_, _ = d.Write(block)
		}
	})
}
