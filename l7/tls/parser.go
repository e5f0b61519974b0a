package tls

import "github.com/wirespan/wirespan/l7"

// stage is how far the handshake has come.
type stage uint8

const (
	fresh    stage = iota // nothing was seen
	greeted               // the ClientHello was
	answered              // and the ServerHello
	over                  // it is done, failed, or its end is not to be seen
)

// opened is what goes on in a direction.
type opened uint8

const (
	nothing opened = iota
	hello          // the server's part of the handshake
	turn           // a turn of the conversation
)

// half is what a parser keeps of a direction.
type half struct {
	open     opened
	sealed   bool     // a ChangeCipherSpec up to TLS 1.2: what follows is enciphered
	finished bool     // Finished was seen, or taken for seen
	partial  []byte   // of a handshake message that spans records
	skip     int      // of one that is too long to be kept
	first    l7.Stamp // of the record that began it
	bytes    int64    // of the turn
}

// parser reads one connection.
type parser struct {
	half    [2]half
	stage   stage
	whose   whose
	started bool // a client's turn was seen
	old     bool // the hello was one of SSL 2
	retry   bool
	h2      bool
	early   bool
	offered int // highest version of the client
	version int // of the server, 0 until it is known
	suite   uint16
	flight  int   // enciphered records of the client's flight, TLS 1.3
	start   int64 // time of the ClientHello
	name    []byte
	next    []byte // protocol inside
	session [32]byte
	sessLen int
	cert    *certificate
	text    [128]byte
	k       *keys // nil without a key source
}

// New returns the parser of one connection.
func New(o l7.Options) l7.Parser {
	p := &parser{}
	if o.Keys != nil {
		p.k = &keys{source: o.Keys}
	}
	return p
}

// Parse reads one record. Without keys only those of handshakes and alerts are
// looked at.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if step, ok := p.rest(dir); ok {
		return step, nil
	}
	if p.stage == fresh && dir == l7.ToServer && b[0]&0x80 != 0 {
		return p.helloSSL2(b, out)
	}
	r, ok := readRecord(b)
	if !ok {
		if p.old && p.stage == greeted && dir == l7.ToClient && b[0]&0x80 != 0 {
			return p.answerSSL2(b, out)
		}
		return l7.Step{}, p.lost(dir)
	}
	if len(b) < recordHead {
		return l7.Step{}, nil
	}
	if p.opens(dir, r) {
		return p.open(dir, r, b, out)
	}
	h := &p.half[dir]
	switch {
	case r.kind == typeHandshake && !h.sealed:
		return p.handshake(dir, r, b, out)
	case r.kind == typeHandshake:
		return p.sealedHandshake(dir, r, b, out), nil
	case r.kind == typeAlert && !h.sealed && r.size == 2:
		return p.alert(dir, b, out)
	case r.kind == typeCipherSpec:
		h.sealed = h.sealed || p.version != tls13 && !(p.version == 0 && p.early)
		p.seal(dir)
	case r.kind == typeData:
		return p.data(dir, r, out)
	}
	return body(r), nil
}

// body is the step over a record that needs no look.
func body(r record) l7.Step { return l7.Step{Consumed: recordHead, Skip: int64(r.size)} }

// lost is the error for bytes that begin no record.
func (p *parser) lost(dir l7.Dir) error {
	p.forget(dir)
	if p.stage == fresh && !p.started {
		return l7.ErrNotMine
	}
	return l7.ErrDesync
}

// forget drops what a loss makes useless. The engine ends open messages.
func (p *parser) forget(dir l7.Dir) {
	h := &p.half[dir]
	h.open, h.partial, h.skip = nothing, h.partial[:0], 0
	p.missed(dir)
}

// Gap passes on what a gap in enciphered records means for the plaintext; else
// the boundary is gone, for bodies are skipped.
func (p *parser) Gap(dir l7.Dir, lost int64) bool {
	if p.k != nil && p.crosses(dir, lost) {
		return true
	}
	p.forget(dir)
	return false
}

// Resync looks for the header of a record.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	p.half[dir].partial = p.half[dir].partial[:0]
	for off := range b {
		if b[off] != typeData && b[off] != typeHandshake && b[off] != typeCipherSpec {
			continue
		}
		if v := likely(b[off:]); v == l7.Yes {
			return off, true
		} else if v == l7.NeedMore {
			return off, false
		}
	}
	return len(b), false
}

// likely judges a place where a record may begin.
func likely(b []byte) l7.Verdict {
	r, ok := readRecord(b)
	switch {
	case !ok:
		return l7.No
	case len(b) < recordHead:
		return l7.NeedMore
	case r.kind == typeData:
		return detectData(b, r)
	case r.kind == typeCipherSpec:
		return detectByte(b, 1)
	}
	for _, dir := range [2]l7.Dir{l7.ToServer, l7.ToClient} {
		if v := detectHandshake(dir, b[recordHead:], r); v == l7.Yes || v == l7.NeedMore {
			return v
		}
	}
	return l7.No
}

// Cut tells what there is of a hello.
func (p *parser) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	r, ok := readRecord(b)
	if !ok || len(b) < recordHead || r.kind != typeHandshake || p.half[dir].sealed || len(p.half[dir].partial) > 0 {
		return
	}
	b = b[recordHead:min(len(b), recordHead+r.size)]
	if len(b) < helloHead+34 || dir == l7.ToServer && b[0] != msgClientHello || dir == l7.ToClient && b[0] != msgServerHello {
		return
	}
	p.half[dir].first = out.Here()
	p.message(dir, int(b[0]), b[helloHead:], out)
	p.half[dir].open = nothing
}

// End ends what goes on in a direction.
func (p *parser) End(dir l7.Dir, b []byte, out *l7.Emitter) {
	p.endOpen(dir, out)
	if p.k != nil {
		out.PlainEnd(dir)
	}
}

// Finish ends the turn that goes on.
func (p *parser) Finish(out *l7.Emitter) {
	if p.half[l7.ToClient].open != nothing {
		p.endOpen(l7.ToClient, out)
	} else {
		p.endOpen(l7.ToServer, out)
	}
}
