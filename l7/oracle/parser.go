package oracle

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/sqltext"
)

// parser reads one connection.
type parser struct {
	ids   l7.IDMatcher
	sql   *sqltext.Reader
	found bool // a packet was found
	sent  bool // this call has emitted a message

	half   [2]half
	req    request
	text   []byte // what was collected of the request
	waits  []op   // requests that wait for their answer, the oldest first
	piped  bool   // several requests may wait
	ans    answer
	tail   []byte // end of the answer so far
	out    outcome
	shelf  shelf
	opaque bool

	// Of the connection.
	due     byte // type of the packet whose text comes in a data packet
	resend  bool // the server wants CONNECT again
	broken  bool // the server has broken the answer off
	first   l7.Stamp
	size    uint32 // of CONNECT
	large   bool   // lengths have 4 bytes
	sdu     int    // most bytes of a packet; 0 if unknown
	settled bool   // ACCEPT was seen
	field   int    // version of TTC's fields; 0 if unknown
	record  int    // version of the fields of error records, if that was found out
	offered int    // by the client
	wide    bool   // numbers are in the client's own form (OCI)
	trailer int    // bytes of a checksum behind the data

	label   []byte // version, for people
	service []byte
	user    []byte
	module  []byte
	action  []byte
	name    []byte // scratch for names
	code    []byte
	message []byte
	joined  []byte // statement that came in chunks
}

// half is a direction.
type half struct {
	packet packet // that is read
	flags  int    // of its data
	left   int    // bytes of it that are still to come
	due    bool   // it ended in lost bytes
	lost   bool   // bytes were lost, and no message has begun since
	holed  bool   // messages may be missing
}

// request is a request that has begun.
type request struct {
	on        bool
	first     l7.Stamp
	size      uint32 // of its packets so far
	announced bool   // its last packet may still come
	torn      bool   // bytes of it were lost
	unsure    bool   // it is the first one after a loss
}

// answer is an answer that has begun.
type answer struct {
	on        bool
	first     l7.Stamp
	kind      byte // its first message of TTC
	bytes     int64
	announced bool
	orphan    bool
	torn      bool
}

var _ l7.Parser = (*parser)(nil)

// astray is the error for bytes that begin no packet.
func (p *parser) astray() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// emit hands a message on.
func (p *parser) emit(out *l7.Emitter, dir l7.Dir) {
	p.found, p.sent = true, true
	out.Emit(dir)
}

// Parse reads the header of a packet, or what there is of its data. What
// belongs to a message is consumed, everything else skipped, so that the engine
// finds a request's first bytes where it begins.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	p.sent = false
	h := &p.half[dir]
	switch {
	case p.opaque:
		return l7.Step{}, l7.ErrOpaque
	case h.due:
		h.due = false
		if p.over(dir, h, out); p.sent {
			return l7.Step{}, nil
		}
	case h.left > 0:
		n := min(h.left, len(b))
		p.feed(dir, b[:n])
		if h.left -= n; h.left == 0 {
			p.over(dir, h, out)
		}
		return l7.Step{Consumed: n}, nil
	}
	return p.header(dir, h, b, out)
}

// header reads what begins b. A zero Step asks for it again.
func (p *parser) header(dir l7.Dir, h *half, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < packetHead {
		return l7.Step{Need: packetHead}, nil
	}
	k, ok := readPacket(b, p.large)
	if !ok {
		return p.urgent(dir, b)
	}
	switch k.kind {
	case typeData:
		return p.data(dir, h, k, b, out)
	case typeConnect, typeAccept, typeRefuse, typeRedirect:
		if (k.kind == typeConnect) != (dir == l7.ToServer) {
			return l7.Step{}, p.astray()
		}
		if k.kind == typeConnect && k.size < connectHead {
			return l7.Step{}, p.astray()
		}
		if want := min(k.size, window); len(b) < want {
			return l7.Step{Need: want}, nil
		}
		h.lost = false
		return p.setup(dir, k, b[:min(len(b), k.size)], out)
	case typeMarker:
		if len(b) < k.size {
			return l7.Step{Need: k.size}, nil
		}
		p.marked(dir, b[k.size-1])
	case typeResend:
		p.resend = true
	case typeAbort:
		if p.aborted(dir, out); p.sent {
			return l7.Step{Consumed: packetHead, Skip: int64(k.size - packetHead)}, nil
		}
	}
	p.extend(dir, out.Here(), k.size)
	return l7.Step{Skip: int64(k.size)}, nil
}

// urgent passes over the byte that a client sends out of band to break a call
// off: some stacks leave it in the stream, in front of a marker.
func (p *parser) urgent(dir l7.Dir, b []byte) (l7.Step, error) {
	if dir != l7.ToServer || b[0] != '!' || !p.found {
		return l7.Step{}, p.astray()
	}
	if len(b) < packetHead+1 {
		return l7.Step{Need: packetHead + 1}, nil
	}
	if _, ok := readPacket(b[1:], p.large); !ok {
		return l7.Step{}, p.astray()
	}
	return l7.Step{Skip: 1}, nil
}

// data reads the head of a data packet.
func (p *parser) data(dir l7.Dir, h *half, k packet, b []byte, out *l7.Emitter) (l7.Step, error) {
	want := min(k.size, dataHead+4)
	if len(b) < want {
		return l7.Step{Need: want}, nil
	}
	flags, in := u16(b[packetHead:]), b[dataHead:want]
	switch {
	case flags&dataCompressed != 0:
		return l7.Step{}, l7.ErrOpaque
	case p.due != 0 && (p.due == typeConnect) == (dir == l7.ToServer):
		return p.late(k, b, out)
	case len(in) == 0 || flags&dataEOF != 0:
		p.extend(dir, out.Here(), k.size)
		return l7.Step{Skip: int64(k.size)}, nil
	case isServices(in):
		return p.services(dir, k, b)
	}
	h.packet, h.flags = k, flags
	if dir == l7.ToServer {
		return p.asks(h, k, in, b, out)
	}
	return p.answers(h, k, in, b, out)
}

// late reads the data of a packet of the setup that came without it.
func (p *parser) late(k packet, b []byte, out *l7.Emitter) (l7.Step, error) {
	if want := min(k.size, window); len(b) < want {
		return l7.Step{Need: want}, nil
	}
	b = b[:min(len(b), k.size)]
	kind := p.due
	p.due = 0
	if kind == typeConnect {
		p.size += uint32(k.size)
		if w := p.oldest(); w != nil && w.connect {
			w.end += uint32(k.size)
			return l7.Step{Skip: int64(k.size)}, nil
		}
		p.asked(b[dataHead:], out)
	} else {
		p.reply(kind, b[dataHead:], out)
	}
	return l7.Step{Consumed: len(b), Skip: int64(k.size - len(b))}, nil
}

// feed gives a piece of a packet's data to its message.
func (p *parser) feed(dir l7.Dir, b []byte) {
	if dir == l7.ToClient {
		p.keep(b)
		return
	}
	if room := maxRequest - len(p.text); room > 0 && !p.req.torn && !p.req.announced {
		p.text = append(p.text, b[:min(len(b), room)]...)
	}
}

// over ends a packet.
func (p *parser) over(dir l7.Dir, h *half, out *l7.Emitter) {
	if dir == l7.ToServer {
		p.requested(h, out)
		return
	}
	p.answered(h, out)
}

// full reports whether a packet is as large as packets get, so that its message
// may go on in the next one.
func (p *parser) full(k packet) bool { return p.sdu >= 2*slack && k.size >= p.sdu-slack }
