package dns

import "github.com/wirespan/wirespan/l7"

// datagrams reads DNS over UDP: every call of Parse is given one datagram.
type datagrams struct{ conversation }

// Parse reads one datagram. Datagrams that cannot be DNS end the try before
// the first message, and are passed over after it.
func (p *datagrams) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if len(b) < headerLen || !readHeader(b).plausible() {
		if !p.started {
			return l7.Step{}, l7.ErrNotMine
		}
		return l7.Step{}, l7.ErrDesync
	}
	p.message(dir, b, false, out)
	return l7.Step{Consumed: len(b)}, nil
}

// Gap is met by keeping on: a datagram is whole or absent.
func (p *datagrams) Gap(l7.Dir, int64) bool { return true }

// Resync passes over the datagram.
func (p *datagrams) Resync(_ l7.Dir, b []byte) (int, bool) { return len(b), false }

// Cut does nothing: a datagram that snaplen cut was given to Parse as it is.
func (p *datagrams) Cut(l7.Dir, []byte, *l7.Emitter) {}

// End does nothing: UDP has no end.
func (p *datagrams) End(l7.Dir, []byte, *l7.Emitter) {}

// Finish does nothing: every message was emitted with its datagram.
func (p *datagrams) Finish(*l7.Emitter) {}
