package flows

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/capture/wire"
)

const ms = int64(time.Millisecond)

// epoch is the time of the scripts' time 0.
const epoch = int64(1_700_000_000) * int64(time.Second)

// recorder writes down the calls of a Table and checks what holds for all:
// nothing before Open or after Close, offsets without holes.
type recorder struct {
	t      testing.TB
	log    []string
	quiet  bool
	conns  map[*Conn]*[2]int64
	onData func(c *Conn, dir Dir)
	closed []Conn
	bytes  map[uint64]*[2][]byte // by Conn.ID and Dir; gaps as zero bytes
	lost   int64
	seqs   []Stamp
}

func newRecorder(t testing.TB) *recorder {
	return &recorder{t: t, conns: map[*Conn]*[2]int64{}, bytes: map[uint64]*[2][]byte{}}
}

var arrows = [2]string{">", "<"}

func (r *recorder) add(format string, a ...any) {
	if !r.quiet {
		r.log = append(r.log, fmt.Sprintf(format, a...))
	}
}

func (r *recorder) Open(c *Conn) {
	if r.conns[c] != nil || c.Ext != nil {
		r.t.Errorf("conn %d opened twice", c.ID)
	}
	r.conns[c] = new([2]int64)
	r.bytes[c.ID] = new([2][]byte)
	c.Ext = r
	r.add("open %d %s", c.ID, []string{"guessed", "content", "observed"}[c.Roles])
}

func (r *recorder) advance(c *Conn, dir Dir, n int64, at Stamp) {
	off := r.conns[c]
	if off == nil {
		r.t.Fatalf("call for a conn that is not open: %d", c.ID)
	}
	s := c.side(dir)
	if c.Proto == wire.ProtoUDP {
		s = side(dir)
	}
	if off[s] != at.Offset {
		r.t.Errorf("conn %d %s: offset %d, want %d", c.ID, arrows[dir], at.Offset, off[s])
	}
	off[s] += n
}

func (r *recorder) Data(c *Conn, dir Dir, b []byte, at Stamp) {
	if len(b) == 0 {
		r.t.Error("empty Data")
	}
	r.advance(c, dir, int64(len(b)), at)
	r.seqs = append(r.seqs, at)
	r.bytes[c.ID][dir] = append(r.bytes[c.ID][dir], b...)
	r.add("%d%s %s", c.ID, arrows[dir], b)
	if r.onData != nil {
		r.onData(c, dir)
	}
}

func (r *recorder) Gap(c *Conn, dir Dir, lost int64, at Stamp) {
	if lost <= 0 {
		r.t.Errorf("gap of %d", lost)
	}
	r.advance(c, dir, lost, at)
	r.lost += lost
	if lost < 1<<20 {
		r.bytes[c.ID][dir] = append(r.bytes[c.ID][dir], make([]byte, lost)...)
	}
	r.add("%d%s gap %d", c.ID, arrows[dir], lost)
}

func (r *recorder) EOF(c *Conn, dir Dir, at Stamp) {
	r.advance(c, dir, 0, at)
	r.add("%d%s eof", c.ID, arrows[dir])
}

func (r *recorder) Close(c *Conn, why CloseReason, now int64) {
	if r.conns[c] == nil {
		r.t.Errorf("close of a conn that is not open: %d", c.ID)
	}
	delete(r.conns, c)
	r.closed = append(r.closed, *c)
	r.add("close %d %s @%d", c.ID, why, (now-epoch)/ms)
}

// step is a packet of a script, or a Tick (from 0).
type step struct {
	at       int64 // ms
	from     byte  // 'c', 's'
	flags    string
	seq, ack uint32
	text     string
	cut      uint32
	window   uint16
}

// pkt makes a packet: C is from the client endpoint, S from the server.
func pkt(at int64, from byte, flags string, seq, ack uint32, text string) step {
	return step{at: at, from: from, flags: flags, seq: seq, ack: ack, text: text, window: 1000}
}

func tick(at int64) step { return step{at: at} }

func (s step) cutBy(n uint32) step { s.cut = n; return s }
func (s step) zeroWindow() step    { s.window = 0; return s }
func addr4(a, b, c, d byte) wire.Addr {
	return wire.Addr{10: 0xff, 11: 0xff, 12: a, 13: b, 14: c, 15: d}
}

var (
	clientEnd = Endpoint{addr4(192, 0, 2, 1), 40000}
	serverEnd = Endpoint{addr4(198, 51, 100, 2), 80}
)

func frame(from, to Endpoint, proto uint8, at int64) wire.Frame {
	return wire.Frame{
		Time: at, Proto: proto, Version: 4, TTL: 64,
		Src: from.Addr, Dst: to.Addr, SrcPort: from.Port, DstPort: to.Port, Window: 1000,
	}
}

func (s step) frame(client, server Endpoint) wire.Frame {
	from, to := client, server
	if s.from == 's' {
		from, to = server, client
	}
	f := frame(from, to, wire.ProtoTCP, epoch+s.at*ms)
	f.Seq, f.Ack, f.Window = s.seq, s.ack, s.window
	for i, l := range "FSRPAU" {
		if strings.ContainsRune(s.flags, l) {
			f.Flags |= 1 << i
		}
	}
	f.Payload = []byte(s.text)
	f.PayloadLen = uint32(len(s.text)) + s.cut
	return f
}

func newTable(t testing.TB, cfg Config, h Handler) *Table {
	t.Helper()
	tb, err := NewTable(cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	return tb
}

// reconcile checks that every byte on the wire is accounted for.
func reconcile(t testing.TB, tb *Table) {
	t.Helper()
	s := tb.Stats()
	if sum := s.Delivered + s.Duplicate + s.Truncated + s.Discarded + s.Buffered; sum != s.Payload {
		t.Fatalf("payload %d, accounted for %d: %+v", s.Payload, sum, s)
	}
	if tb.mem > tb.cfg.MaxBufferedTotal || int(s.Conns+s.Lingering) > tb.cfg.MaxConns || int(s.Conns+s.Lingering) != tb.used {
		t.Fatalf("beyond bounds: mem %d, used %d, %+v", tb.mem, tb.used, s)
	}
}

// play runs a script and ends it with Flush 1 s after the last step.
func play(t *testing.T, cfg Config, steps []step) *recorder {
	t.Helper()
	r := newRecorder(t)
	r.run(cfg, clientEnd, serverEnd, steps)
	return r
}

func (r *recorder) run(cfg Config, client, server Endpoint, steps []step) *Table {
	tb := newTable(r.t, cfg, r)
	now, grid := epoch, epoch
	for _, s := range steps {
		now = max(now, epoch+s.at*ms)
		for ; grid <= now; grid += 100 * ms {
			tb.Tick(grid)
		}
		if s.from != 0 {
			f := s.frame(client, server)
			tb.Push(&f, now)
			clear(f.Payload) // borrowed until Push returns
		}
		reconcile(r.t, tb)
	}
	tb.Flush(now + 1000*ms)
	reconcile(r.t, tb)
	if s := tb.Stats(); s.Conns != 0 || s.Lingering != 0 || s.Buffered != 0 || tb.mem != 0 || len(r.conns) != 0 {
		r.t.Errorf("left after Flush: %+v", s)
	}
	return tb
}

// hello is a handshake with ISN 1000 and 5000.
var hello = []step{
	pkt(0, 'c', "S", 1000, 0, ""),
	pkt(10, 's', "SA", 5000, 1001, ""),
	pkt(30, 'c', "A", 1001, 5001, ""),
}

func after3(steps ...step) []step { return append(append([]step{}, hello...), steps...) }

type scriptCase struct {
	name  string
	steps []step
	want  string // log, one call per line
	check func(t *testing.T, c *Conn, r *recorder)
}

func runScripts(t *testing.T, cases []scriptCase) {
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			r := play(t, Default(), tc.steps)
			var want []string
			for _, l := range strings.Split(tc.want, "\n") {
				if l = strings.TrimSpace(l); l != "" {
					want = append(want, l)
				}
			}
			if d := cmp.Diff(want, r.log); d != "" {
				t.Error(d)
			}
			if tc.check != nil && len(r.closed) > 0 {
				tc.check(t, &r.closed[0], r)
			}
		})
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}
