package record

import (
	"cmp"
	"slices"

	"github.com/wirespan/wirespan/capture/wire"
)

// flow are the chosen spans of one connection, and where the second pass
// over its packets is.
type flow struct {
	spans  []interval // by start and apart from each other, after settle
	opened []opening
	until  int64 // packets of an opening are wanted until then
	at     int   // interval of copied
	copied [2]seqRange
}

// interval is a range of packet times, both ends included, with the place in
// the stream where its first request begins.
type interval struct {
	from, to int64
	request  seqPlace
}

// opening is the first exchange of a connection whose handshake was seen.
type opening struct {
	at      int64 // start of the exchange
	request seqPlace
}

// seqPlace is a place in one direction of a TCP connection.
type seqPlace struct {
	seq   uint32
	lower bool // the lower endpoint sends
	known bool
}

// seqRange is what was copied of one direction.
type seqRange struct {
	first, next uint32
	last        int64 // time of the latest packet
	begun       bool
}

const (
	// flowSlack is how long before and after a span its segments are looked for
	// that came out of order. Holes are given up after it (flows.Config).
	flowSlack = int64(3_000_000_000)
	// flowAhead bounds how far ahead of the request's first byte they may be.
	flowAhead = 1 << 20
	// flowPreamble bounds the bytes between handshake and first request: of
	// SOCKS, of a PROXY header, of HTTP/2.
	flowPreamble = 64 << 10
)

// settle sorts the intervals and joins those that overlap.
func (c *flow) settle() {
	slices.SortStableFunc(c.spans, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	joined := c.spans[:0]
	for _, v := range c.spans {
		if n := len(joined); n > 0 && v.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, v.to)
			continue
		}
		joined = append(joined, v)
	}
	c.spans, c.at = joined, -1
}

// wants reports whether a packet is needed to see the spans again: it is within
// the time of one, it came out of order around it, or it belongs to what
// precedes the first exchange of a connection: its handshake, and a preamble.
// lower says that the lower endpoint sent it.
func (c *flow) wants(f *wire.Frame, lower bool) bool {
	i, found := slices.BinarySearchFunc(c.spans, f.Time, func(v interval, t int64) int { return cmp.Compare(v.from, t) })
	if !found {
		i--
	}
	inside := i >= 0 && f.Time <= c.spans[i].to
	if f.Proto != wire.ProtoTCP {
		return inside
	}
	if f.Flags&wire.SYN != 0 {
		return c.opens(f, lower) || inside
	}
	if inside {
		c.note(i, f, lower)
	}
	return inside || f.Time <= c.until || c.early(i+1, f, lower) || c.late(i, f, lower)
}

// opens reports whether a packet with SYN is of the handshake before a chosen
// first exchange, and asks for everything between.
func (c *flow) opens(f *wire.Frame, lower bool) bool {
	for _, o := range c.opened {
		begin := f.Seq + 1
		if f.Flags&wire.ACK != 0 {
			begin = f.Ack
		}
		sent := o.request.lower == lower
		if f.Time <= o.at && sent == (f.Flags&wire.ACK == 0) && o.request.seq-begin <= flowPreamble {
			c.until = o.at
			return true
		}
	}
	return false
}

// early reports whether a segment of the request of interval i overtook its
// first one.
func (c *flow) early(i int, f *wire.Frame, lower bool) bool {
	if i >= len(c.spans) || f.PayloadLen == 0 {
		return false
	}
	v := &c.spans[i]
	return v.request.known && v.request.lower == lower && v.from-f.Time <= flowSlack && f.Seq-v.request.seq-1 < flowAhead
}

// late reports whether a segment fills a hole in what was copied of interval
// i, or closes the stream behind it.
func (c *flow) late(i int, f *wire.Frame, lower bool) bool {
	r := &c.copied[side(lower)]
	if i < 0 || i != c.at || !r.begun || f.Time-r.last > flowSlack {
		return false
	}
	if f.PayloadLen == 0 {
		return f.Flags&wire.FIN != 0 && f.Seq == r.next
	}
	return f.Seq-r.first < r.next-r.first
}

// note remembers which bytes of interval i were copied.
func (c *flow) note(i int, f *wire.Frame, lower bool) {
	if c.at != i {
		c.at, c.copied = i, [2]seqRange{}
	}
	r := &c.copied[side(lower)]
	r.last = f.Time
	end := f.Seq + f.PayloadLen
	switch {
	case !r.begun:
		r.first, r.next, r.begun = f.Seq, end, true
	case int32(end-r.next) > 0:
		r.next = end
	}
}

func side(lower bool) int {
	if lower {
		return 1
	}
	return 0
}
