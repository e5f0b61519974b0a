package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/wire"
)

// RecentConfig says what is kept in memory.
type RecentConfig struct {
	Size    int    // bytes, the oldest packets make room
	Payload bool   // keep whole packets, not their headers only
	Agent   string // name of this instance, for what is cut
}

// Bounds of RecentConfig.Size.
const (
	MinRecent = 8 * minSegment
	MaxRecent = 1 << 40
)

// Validate finds faults.
func (c *RecentConfig) Validate() error {
	if c.Size < MinRecent || c.Size > MaxRecent {
		return fmt.Errorf("keep recent packets: %d bytes: want %d to %d", c.Size, MinRecent, MaxRecent)
	}
	return nil
}

// Recent is a Sink that keeps the latest packets of TCP and UDP in memory.
type Recent struct {
	cfg  RecentConfig
	size int // of a segment
	most int // segments

	mu     sync.Mutex // taken once per batch, and by readers for moments
	dec    *wire.Decoder
	frame  wire.Frame
	names  pointNames
	order  []*segment // oldest first; the last one is being filled
	round  uint64
	annex  [annexLen]byte
	counts RecentStats
}

// RecentStats counts what Recent saw so far.
type RecentStats struct {
	Packets     uint64 // kept at some time
	Bytes       uint64 // of these
	Overwritten uint64 // of these, gone by now
	Passed      uint64 // not kept: neither TCP nor UDP, or damaged
	Lost        uint64 // not kept: all memory was being read
	Held        uint64 // bytes of memory in use
	First, Last int64  // times of the oldest and the newest packet that are there
}

// NewRecent returns an empty one. Memory is taken as it is needed.
func NewRecent(cfg RecentConfig) (*Recent, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Recent{cfg: cfg, dec: wire.NewDecoder(defrag.Default())}
	r.size = min(max(cfg.Size/segmentSlots, minSegment), maxSegment)
	r.most = cfg.Size / r.size
	return r, nil
}

// Put meets Sink.
func (r *Recent) Put(batch []capture.Packet, points []capture.Point) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	taps := tapNumbers{names: &r.names, points: points}
	for i := range batch {
		p := batch[i]
		p.Tap = taps.number(p.Tap) // fragments of several sources stay apart
		r.put(&p)
	}
	return len(batch)
}

// put keeps one packet. Its Tap is the number of the point.
func (r *Recent) put(p *capture.Packet) {
	f := &r.frame
	s := slot{packet: *p, point: p.Tap, kind: slotPacket}
	var between []byte
	keep := len(p.Data)
	switch how := r.dec.Decode(p, f); {
	case how == wire.OK && f.Fragments == 0:
		s.hash = uint64(hashFlow(f))
		if !r.cfg.Payload {
			keep = headLen(p, f)
		}
	case how == wire.OK:
		s.kind, s.hash = slotComplete, uint64(hashFlow(f))
	case how == wire.Fragment:
		s.kind, s.hash = slotFragment, uint64(hashHosts(f))
		f.SrcPort, f.DstPort, f.Proto, f.Flags, f.Fragments, f.Seq, f.Ack, f.PayloadLen = 0, 0, 0, 0, 0, 0, 0, 0
	default:
		r.counts.Passed++
		return
	}
	if s.kind != slotPacket {
		between = appendAnnex(r.annex[:0], f)
		if !r.cfg.Payload {
			keep = fragmentHeadLen(p)
		}
	}
	seg := r.room(slotHead + len(between) + keep)
	if seg == nil {
		r.counts.Lost++
		return
	}
	seg.buf = s.append(seg.buf, between, keep)
	seg.note(p.Time, uint32(s.hash))
	r.counts.Packets++
	r.counts.Bytes += uint64(keep)
}

// room gives a segment with room for size bytes, nil if there is none.
func (r *Recent) room(size int) *segment {
	if n := len(r.order); n > 0 && cap(r.order[n-1].buf)-len(r.order[n-1].buf) >= size {
		return r.order[n-1]
	}
	if size > r.size {
		return nil
	}
	var s *segment
	if len(r.order) < r.most {
		s = &segment{buf: make([]byte, 0, r.size)}
	} else {
		i := slices.IndexFunc(r.order, func(s *segment) bool { return s.pins == 0 })
		if i < 0 {
			return nil
		}
		s = r.order[i]
		r.counts.Overwritten += s.packets
		r.order = slices.Delete(r.order, i, i+1)
	}
	r.round++
	s.reset(r.round)
	r.order = append(r.order, s)
	return s
}

// Ended meets Sink: it never does.
func (r *Recent) Ended() bool { return false }

// Stats counts; it may be called at any time.
func (r *Recent) Stats() RecentStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.counts
	st.Held = uint64(len(r.order)) * uint64(r.size)
	for _, s := range r.order {
		if s.packets > 0 && (st.First == 0 || s.first < st.First) {
			st.First = s.first
		}
		if s.packets > 0 {
			st.Last = max(st.Last, s.last)
		}
	}
	return st
}

// Cut writes the packets that sel wants as a pcapng file, and returns how
// many. Packets go on being kept meanwhile; those that come later are not
// looked at. It may run several times at once, each with its own Selection.
func (r *Recent) Cut(ctx context.Context, sel *Selection, out io.Writer) (int, error) {
	sel.begin()
	c := cutter{sel: sel, w: pcapfile.NewRecordingWriter(out, pcapfile.Recording{Agent: r.cfg.Agent})}
	var dec wire.Decoder
	var memory []byte
	parts := r.pin(sel)
	defer func() { r.unpin(parts) }()
	for len(parts) > 0 {
		if err := ctx.Err(); err != nil {
			return c.n, fmt.Errorf("cut packets: %w", err)
		}
		var names []string
		memory, names = r.copyOf(&parts[0], memory[:0])
		r.unpin(parts[:1])
		parts = parts[1:]
		if err := c.memory(memory, names, &dec); err != nil {
			return c.n, fmt.Errorf("cut packets: %w", err)
		}
	}
	err := errors.Join(c.empty(), c.w.Flush())
	if err != nil {
		return c.n, fmt.Errorf("cut packets: %w", err)
	}
	return c.n, nil
}

// part is a segment to be read.
type part struct {
	seg    *segment
	round  uint64 // it is overwritten when this is another one
	pinned bool   // it cannot be
}

// pin lists the segments that may hold wanted packets, oldest first, and keeps
// the newest of them from being overwritten: at most half of all segments, for
// all readers together.
func (r *Recent) pin(sel *Selection) []part {
	r.mu.Lock()
	defer r.mu.Unlock()
	pinned := 0
	for _, s := range r.order {
		if s.pins > 0 {
			pinned++
		}
	}
	var parts []part
	for _, s := range slices.Backward(r.order) {
		if !s.holds(sel) {
			continue
		}
		p := part{seg: s, round: s.round, pinned: s.pins > 0 || pinned < r.most/2}
		if p.pinned {
			if s.pins == 0 {
				pinned++
			}
			s.pins++
		}
		parts = append(parts, p)
	}
	slices.Reverse(parts)
	return parts
}

func (r *Recent) unpin(parts []part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range parts {
		if parts[i].pinned {
			parts[i].pinned = false
			parts[i].seg.pins--
		}
	}
}

// copyOf copies a segment, unless it was overwritten meanwhile. Nobody waits
// while it is copied.
func (r *Recent) copyOf(p *part, to []byte) ([]byte, []string) {
	r.mu.Lock()
	s := p.seg
	if s.round != p.round {
		r.mu.Unlock()
		return to, nil
	}
	s.pins++
	b, names := s.buf, r.names.names
	r.mu.Unlock()
	to = append(to, b...)
	r.mu.Lock()
	s.pins--
	r.mu.Unlock()
	return to, names
}

// memory looks at the slots of a segment.
func (c *cutter) memory(b []byte, names []string, dec *wire.Decoder) error {
	var s slot
	var f wire.Frame
	for len(b) > 0 {
		b = s.take(b)
		if _, may := c.sel.hashes[uint32(s.hash)]; !may {
			continue
		}
		p := &s.packet
		p.Tap = s.point
		how := wire.OK
		switch s.kind {
		case slotPacket:
			how = dec.Decode(p, &f)
		default:
			p.Data = takeAnnex(p.Data, &f)
			f.Time, f.Tap = p.Time, s.point
			if s.kind == slotFragment {
				how = wire.Fragment
			}
		}
		if err := c.packet(p, &f, how, names[s.point]); err != nil {
			return err
		}
	}
	return nil
}

// empty describes an interface where there was no packet: some programs do not
// read files without one.
func (c *cutter) empty() error {
	if c.n > 0 {
		return nil
	}
	return c.w.Describe("", capture.LinkEthernet)
}
