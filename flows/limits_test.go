package flows

import (
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/capture/wire"
)

func TestConfig(t *testing.T) {
	cfg := Default()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	_, err := NewTable(Config{}, nil)
	if err == nil {
		t.Fatal("an empty Config was taken")
	}
	for _, key := range []string{
		"max_conns", "max_buffered", "max_buffered_total", "reorder_segments", "syn_timeout", "opening_timeout",
		"idle_timeout", "half_timeout", "linger", "udp_timeout", "hole_timeout", "reorder_time", "Handler",
	} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("no word about %s in %q", key, err)
		}
	}
}

func TestBufferBound(t *testing.T) {
	cfg := Default()
	cfg.MaxBuffered = 3 * blockSize
	steps := after3(
		pkt(40, 'c', "PA", 1011, 5001, "b"),
		pkt(41, 'c', "PA", 1021, 5001, "c"),
		pkt(42, 'c', "PA", 1031, 5001, "d"),
		pkt(43, 'c', "PA", 1041, 5001, "e"), // no room: the first hole goes, then there is
		pkt(44, 'c', "PA", 1001, 5001, strings.Repeat("-", 11)),
		pkt(45, 'c', "PA", 1012, 5001, strings.Repeat("+", 9)),
	)
	r := newRecorder(t)
	tb := r.run(cfg, clientEnd, serverEnd, steps)
	want := []string{
		"open 1 observed", "1> gap 10", "1> b", "1> +++++++++", "1> c", "1> gap 9", "1> d", "1> gap 9", "1> e",
		"close 1 capture_ended @1045",
	}
	if d := cmp.Diff(want, r.log); d != "" {
		t.Error(d)
	}
	equal(t, "forced", tb.Stats().Forced, 1)
}

func TestTotalBound(t *testing.T) {
	cfg := Default()
	cfg.MaxBufferedTotal = 4 * blockSize
	r := newRecorder(t)
	tb := newTable(t, cfg, r)
	for i := range uint16(8) {
		from := Endpoint{clientEnd.Addr, 40000 + i}
		for _, s := range []step{pkt(0, 'c', "PA", 1001, 5001, "a"), pkt(0, 'c', "PA", 1003, 5001, "c")} {
			f := s.frame(from, serverEnd)
			tb.Push(&f, epoch)
			reconcile(t, tb)
		}
	}
	s := tb.Stats()
	equal(t, "forced", s.Forced, 4)
	equal(t, "buffered", s.Buffered, 4)
	tb.Flush(epoch)
	equal(t, "gaps", tb.Stats().Gap, 8)
	equal(t, "delivered", tb.Stats().Delivered, 16)
}

func TestEviction(t *testing.T) {
	cfg := Default()
	cfg.MaxConns = 3
	r := newRecorder(t)
	tb := newTable(t, cfg, r)
	send := func(at int64, port uint16, flags string, seq uint32, text string) {
		f := pkt(at, 'c', flags, seq, 1, text).frame(Endpoint{clientEnd.Addr, port}, serverEnd)
		tb.Push(&f, f.Time)
		reconcile(t, tb)
	}
	send(0, 1, "PA", 1001, "a")
	send(200, 2, "PA", 1001, "b")
	send(400, 3, "S", 1000, "")
	send(600, 1, "PA", 1002, "a")
	send(800, 4, "PA", 1001, "d") // 2 is idle for longest
	send(1000, 3, "R", 1001, "")
	send(1200, 5, "PA", 1001, "e") // the closed 3 goes without a word
	want := []string{
		"open 1 guessed", "1> a", "open 2 guessed", "2> b", "open 3 observed", "1> a", "close 2 evicted @800",
		"open 4 guessed", "4> d", "close 3 client_abort @1000", "open 5 guessed", "5> e",
	}
	if d := cmp.Diff(want, r.log); d != "" {
		t.Error(d)
	}
	equal(t, "evicted", tb.Stats().Closed[CloseEvicted], 1)
}

// ignorer takes everything and keeps nothing.
type ignorer struct{ bytes int64 }

func (h *ignorer) Open(*Conn)                              {}
func (h *ignorer) Data(_ *Conn, _ Dir, b []byte, _ Stamp)  { h.bytes += int64(len(b)) }
func (h *ignorer) Gap(_ *Conn, _ Dir, lost int64, _ Stamp) { h.bytes += lost }
func (h *ignorer) EOF(*Conn, Dir, Stamp)                   {}
func (h *ignorer) Close(*Conn, CloseReason, int64)         {}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMemory(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 488 {
		t.Errorf("a Conn takes %d bytes; see slab.go", n)
	}
	before := heap()
	tables := make([]*Table, 64)
	for i := range tables {
		tables[i] = newTable(t, Default(), &ignorer{})
	}
	if per := (heap() - before) / 64; per > 16<<10 {
		t.Errorf("a fresh Table takes %d bytes", per)
	}
	cfg := Default()
	cfg.MaxConns = 200_000
	tb := newTable(t, cfg, &ignorer{})
	before = heap()
	const conns = 118_000 // just after the index has doubled: the worst case
	f := pkt(0, 'c', "PA", 1, 1, "x").frame(clientEnd, serverEnd)
	for i := range conns {
		f.Src[14], f.SrcPort = byte(i>>16), uint16(i)
		tb.Push(&f, epoch)
	}
	per := float64(heap()-before) / conns
	t.Logf("%.1f bytes for an idle connection", per)
	if per > 512 {
		t.Errorf("an idle connection takes %.1f bytes", per)
	}
	runtime.KeepAlive(tables)
	runtime.KeepAlive(tb)
}

// TestIndex compares the index with a map under random insertion and removal.
func TestIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	cfg := Default()
	cfg.MaxConns = 1000
	tb := newTable(t, cfg, &ignorer{})
	live := map[uint16]uint64{}
	for range 20_000 {
		port := uint16(rng.IntN(900)) + 40000
		f := frame(Endpoint{clientEnd.Addr, port}, serverEnd, wire.ProtoTCP, epoch)
		c, id, _ := tb.find(&f, tb.hash(&f))
		if want, ok := live[port]; ok != (c != nil) || ok && c.ID != want {
			t.Fatalf("port %d: found %v, want %d", port, c, want)
		}
		if c != nil {
			tb.release(c, id)
			delete(live, port)
		} else {
			c, _, _ := tb.open(&f, tb.hash(&f), epoch)
			live[port] = c.ID
		}
	}
	if tb.used != len(live) {
		t.Errorf("%d in the index, want %d", tb.used, len(live))
	}
}

// TestSum fails when a new counter is forgotten in Add.
func TestSum(t *testing.T) {
	var one, sum Stats
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Uint64 {
			f.SetUint(uint64(i) + 1)
		}
	}
	one.Closed[CloseNormal] = 99
	sum.Add(&one)
	if d := cmp.Diff(one, sum); d != "" {
		t.Error(d)
	}
}
