package dns

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// lengthLen is the length field before a message over TCP, RFC 1035, section
// 4.2.2.
const lengthLen = 2

// segments reads DNS over TCP.
type segments struct{ conversation }

// Parse reads one message.
func (p *segments) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < lengthLen {
		return l7.Step{Need: lengthLen}, nil
	}
	whole := lengthLen + int(binary.BigEndian.Uint16(b))
	if whole < lengthLen+headerLen || len(b) >= lengthLen+headerLen && !readHeader(b[lengthLen:]).plausible() {
		if !p.started {
			return l7.Step{}, l7.ErrNotMine
		}
		return l7.Step{}, l7.ErrDesync
	}
	if len(b) < whole {
		return l7.Step{Need: whole}, nil
	}
	msg := b[lengthLen:whole]
	if !p.transfer(dir, msg, out) {
		p.message(dir, msg, false, out)
	}
	return l7.Step{Consumed: whole}, nil
}

// Gap gives up the place: the length field that says where the next message
// begins may be lost.
func (p *segments) Gap(dir l7.Dir, _ int64) bool {
	p.zone.lose(dir)
	return false
}

// Resync looks for a length field before a message that is certainly one.
func (p *segments) Resync(dir l7.Dir, b []byte) (int, bool) {
	unsure := len(b)
	for i := range b {
		switch detectTCP(dir, b[i:]) {
		case l7.Yes:
			return i, true
		case l7.NeedMore:
			unsure = min(unsure, i)
		}
	}
	return unsure, false
}

// Cut reports the message that b is the start of, if its header is there.
func (p *segments) Cut(dir l7.Dir, b []byte, out *l7.Emitter) {
	if len(b) < lengthLen+headerLen {
		return
	}
	h := readHeader(b[lengthLen:])
	if h.plausible() && p.zone.find(h.id, dir) < 0 {
		p.message(dir, b[lengthLen:], true, out)
	}
}

// End reports a message that the end cut short. Nothing of it was lost: it was
// never sent.
func (p *segments) End(dir l7.Dir, b []byte, out *l7.Emitter) { p.Cut(dir, b, out) }

// Finish does nothing: what is half read has no head, or End has reported it.
func (p *segments) Finish(*l7.Emitter) {}
