package http1

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

func options(t testing.TB, bodies int) l7.Options {
	t.Helper()
	m, err := ids.New(ids.Default())
	if err != nil {
		t.Fatal(err)
	}
	return l7.Options{IDs: m, Bodies: bodies}
}

// driver runs one parser as the contract says, checks it, and writes what it
// emits as text.
type driver struct {
	t    testing.TB
	p    l7.Parser
	out  l7.Emitter
	keys []l7.Key
	half [2]struct {
		buf    []byte
		base   int64 // offset of buf[0]
		skip   int64
		need   int
		resync bool
		seq    uint32 // of the next byte of the direction
		ended  bool
		pend   *string // message whose body is skipped
	}
	log    []string
	opaque bool
	errs   []error
}

func newDriver(t testing.TB, bodies int) *driver {
	return &driver{t: t, p: New(options(t, bodies)), keys: Proto().Keys}
}

func (d *driver) here(dir l7.Dir) l7.Stamp {
	h := &d.half[dir]
	return l7.Stamp{Offset: h.base, Time: h.base, Seq: uint32(h.base) + 1000, Ack: d.half[dir.Opposite()].seq + 1000}
}

// feed gives bytes of one direction and runs the parser until it wants more.
func (d *driver) feed(dir l7.Dir, b []byte) {
	h := &d.half[dir]
	h.seq += uint32(len(b))
	h.buf = append(h.buf, b...)
	for len(h.buf) > 0 && !d.opaque {
		if h.skip > 0 {
			n := min(h.skip, int64(len(h.buf)))
			d.advance(dir, int(n))
			h.skip -= n
			continue
		}
		if h.resync {
			off, ok := d.p.Resync(dir, bytes.Clone(h.buf))
			if off < 0 || off > len(h.buf) {
				d.t.Fatalf("Resync gave %d of %d", off, len(h.buf))
			}
			d.advance(dir, off)
			h.resync = !ok
			if !ok {
				return
			}
			continue
		}
		if len(h.buf) < h.need || !d.step(dir) {
			return
		}
	}
}

func (d *driver) advance(dir l7.Dir, n int) {
	h := &d.half[dir]
	h.buf = h.buf[:copy(h.buf, h.buf[n:])]
	h.base += int64(n)
}

// step calls Parse once with a copy of the input, which it spoils afterwards.
func (d *driver) step(dir l7.Dir) bool {
	h := &d.half[dir]
	in := bytes.Clone(h.buf)
	d.out.Reset(d.here(dir))
	s, err := d.p.Parse(dir, in, &d.out)
	if s.Consumed < 0 || s.Consumed > len(in) || s.Skip < 0 {
		d.t.Fatalf("Parse of %d bytes gave %+v", len(in), s)
	}
	emitted := d.take(h.base + int64(s.Consumed) + s.Skip)
	for i := range in {
		in[i] = 0xa5
	}
	d.advance(dir, s.Consumed)
	h.skip, h.need = s.Skip, s.Need
	if err != nil {
		d.errs = append(d.errs, err)
		switch {
		case errors.Is(err, l7.ErrOpaque), errors.Is(err, l7.ErrSwitch):
			d.opaque = true
			return false
		case len(h.buf) > 0:
			d.advance(dir, 1)
			h.resync = true
			return true
		}
	}
	return s.Consumed > 0 || s.Skip > 0 || emitted
}

// take writes the emitted message down, if there is one; end is the offset
// behind it.
func (d *driver) take(end int64) bool {
	m, dir, ok := d.out.Take()
	if !ok {
		return false
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s", [...]string{"request", "response", "interim", "oneway", "pushed", "end"}[m.Kind])
	if dir == l7.ToClient {
		s.WriteString(" <")
	} else {
		s.WriteString(" >")
	}
	if m.Kind != l7.End {
		fmt.Fprintf(&s, " @%d", m.First.Offset)
	}
	for _, f := range [][]byte{m.Op, m.Resource, m.Host, m.Version} {
		if m.Kind == l7.Request {
			fmt.Fprintf(&s, " %q", f)
		}
	}
	if m.Kind == l7.Response || m.Kind == l7.Interim {
		fmt.Fprintf(&s, " %d %s", m.Code, [...]string{"unset", "ok", "client", "server"}[m.Status])
	}
	if m.Final {
		s.WriteString(" final")
	}
	if m.Size >= 0 {
		fmt.Fprintf(&s, " size=%d", m.Size)
	}
	for _, id := range m.IDs {
		fmt.Fprintf(&s, " id%d:%s=%q", id.Class, id.Name, id.Value)
	}
	for _, a := range m.Attrs {
		if d.keys[a.Key].Type == l7.Int {
			fmt.Fprintf(&s, " %s=%d", d.keys[a.Key].Name, a.Num)
		} else {
			fmt.Fprintf(&s, " %s=%q", d.keys[a.Key].Name, a.Str)
		}
	}
	switch {
	case m.More:
		s.WriteString(" more")
	case end >= l7.SkipAll:
		s.WriteString(" toend")
	default:
		fmt.Fprintf(&s, " to %d", end)
	}
	d.log = append(d.log, s.String())
	return true
}

// gap loses bytes of one direction, as the engine does.
func (d *driver) gap(dir l7.Dir, n int64) {
	h := &d.half[dir]
	h.seq += uint32(n)
	if k := min(h.skip, n); k > 0 {
		h.skip -= k
		h.base += k
		n -= k
	}
	if n == 0 || d.opaque {
		return
	}
	d.cut(dir)
	n += int64(len(h.buf))
	h.base += n
	h.buf, h.need = h.buf[:0], 0
	if !h.resync && !d.p.Gap(dir, n) {
		h.resync = true
	}
}

// cut gives the parser what is unread, for the last time.
func (d *driver) cut(dir l7.Dir) {
	h := &d.half[dir]
	if h.resync || h.ended || d.opaque || len(h.buf) == 0 {
		return
	}
	d.out.Reset(d.here(dir))
	d.p.Cut(dir, h.buf, &d.out)
	d.take(h.base + int64(len(h.buf)))
}

// end closes one direction.
func (d *driver) end(dir l7.Dir) {
	h := &d.half[dir]
	if h.ended || h.resync || d.opaque {
		return
	}
	h.ended = true
	d.out.Reset(d.here(dir))
	d.p.End(dir, h.buf, &d.out)
	d.take(h.base + int64(len(h.buf)))
}

func (d *driver) finish() {
	if !d.opaque {
		d.cut(l7.ToServer)
		d.cut(l7.ToClient)
		d.out.Reset(d.here(l7.ToServer))
		d.p.Finish(&d.out)
		d.take(0)
	}
}

// turn is what one side sends before the other one does.
type turn struct {
	dir  l7.Dir
	text string
}

// talk makes turns of lines that begin with "> " or "< ", or lead on without.
func talk(parts ...string) (ts []turn) {
	for _, s := range parts {
		d := l7.ToServer
		if s[0] == '<' {
			d = l7.ToClient
		}
		ts = append(ts, turn{d, s[2:]})
	}
	return ts
}

// run feeds the turns, cut by split, and returns the log.
func run(t testing.TB, bodies int, ts []turn, split func(i, n int) []int) *driver {
	d := newDriver(t, bodies)
	for i, tn := range ts {
		at := 0
		for _, c := range append(split(i, len(tn.text)), len(tn.text)) {
			d.feed(tn.dir, []byte(tn.text[at:c]))
			at = c
		}
	}
	d.end(l7.ToServer)
	d.end(l7.ToClient)
	d.finish()
	return d
}

func whole(int, int) []int { return nil }

// check compares the log with want, for the turns in one piece, in all pairs
// of pieces, byte by byte, and in random pieces.
func check(t *testing.T, bodies int, ts []turn, want ...string) *driver {
	t.Helper()
	first := run(t, bodies, ts, whole)
	if diff := cmp.Diff(want, first.log); diff != "" {
		t.Errorf("messages (-want +got):\n%s\nWANT %q\nGOT %q", diff, want, first.log)
	}
	again := func(about string, split func(i, n int) []int) bool {
		t.Helper()
		if diff := cmp.Diff(first.log, run(t, bodies, ts, split).log); diff != "" {
			t.Errorf("%s differs (-whole +split):\n%s", about, diff)
			return false
		}
		return true
	}
	for i, tn := range ts {
		for c := 1; c < len(tn.text) && c < 3000; c++ {
			if !again(fmt.Sprintf("turn %d cut at %d", i, c), func(j, _ int) []int {
				if i == j {
					return []int{c}
				}
				return nil
			}) {
				return first
			}
		}
	}
	again("byte by byte", func(_, n int) (cuts []int) {
		for c := 1; c < n; c++ {
			cuts = append(cuts, c)
		}
		return cuts
	})
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		again("random split", func(_, n int) (cuts []int) {
			for c := 1 + rng.IntN(20); c < n; c += 1 + rng.IntN(40) {
				cuts = append(cuts, c)
			}
			return cuts
		})
	}
	return first
}
