package spill

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testConfig(t *testing.T) Config {
	c := Default()
	c.Dir, c.Bytes, c.Segment = filepath.Join(t.TempDir(), "b"), 4<<20, 64<<10
	return c
}

func open(t *testing.T, c Config) *Buffer {
	t.Helper()
	b, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func payload(i int) []byte {
	return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 100+i*37%5000)
}

func mustAppend(t *testing.T, b *Buffer, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := b.Append(payload(i), i%7); err != nil {
			t.Fatal(err)
		}
	}
}

// take reads and acknowledges records from..to-1.
func take(t *testing.T, b *Buffer, from, to int) {
	t.Helper()
	var buf []byte
	for i := from; i < to; i++ {
		var spans int
		var ok bool
		buf, spans, ok = b.Head(buf)
		if !ok || spans != i%7 || !bytes.Equal(buf, payload(i)) {
			t.Fatalf("record %d: %v, %d spans, %d bytes", i, ok, spans, len(buf))
		}
		if err := b.Ack(spans); err != nil {
			t.Fatal(err)
		}
	}
}

func segments(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestOrderAndRestart(t *testing.T) {
	c := testConfig(t)
	b := open(t, c)
	mustAppend(t, b, 0, 300)
	if n := len(segments(t, c.Dir)); n < 5 {
		t.Fatalf("%d segments: the test is about several", n)
	}
	take(t, b, 0, 120)
	if l := b.Level(); l.Records != 180 {
		t.Errorf("%d records", l.Records)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, c)
	if l := b.Level(); l.Records != 180 || l.Torn+l.Damaged+l.Lost != 0 {
		t.Errorf("after a restart: %+v", l)
	}
	mustAppend(t, b, 300, 350)
	take(t, b, 120, 350)
	if _, _, ok := b.Head(nil); ok {
		t.Error("more than was put in")
	}
	if l := b.Level(); l != (Level{}) || len(segments(t, c.Dir)) != 0 {
		t.Errorf("empty: %+v, %v", l, segments(t, c.Dir))
	}
	mustAppend(t, b, 0, 3)
	take(t, b, 0, 3)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestBound(t *testing.T) {
	c := testConfig(t)
	c.Bytes = MinBytes
	b := open(t, c)
	defer b.Close()
	n := 0
	for ; ; n++ {
		if err := b.Append(make([]byte, 10<<10), 1); errors.Is(err, ErrFull) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	var size int64
	for _, s := range segments(t, c.Dir) {
		st, _ := os.Stat(s)
		size += st.Size()
	}
	if l := b.Level(); size > c.Bytes || size < c.Bytes*9/10 || l.Bytes != size || l.Records != n {
		t.Errorf("%d bytes on disk with a bound of %d; %+v", size, c.Bytes, l)
	}
	for range n / 2 {
		b.Head(nil)
		if err := b.Ack(1); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Append(make([]byte, 10<<10), 1); err != nil {
		t.Errorf("no room after half was delivered: %v", err)
	}
}

// TestTorn cuts the newest segment at every place of its last record, and at some
// others.
func TestTorn(t *testing.T) {
	c := testConfig(t)
	b := open(t, c)
	mustAppend(t, b, 0, 10)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	path := segments(t, c.Dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := len(whole) - recordHead - len(payload(9))
	for cut := last; cut < len(whole); cut++ {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		b := open(t, c)
		if l := b.Level(); l.Records != 9 || l.Torn != uint64(cut-last) {
			t.Fatalf("cut at %d: %+v", cut, l)
		}
		if cut%50 == 0 {
			mustAppend(t, b, 9, 12)
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			b = open(t, c)
			take(t, b, 0, 12)
			if err := os.Remove(filepath.Join(c.Dir, "acked")); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		for _, s := range segments(t, c.Dir) {
			if err := os.Remove(s); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDamage flips a byte of a segment in the middle: what is behind it in that
// segment is lost and counted, everything else is there.
func TestDamage(t *testing.T) {
	c := testConfig(t)
	b := open(t, c)
	mustAppend(t, b, 0, 200)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	path := segments(t, c.Dir)[1]
	bytesOf, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bytesOf[len(bytesOf)/2] ^= 0x40
	if err := os.WriteFile(path, bytesOf, 0o600); err != nil {
		t.Fatal(err)
	}
	b = open(t, c)
	defer b.Close()
	got, spans := map[int]bool{}, 0
	for {
		p, n, ok := b.Head(nil)
		if !ok {
			break
		}
		i := int(p[0]) | int(p[1])<<8
		if !bytes.Equal(p, payload(i)) || n != i%7 {
			t.Fatalf("record %d is wrong", i)
		}
		got[i] = true
		spans += n
		if err := b.Ack(n); err != nil {
			t.Fatal(err)
		}
	}
	all := 0
	for i := range 200 {
		all += i % 7
	}
	l := b.Level()
	if l.Damaged == 0 || !got[0] || !got[199] || len(got) > 199 || len(got) < 150 || l.Records != 0 {
		t.Errorf("%d records, %+v", len(got), l)
	}
	if spans+int(l.Lost) != all {
		t.Errorf("%d spans read and %d lost of %d", spans, l.Lost, all)
	}
}

func TestLock(t *testing.T) {
	c := testConfig(t)
	b := open(t, c)
	if _, err := Open(c); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second process gets the directory: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, c).Close()
}

func TestValidate(t *testing.T) {
	c := Config{Dir: "", Bytes: 5}
	err := c.Validate()
	for _, want := range []string{"dir", "bytes", "segment", "patience", "retry"} {
		if err == nil || !strings.Contains(err.Error(), "buffer."+want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

// TestAnyOrder appends, takes and restarts at random.
func TestAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	c := testConfig(t)
	b := open(t, c)
	in, out := 0, 0
	for range 2000 {
		switch n := r.IntN(20); {
		case n == 0:
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			b = open(t, c)
		case n < 11:
			err := b.Append(payload(in), in%7)
			if errors.Is(err, ErrFull) {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			in++
		case out < in:
			take(t, b, out, out+1)
			out++
		}
		if l := b.Level(); l.Records != in-out || l.Torn+l.Damaged != 0 {
			t.Fatalf("%d in, %d out: %+v", in, out, l)
		}
	}
	take(t, b, out, in)
	b.Close()
	if in < 500 {
		t.Errorf("only %d records", in)
	}
}

// FuzzSegment opens a directory with an arbitrary segment and place.
func FuzzSegment(f *testing.F) {
	var rec [recordHead]byte
	putHead(rec[:], []byte("hello"), 3)
	good := append([]byte(magic), append(rec[:], "hello"...)...)
	f.Add(good, uint64(1), int64(8))
	f.Add(append(good, good[8:]...), uint64(1), int64(25))
	f.Add([]byte(magic+"\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"), uint64(0), int64(-1))
	f.Fuzz(func(t *testing.T, seg []byte, number uint64, offset int64) {
		c := Default()
		c.Dir = t.TempDir()
		if err := os.WriteFile(filepath.Join(c.Dir, fmt.Sprintf("%016x%s", 1, suffix)), seg, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := openAcked(c.Dir)
		if err == nil {
			err = errors.Join(a.write(number, offset), a.f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if err := b.Append([]byte("mine"), 1); err != nil {
			t.Fatal(err)
		}
		mine := false
		for range len(seg) + 2 {
			p, n, ok := b.Head(nil)
			if !ok {
				break
			}
			mine = string(p) == "mine" && n == 1
			if err := b.Ack(n); err != nil {
				t.Fatal(err)
			}
		}
		if l := b.Level(); l.Records != 0 || l.Spans != 0 || !mine {
			t.Fatalf("%+v, mine %v", l, mine)
		}
	})
}

func BenchmarkBuffer(b *testing.B) {
	c := Default()
	c.Dir = b.TempDir()
	buf, err := Open(c)
	if err != nil {
		b.Fatal(err)
	}
	defer buf.Close()
	p, into := make([]byte, 256<<10), []byte(nil)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if err := buf.Append(p, 512); err != nil {
			b.Fatal(err)
		}
		into, _, _ = buf.Head(into)
		if err := buf.Ack(512); err != nil {
			b.Fatal(err)
		}
	}
}
