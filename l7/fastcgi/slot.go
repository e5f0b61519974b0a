package fastcgi

import "github.com/wirespan/wirespan/l7"

// Bounds per connection and request.
const (
	maxSlots  = 64
	maxParams = 16 << 10
	maxHeader = 8 << 10
)

// slot is a request that is under way.
type slot struct {
	id    uint16
	match uint64
	role  uint16

	since l7.Stamp // of BEGIN_REQUEST
	buf   []byte   // parameters, then the header of the response
	asked bool     // the request was emitted
	open  bool     // and its input goes on

	answer    l7.Stamp // of the first record of the response
	answering bool     // answer is set
	told      bool     // the response was emitted
	errors    int64    // bytes of the error stream
	lost      bool     // bytes from the application were lost while it waited
	over      bool     // the response has ended; the input goes on
}

// add copies parameters or a header, up to most bytes in all.
func (s *slot) add(b []byte, most int) {
	s.buf = append(s.buf, b[:min(len(b), max(most-len(s.buf), 0))]...)
}

// begin takes a slot for a new request. One that has the same id was not seen
// to end; the new one must not be taken for it.
func (p *parser) begin(id uint16) *slot {
	match := uint64(id) | p.holes&0xffff<<32 // requests from before a loss may be unanswered for ever
	if s := p.slot(id); s != nil {
		match = s.match + 1<<16
		p.free(s)
	}
	if len(p.slots) == maxSlots {
		p.free(&p.slots[0])
	}
	n := len(p.slots)
	if n < cap(p.slots) {
		p.slots = p.slots[:n+1]
	} else {
		p.slots = append(p.slots, slot{})
	}
	s := &p.slots[n]
	*s = slot{id: id, match: match, buf: s.buf[:0]}
	return s
}

// slot finds the request with an id.
func (p *parser) slot(id uint16) *slot {
	for i := range p.slots {
		if p.slots[i].id == id {
			return &p.slots[i]
		}
	}
	return nil
}

// free gives a slot back with its buffer: the last one takes its place.
func (p *parser) free(s *slot) {
	last := &p.slots[len(p.slots)-1]
	*s, *last = *last, *s
	p.slots = p.slots[:len(p.slots)-1]
}
