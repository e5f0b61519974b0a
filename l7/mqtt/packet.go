package mqtt

import "github.com/wirespan/wirespan/l7"

// kind is a packet type (2.1.2).
type kind uint8

const (
	connect kind = iota + 1
	connack
	publish
	puback
	pubrec
	pubrel
	pubcomp
	subscribe
	suback
	unsubscribe
	unsuback
	pingreq
	pingresp
	disconnect
	auth
)

// ops are the names of packets.
var ops = [...][]byte{
	connect: []byte("CONNECT"), connack: []byte("CONNACK"), publish: []byte("PUBLISH"), puback: []byte("PUBACK"),
	pubrec: []byte("PUBREC"), pubrel: []byte("PUBREL"), pubcomp: []byte("PUBCOMP"), subscribe: []byte("SUBSCRIBE"),
	suback: []byte("SUBACK"), unsubscribe: []byte("UNSUBSCRIBE"), unsuback: []byte("UNSUBACK"), pingreq: []byte("PINGREQ"),
	pingresp: []byte("PINGRESP"), disconnect: []byte("DISCONNECT"), auth: []byte("AUTH"),
}

// Bounds. A packet's payload is skipped; what is looked at must fit the window.
const (
	window     = 128 << 10
	maxHead    = 16 << 10 // bytes of a packet other than PUBLISH that are looked at
	maxProps   = 32 << 10 // properties that are looked at
	digestSize = 256      // bytes of a payload that its digest covers
)

// head is a fixed header (2.1).
type head struct {
	kind  kind
	flags byte
	size  int // of the header itself
	rest  int // remaining length
}

// outcome of reading from bytes that may end too early.
type outcome uint8

const (
	good outcome = iota
	more         // more bytes are needed
	bad
)

// readHead reads a fixed header.
func readHead(b []byte) (h head, o outcome) {
	if len(b) == 0 {
		return h, more
	}
	h.kind, h.flags = kind(b[0]>>4), b[0]&15
	if h.kind < connect || h.kind > auth || !flagsFit(h.kind, h.flags) {
		return h, bad
	}
	n, size, o := varint(b[1:])
	h.rest, h.size = n, 1+size
	if o == good && !sizeFits(h.kind, n) {
		o = bad
	}
	return h, o
}

// flagsFit checks the flags (2.1.3). Version 3.1 lets acknowledgements and
// subscriptions carry the DUP flag and any QoS, which brokers send as 1.
func flagsFit(k kind, flags byte) bool {
	switch k {
	case publish:
		return flags>>1&3 != 3
	case pubrel, subscribe, unsubscribe:
		return flags&^8 == 2
	}
	return flags == 0
}

// sizeFits checks the remaining length as far as the packet type tells.
func sizeFits(k kind, n int) bool {
	switch k {
	case pingreq, pingresp:
		return n == 0
	case connect:
		return n >= 12 // 3.1.1 with an empty client id
	case connack, puback, pubrec, pubrel, pubcomp, unsuback:
		return n >= 2
	case publish, suback:
		return n >= 3
	case subscribe, unsubscribe:
		return n >= 4
	}
	return true
}

// mayCome reports whether a packet travels in a direction (2.1.2).
func mayCome(k kind, dir l7.Dir) bool {
	switch k {
	case connect, subscribe, unsubscribe, pingreq:
		return dir == l7.ToServer
	case connack, suback, unsuback, pingresp:
		return dir == l7.ToClient
	}
	return true
}

// varint reads a variable byte integer (1.5.5).
func varint(b []byte) (n, size int, o outcome) {
	for i := range 4 {
		if i == len(b) {
			return 0, 0, more
		}
		n |= int(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			if i > 0 && b[i] == 0 {
				return 0, 0, bad // not the shortest form
			}
			return n, i + 1, good
		}
	}
	return 0, 0, bad
}

// fields reads the fields of a packet one after another. Once one does not
// fit, all are empty and ok is false.
type fields struct {
	b  []byte
	ok bool
}

func (f *fields) take(n int) []byte {
	if !f.ok || n < 0 || n > len(f.b) {
		f.ok = false
		return nil
	}
	v := f.b[:n]
	f.b = f.b[n:]
	return v
}

func (f *fields) byte() byte {
	if v := f.take(1); f.ok {
		return v[0]
	}
	return 0
}

func (f *fields) uint16() int {
	if v := f.take(2); f.ok {
		return int(v[0])<<8 | int(v[1])
	}
	return 0
}

// text reads a string or binary data with its length (1.5.4, 1.5.6).
func (f *fields) text() []byte { return f.take(f.uint16()) }

func (f *fields) varint() int {
	n, size, o := varint(f.b)
	if o != good {
		f.ok = false
	}
	f.take(size)
	return n
}
