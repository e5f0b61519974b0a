package memcached

import "github.com/wirespan/wirespan/l7"

// asked is a binary request whose response may come.
type asked struct {
	opaque uint32
	match  uint64
	get    bool // quiet: no response means that there is no such key
	doubt  bool // responses were lost: it may have been answered
}

// binary reads the binary protocol of one connection. A server answers in
// order, so that a response also says that the quiet gets before it found nothing.
type binary struct {
	found   bool
	query   []byte
	waiting []asked
	holes   uint64 // times that responses were lost: what waited then may be open for ever

	now    head // the response whose header was read while misses are told
	told   int  // misses told so far
	misses int
	taken  int // bytes of the header that are done with
	since  l7.Stamp

	stats bool   // statistics go on, packet by packet
	match uint64 // theirs
}

// Parse meets l7.Parser.
func (p *binary) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) == 0 {
		return l7.Step{}, nil
	}
	if dir == l7.ToServer {
		return p.request(b, out)
	}
	if p.misses > 0 {
		return p.missed(b, out)
	}
	if len(b) < headSize {
		if b[0] != magicResponse {
			return l7.Step{}, p.lost()
		}
		return l7.Step{Need: headSize}, nil
	}
	h, ok := readHead(b, magicResponse)
	if !ok {
		return l7.Step{}, p.lost()
	}
	if p.misses = p.quietBefore(h.opaque); p.misses > 0 {
		p.now, p.told, p.taken, p.since = h, 0, 0, out.Here()
		return p.missed(b, out)
	}
	return p.response(&h, headSize, out.Here(), out)
}

func (p *binary) lost() error {
	if p.found {
		return l7.ErrDesync
	}
	return l7.ErrNotMine
}

// request reads header, extras and key; the value is skipped.
func (p *binary) request(b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < headSize {
		if b[0] != magicRequest {
			return l7.Step{}, p.lost()
		}
		return l7.Step{Need: headSize}, nil
	}
	h, ok := readHead(b, magicRequest)
	if !ok {
		return l7.Step{}, p.lost()
	}
	size := headSize + h.extras + h.key
	if len(b) < size {
		return l7.Step{Need: size}, nil
	}
	p.describe(&h, b, size, out)
	out.Emit(l7.ToServer)
	p.found = true
	return l7.Step{Consumed: size, Skip: h.body - int64(h.extras+h.key)}, nil
}

// describe begins the message of a request.
func (p *binary) describe(h *head, b []byte, size int, out *l7.Emitter) *l7.Message {
	o := &operations[h.opcode]
	kind := l7.Request
	get := o.quiet && isGet(h.opcode)
	if o.quiet && !get {
		kind = l7.OneWay
	}
	m := out.Begin(kind)
	m.Match = p.remember(h.opaque, get, kind)
	p.query = append(p.query[:0], o.name...)
	if h.key > 0 {
		p.query = appendVisible(append(p.query, ' '), b[size-h.key:size])
	}
	if h.body > int64(h.key+h.extras) || h.extras > 0 {
		p.query = append(p.query, " ?"...)
	}
	describe(m, p.query[:len(o.name)], p.query, size)
	return m
}

// isGet reports whether a command asks for a value.
func isGet(opcode uint8) bool {
	switch opcode {
	case 0x00, 0x09, 0x0c, 0x0d, 0x1d, 0x1e, 0x23, 0x24:
		return true
	}
	return false
}

// remember gives a request its Match: the opaque, and how many requests with
// the same one are waiting, for there are clients that never change it.
func (p *binary) remember(opaque uint32, get bool, kind l7.Kind) uint64 {
	match := uint64(opaque) | p.holes&0xffff<<40
	for i := 0; i < len(p.waiting); i++ {
		if w := p.waiting[i]; w.opaque == opaque {
			match = max(match, w.match+1<<32)
			if w.doubt {
				p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
				i--
			}
		}
	}
	if kind == l7.OneWay {
		return match
	}
	if len(p.waiting) >= maxDue {
		p.waiting = p.waiting[:copy(p.waiting, p.waiting[1:])]
	}
	p.waiting = append(p.waiting, asked{opaque: opaque, match: match, get: get})
	return match
}

// quietBefore counts the quiet gets in front of the request that a response
// answers.
func (p *binary) quietBefore(opaque uint32) (n int) {
	for i := range p.waiting {
		if p.waiting[i].opaque == opaque {
			return n
		}
		if p.waiting[i].get {
			n++
		}
	}
	return 0
}

// perByte is how many misses are told for each byte of the header, so that the
// engine sees progress.
const perByte = 3

// missed answers the quiet gets that found nothing, one at a time, and then
// the response whose header showed it.
func (p *binary) missed(b []byte, out *l7.Emitter) (l7.Step, error) {
	if p.told == p.misses || p.taken == headSize-1 {
		p.misses = 0
		return p.response(&p.now, headSize-p.taken, p.since, out)
	}
	i := 0
	for !p.waiting[i].get {
		i++
	}
	m := out.Begin(l7.Response)
	m.Match, m.Status, m.HeadSize = p.waiting[i].match, l7.OK, 1
	m.Str(keyStatus, missing)
	m.Int(keyHits, 0)
	out.Emit(l7.ToClient)
	p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
	p.told++
	if p.told%perByte == 0 {
		p.taken++
		return l7.Step{Consumed: 1}, nil
	}
	return l7.Step{}, nil
}

var missing = []byte("Key not found")

// response emits a response of which size bytes of the header are at hand.
func (p *binary) response(h *head, size int, first l7.Stamp, out *l7.Emitter) (l7.Step, error) {
	s := l7.Step{Consumed: size, Skip: h.body}
	p.found = true
	if p.stats && h.opcode == 0x10 && uint32(p.match) == h.opaque {
		if h.body == 0 {
			p.stats = false
			m := out.Begin(l7.End)
			m.Match = p.match
			out.Emit(l7.ToClient)
		}
		return s, nil
	}
	m := p.describeResponse(h, first, out)
	m.Match = p.answered(h.opaque)
	if h.opcode == 0x10 && h.status == 0 && h.body > 0 {
		p.stats, p.match, m.More = true, m.Match, true
	}
	out.Emit(l7.ToClient)
	return s, nil
}

// describeResponse begins the message of a response.
func (p *binary) describeResponse(h *head, first l7.Stamp, out *l7.Emitter) *l7.Message {
	m := out.Begin(l7.Response)
	m.First, m.HeadSize, m.Status = first, headSize, l7.OK
	p.query = append(p.query[:0], statusName(h.status)...)
	m.Str(keyStatus, p.query)
	if failure(h.status) {
		m.Status, m.Error = l7.ServerError, p.query
	}
	if isGet(h.opcode) && h.status == 0 {
		m.Int(keyHits, 1)
	}
	return m
}

// unknownMatch marks responses whose request is not known.
const unknownMatch = 1 << 63

// answered takes the request off that a response answers.
func (p *binary) answered(opaque uint32) uint64 {
	for i := range p.waiting {
		if p.waiting[i].opaque == opaque {
			match := p.waiting[i].match
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			return match
		}
	}
	return unknownMatch | uint64(opaque)
}

// Gap meets l7.Parser. A lost response may have been that of a quiet get.
func (p *binary) Gap(dir l7.Dir, _ int64) bool {
	if dir == l7.ToClient {
		p.holes++
		p.misses, p.stats = 0, false
		p.doubt()
	}
	return false
}

// doubt forgets, after a loss, which quiet gets may have found nothing, and the
// requests of which several have one opaque.
func (p *binary) doubt() {
	kept := p.waiting[:0]
	for i, w := range p.waiting {
		same := false
		for j, o := range p.waiting {
			same = same || i != j && o.opaque == w.opaque && j > i
		}
		for _, o := range kept {
			same = same || o.opaque == w.opaque
		}
		if !same {
			w.get, w.doubt = false, true
			kept = append(kept, w)
		}
	}
	p.waiting = kept
}

// Resync looks for a header.
func (p *binary) Resync(dir l7.Dir, b []byte) (off int, ok bool) {
	magic := byte(magicRequest)
	if dir == l7.ToClient {
		magic = magicResponse
	}
	for ; off < len(b); off++ {
		if b[off] != magic {
			continue
		}
		if len(b)-off < headSize {
			return off, false
		}
		if h, ok := readHead(b[off:], magic); ok && b[off+5] == 0 && h.body < 1<<24 {
			return off, true
		}
	}
	return off, false
}

// Cut meets l7.Parser: the header is enough.
func (p *binary) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if dir == l7.ToClient || len(b) < headSize {
		return
	}
	if h, ok := readHead(b, magicRequest); ok {
		h.key = 0
		p.describe(&h, b, min(headSize+h.extras, len(b)), out).More = true
		p.found = true
		out.Emit(dir)
	}
}

// End meets l7.Parser.
func (p *binary) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish finds nothing half done.
func (p *binary) Finish(*l7.Emitter) {}

// detectBinary looks at the header.
func detectBinary(dir l7.Dir, b []byte) l7.Verdict {
	magic := byte(magicRequest)
	if dir == l7.ToClient {
		magic = magicResponse
	}
	if len(b) == 0 {
		return l7.NeedMore
	}
	if b[0] != magic || len(b) > 1 && operations[b[1]].name == "" {
		return l7.No
	}
	if len(b) < headSize {
		return l7.NeedMore
	}
	h, ok := readHead(b, magic)
	if !ok || b[5] != 0 {
		return l7.No
	}
	if dir == l7.ToServer && (h.status != 0 || !validKey(b[min(headSize+h.extras, len(b)):min(headSize+h.extras+h.key, len(b))]) && h.key > 0 && len(b) >= headSize+h.extras+h.key) {
		return l7.Maybe
	}
	return l7.Yes
}
