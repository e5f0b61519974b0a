package mysql

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/wirespan/wirespan/l7"
)

// In the compressed protocol packets travel within others (MySQL,
// "Compression"): length, sequence number, and length before compression, which
// is 0 where nothing is compressed.
const (
	packedHead = 7
	maxPacked  = maxText  // of one compressed packet that is unpacked
	maxInner   = 1 << 20  // bytes unpacked that wait
	keepInner  = 64 << 10 // of the buffer between packets
)

// packing says whether a connection is compressed.
type packing uint8

const (
	packedUnknown packing = iota
	packedNot
	packedAll
)

// opinion is an answer that may need more bytes.
type opinion uint8

const (
	no opinion = iota
	yes
	undecided
)

// isPacked reports whether the bytes of a direction are compressed packets.
// After a login that is known; where the login was not seen, the packets tell.
func (p *parser) isPacked(dir l7.Dir, b []byte) opinion {
	switch {
	case p.packed == packedAll:
		return yes
	case p.packed == packedNot:
		return no
	case p.caps.known:
		return p.nowPacked(dir, b)
	case p.phase == greeted && !p.holed[l7.ToServer]:
		return no
	}
	o := looksPacked(dir, b)
	switch {
	case o == yes:
		p.packed, p.phase = packedAll, ready
	case o == no && b[3] == uint8(dir) && p.phase != greeted:
		p.packed = packedNot
	}
	return o
}

// nowPacked decides behind a login that has no answer yet: it is lost if a
// command follows.
func (p *parser) nowPacked(dir l7.Dir, b []byte) opinion {
	switch {
	case dir == l7.ToClient || !p.caps.has(capCompress) && !p.caps.has(capZstd):
		return no
	case len(b) < headLen:
		return undecided
	case b[3] != 0:
		return no
	}
	p.packed = packedAll
	return yes
}

// looksPacked looks at a first packet: within it another one begins, or the
// data of a compressor.
func looksPacked(dir l7.Dir, b []byte) opinion {
	if len(b) < packedHead+headLen {
		if len(b) >= headLen && (head(b).size < headLen+1 || head(b).seq > 1) {
			return no
		}
		if len(b) > headLen+2 && packedSize(b) > 0 && packedSize(b) < head(b).size {
			return no
		}
		return undecided
	}
	h, inner := head(b), b[packedHead:]
	if n := packedSize(b); n > 0 {
		if h.seq == uint8(dir) && n > h.size && (zlibData(inner) || zstdData(inner)) {
			return yes
		}
		return no
	}
	in := head(inner)
	if h.seq != uint8(dir) || in.seq != h.seq || in.size == 0 || headLen+in.size > h.size {
		return no
	}
	if dir == l7.ToServer && headLen+in.size != h.size {
		return no
	}
	return yes
}

// packedSize is the length before compression.
func packedSize(b []byte) int { return int(b[4]) | int(b[5])<<8 | int(b[6])<<16 }

// zlibData reports whether data begins as RFC 1950, section 2.2, says.
func zlibData(b []byte) bool { return b[0] == 0x78 && binary.BigEndian.Uint16(b)%31 == 0 }

// zstdData reports whether data begins as RFC 8878, section 3.1.1, says.
func zstdData(b []byte) bool { return binary.LittleEndian.Uint32(b) == 0xfd2fb528 }

// unpacker holds what was unpacked of one direction.
type unpacker struct {
	buf     []byte // unpacked and unread; read from pos on
	pos     int
	skip    int64 // of what follows, nobody wants to see
	need    int
	hold    int   // bytes of the packet at hand that are not consumed yet
	rest    int64 // and those behind them that are not looked at
	lost    int64 // unpacked bytes that were not kept, behind buf
	carried bool  // what is in buf began in an earlier packet, at:
	at      l7.Stamp

	src  bytes.Reader
	zlib io.ReadCloser
	zstd *zstd.Decoder
}

// reset drops what is in the buffer.
func (u *unpacker) reset() {
	buf := u.buf[:0]
	if cap(buf) > keepInner {
		buf = nil
	}
	*u = unpacker{buf: buf, zlib: u.zlib, zstd: u.zstd}
}

func (u *unpacker) unread() []byte { return u.buf[u.pos:] }

// inner reads compressed packets, one per call, and the packets within.
func (p *parser) inner(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	u := p.unpack[dir]
	if u == nil {
		u = &unpacker{}
		p.unpack[dir] = u
	}
	p.emitted = false
	if u.hold == 0 {
		if step, ok := u.load(b, out); !ok {
			return step, nil
		}
	}
	for u.skip > 0 || len(u.unread()) > 0 && len(u.unread()) >= u.need {
		if n := int(min(u.skip, int64(len(u.unread())))); n > 0 {
			u.pos += n
			u.skip -= int64(n)
			continue
		}
		if len(u.unread()) == 0 {
			break
		}
		s, err := p.plain(dir, u.unread(), out)
		if err != nil {
			u.reset()
			return l7.Step{}, err
		}
		u.pos += s.Consumed
		u.skip += s.Skip
		u.need = s.Need
		if p.emitted {
			u.carried = false
			return u.release(len(u.unread()) > 0), nil
		}
		if s.Consumed == 0 && s.Skip == 0 {
			break
		}
	}
	return p.drained(dir, u, out), nil
}

// load unpacks the packet that b begins with.
func (u *unpacker) load(b []byte, out *l7.Emitter) (step l7.Step, ok bool) {
	if len(b) < packedHead {
		return l7.Step{Need: packedHead}, false
	}
	h := head(b)
	n := packedHead + min(h.size, maxPacked)
	if len(b) < n {
		return l7.Step{Need: n}, false
	}
	if u.pos > 0 {
		u.buf = u.buf[:copy(u.buf, u.buf[u.pos:])]
		u.pos = 0
	}
	if len(u.buf) == 0 {
		u.at, u.carried = out.Here(), false
	} else {
		u.carried = true
	}
	u.hold, u.rest = n, int64(packedHead+h.size-n)
	u.lost = u.add(b[packedHead:n], packedSize(b), h.size)
	return step, true
}

// add unpacks data of which there were size bytes before, or as many as there
// are packed if that is 0, and returns how many are missing.
func (u *unpacker) add(data []byte, size, packed int) (missing int64) {
	if size == 0 {
		u.buf = append(u.buf, data...)
		return int64(packed - len(data))
	}
	room := min(size, maxInner-len(u.buf))
	if room <= 0 {
		return int64(size)
	}
	z, err := u.decoder(data)
	if err != nil {
		return int64(size)
	}
	before := len(u.buf)
	for len(u.buf)-before < room {
		if len(u.buf) == cap(u.buf) {
			u.buf = append(u.buf, 0)[:len(u.buf)]
		}
		n, err := z.Read(u.buf[len(u.buf):min(cap(u.buf), before+room)])
		u.buf = u.buf[:len(u.buf)+n]
		if err != nil || n == 0 {
			break
		}
	}
	return int64(size - (len(u.buf) - before))
}

// decoder returns one that reads data.
func (u *unpacker) decoder(data []byte) (io.Reader, error) {
	u.src.Reset(data)
	if len(data) >= 4 && zstdData(data) {
		if u.zstd == nil {
			z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(8<<20))
			if err != nil {
				return nil, err
			}
			u.zstd = z
		}
		return u.zstd, u.zstd.Reset(&u.src)
	}
	if u.zlib == nil {
		z, err := zlib.NewReader(&u.src)
		u.zlib = z
		return z, err
	}
	return u.zlib, u.zlib.(zlib.Resetter).Reset(&u.src, nil)
}

// release consumes bytes of the packet at hand: all of them, or, if more
// messages may be in it, some, so that the engine asks again.
func (u *unpacker) release(more bool) l7.Step {
	n := u.hold
	switch {
	case !more:
	case n > 64:
		n /= 2
	case n > 1:
		n = 1
	default: // more messages than bytes: given up
		u.buf, u.pos = u.buf[:0], 0
	}
	u.hold -= n
	step := l7.Step{Consumed: n}
	if u.hold == 0 {
		step.Skip, u.rest = u.rest, 0
	}
	return step
}

// drained goes on to the next packet. What was not unpacked of this one is a
// gap.
func (p *parser) drained(dir l7.Dir, u *unpacker, out *l7.Emitter) l7.Step {
	if u.lost > 0 {
		n := min(u.skip, u.lost)
		u.skip -= n
		if u.lost -= n; u.lost > 0 {
			u.buf, u.pos, u.need = u.buf[:0], 0, 0
			if dir == l7.ToClient && p.res.state != idle {
				p.res.hunting = true
			} else {
				p.forget(dir)
			}
		}
		u.lost = 0
	}
	if len(u.unread()) == 0 {
		if u.buf, u.pos = u.buf[:0], 0; cap(u.buf) > keepInner {
			u.buf = nil
		}
	}
	return u.release(false)
}
