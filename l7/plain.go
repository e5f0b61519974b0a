package l7

import "slices"

// MaxNested is how many encrypted protocols within one another are deciphered.
const MaxNested = 2

// Plain is a piece of a stream that a parser deciphered, or that is missing.
type Plain struct {
	Dir   Dir
	Bytes []byte // borrowed from the parser, or from Emitter.Buffer
	Lost  int64  // bytes that come before Bytes and could not be deciphered
	End   bool   // the stream ends behind Bytes
}

// aside is what a parser tells beside messages.
type aside struct {
	plain     Plain
	isPlain   bool
	handshake int64
	forwarded []byte
	buffers   [MaxNested][]byte
	level     int
}

// Plain hands on bytes that the parser deciphered from the record that this
// call consumes. They enter detection as a stream of their own, below the
// connection: the message of the same call is handed on first. b must stay
// unchanged until Parse is called again.
func (e *Emitter) Plain(dir Dir, b []byte) {
	e.side, e.aside.isPlain = true, true
	e.aside.plain.Dir, e.aside.plain.Bytes = dir, b
}

// PlainGap says that n bytes of the deciphered stream are missing before what
// Plain hands on in the same call.
func (e *Emitter) PlainGap(dir Dir, n int64) {
	e.side, e.aside.isPlain = true, true
	e.aside.plain.Dir, e.aside.plain.Lost = dir, n
}

// PlainEnd says that a direction of the deciphered stream has ended in order.
func (e *Emitter) PlainEnd(dir Dir) {
	e.side, e.aside.isPlain = true, true
	e.aside.plain.Dir, e.aside.plain.End = dir, true
}

// Handshake tells how long, in nanoseconds, the connection took to become
// encrypted; the next exchange that begins says so (wirespan.phase.tls).
func (e *Emitter) Handshake(ns int64) { e.side, e.aside.handshake = true, max(1, ns) }

// Forwarded names the client on whose behalf the connection was made (HAProxy's
// PROXY header): requests of the protocols that follow carry it as IDForwarded.
// addr is borrowed until Parse returns.
func (e *Emitter) Forwarded(addr []byte) { e.side, e.aside.forwarded = true, addr }

// Buffer lends room for n bytes, which a parser may fill and hand to Plain. It is
// the same memory in every call.
func (e *Emitter) Buffer(n int) []byte {
	b := &e.aside.buffers[min(e.aside.level, MaxNested-1)]
	*b = slices.Grow((*b)[:0], n)
	return (*b)[:n]
}

// Nest changes how deep the parser that runs is nested, for Buffer. The engine
// calls it.
func (e *Emitter) Nest(by int) { e.aside.level += by }

// Aside reports whether the parser told anything beside a message. The engine
// calls it, then TakeAside.
func (e *Emitter) Aside() bool { return e.side }

// TakeAside takes what was told. The engine calls it.
func (e *Emitter) TakeAside() (p Plain, isPlain bool, handshake int64, forwarded []byte) {
	a := &e.aside
	p, isPlain, handshake, forwarded = a.plain, a.isPlain, a.handshake, a.forwarded
	a.plain, a.isPlain, a.handshake, a.forwarded, e.side = Plain{}, false, 0, nil, false
	return p, isPlain, handshake, forwarded
}
