package amqp

import "github.com/wirespan/wirespan/l7"

// versions of the protocol header that are read (4.2.2, and the errata of 0-9
// and 0-8). AMQP 1.0 has the same first bytes.
var versions = [...]string{"AMQP\x00\x00\x09\x01", "AMQP\x01\x01\x00\x09", "AMQP\x01\x01\x09\x01", "AMQP\x01\x01\x08\x00", "AMQP\x01\x01\x00\x0a"}

// version judges a protocol header.
func version(b []byte) outcome {
	o := bad
	for _, v := range versions {
		n := min(len(b), len(v))
		if string(b[:n]) != v[:n] {
			continue
		}
		if n == len(v) {
			return good
		}
		o = more
	}
	return o
}

// detect looks at the first bytes. A protocol header is certain, and so is a
// frame with a known method that ends where it says. Other frames are plausible.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) == 0 {
		return l7.NeedMore
	}
	if b[0] == 'A' {
		switch o := version(b); {
		case o == bad || dir == l7.ToClient:
			return l7.No
		case o == more:
			return l7.NeedMore
		}
		return l7.Yes
	}
	for len(b) > 0 {
		f, o := readFrame(b)
		if o != good {
			return verdict(o)
		}
		end := frameHead + f.size
		if f.kind == frameMethod {
			return detectMethod(dir, &f, b)
		}
		if f.kind == frameHeader && len(b) >= frameHead+14 {
			if _, ok := readProperties(b[frameHead:min(len(b), end)]); !ok {
				return l7.No
			}
		}
		if len(b) <= end {
			return l7.NeedMore
		}
		if b[end] != frameEnd {
			return l7.No
		}
		if f.kind != frameHeartbeat {
			return l7.Maybe
		}
		b = b[end+1:]
	}
	return l7.NeedMore
}

func detectMethod(dir l7.Dir, f *frame, b []byte) l7.Verdict {
	if len(b) < frameHead+4 {
		return l7.NeedMore
	}
	a := fields{b: b[frameHead:], ok: true}
	class, id := uint16(a.number(2)), uint16(a.number(2))
	d := find(class, id)
	if d == nil || !d.mayCome(dir) || (f.channel == 0) != (class == connection) {
		return l7.No
	}
	if end := frameHead + f.size; len(b) > end {
		if b[end] != frameEnd {
			return l7.No
		}
		return l7.Yes
	}
	if f.size > maxFrame>>8 {
		return l7.No
	}
	return l7.NeedMore
}

func verdict(o outcome) l7.Verdict {
	if o == more {
		return l7.NeedMore
	}
	return l7.No
}

// Resync meets l7.Parser: it looks for a frame with a known method, or a
// content header, that ends where it says; the rest of a body is passed over.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	for off := range b {
		f, o := readFrame(b[off:])
		if o == bad || f.size > window/2 || f.kind == frameBody {
			continue
		}
		if o == more {
			return off, false
		}
		if f.kind == frameMethod {
			if v := detectMethod(dir, &f, b[off:]); v == l7.No {
				continue
			} else if v == l7.NeedMore {
				return off, false
			}
			return off, true
		}
		end := off + frameHead + f.size
		if len(b) <= end {
			if f.kind == frameHeader && len(b) >= off+frameHead+4 && string(b[off+frameHead:off+frameHead+4]) != "\x00\x3c\x00\x00" {
				continue
			}
			return off, false
		}
		if b[end] != frameEnd {
			continue
		}
		if _, ok := readProperties(b[off+frameHead : end]); f.kind == frameHeartbeat || ok {
			return off, true
		}
	}
	return len(b), false
}
