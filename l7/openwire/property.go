package openwire

import "github.com/wirespan/wirespan/l7"

// Types of values in marshalled maps (MarshallingSupport of ActiveMQ).
const (
	vNull      = 0
	vBool      = 1
	vByte      = 2
	vChar      = 3
	vShort     = 4
	vInt       = 5
	vLong      = 6
	vDouble    = 7
	vFloat     = 8
	vString    = 9
	vBytes     = 10
	vBigString = 13
)

// maxName is the longest name of a property, in bytes.
const maxName = 255

// properties is where a walk is within a map of properties, which is marshalled
// alike in both encodings.
type properties struct {
	open  bool
	offer bool // of a WireFormatInfo
	left  int64
	count int // to come; below 0: not read yet
}

// property takes the next property. Maps and lists within are not read, nor what
// is behind them.
func (w *walker) property(b []byte) (int, verdict) {
	p := &w.props
	if p.count == 0 || p.left == 0 {
		return 0, w.endProperties()
	}
	r := reader{b: b[:min(int64(len(b)), p.left)]}
	if p.count < 0 {
		n := int32(r.number(4))
		switch {
		case r.short && p.left < 4:
			return 0, broken
		case r.short:
			return w.want(4)
		}
		p.count = int(max(n, 0))
		p.left -= 4
		return 4, further
	}
	k := int(r.number(2))
	if k > maxName {
		return 0, w.endProperties()
	}
	name := r.take(k)
	value, n, ok := r.value()
	switch {
	case r.short && int64(len(r.b)) == p.left:
		return 0, broken
	case r.short:
		return w.want(len(b) + 1)
	case !ok:
		return 0, w.endProperties()
	}
	wanted := l7.IDNone
	if value == vString && n <= maxWord && !p.offer {
		wanted = w.match.Match(name)
	}
	if wanted == l7.IDNone && !p.offer {
		return w.passProperty(r.n, n)
	}
	if n > maxWord {
		return w.passProperty(r.n, n)
	}
	v := r.take(int(n))
	if r.short {
		if int64(len(r.b)) == p.left {
			return 0, broken
		}
		return w.want(r.n + int(n))
	}
	p.count--
	p.left -= int64(r.n)
	if p.offer {
		w.f.offer.set(name, integer(v))
	} else {
		w.f.onID(wanted, name, v)
		w.mix(v)
	}
	return r.n, further
}

// passProperty is done with the head of a property and passes over its value.
func (w *walker) passProperty(head int, n int64) (int, verdict) {
	p := &w.props
	if int64(head)+n > p.left {
		return 0, broken
	}
	p.count--
	p.left -= int64(head) + n
	if n > w.left-int64(head) {
		return 0, broken
	}
	return head, w.pass(n)
}

// endProperties passes over what is left of them.
func (w *walker) endProperties() verdict {
	w.props.open = false
	return w.pass(w.props.left)
}

// value reads the type of a value and how many bytes it takes; ok is false if
// that is not known.
func (r *reader) value() (t byte, n int64, ok bool) {
	t = byte(r.number(1))
	switch t {
	case vNull:
	case vBool, vByte:
		n = 1
	case vChar, vShort:
		n = 2
	case vInt, vFloat:
		n = 4
	case vLong, vDouble:
		n = 8
	case vString:
		n = int64(r.number(2))
	case vBytes, vBigString:
		n = int64(int32(r.number(4)))
	default:
		return t, 0, r.short
	}
	return t, n, n >= 0
}

// integer is a value as a number.
func integer(b []byte) (v int64) {
	for _, c := range b[:min(len(b), 8)] {
		v = v<<8 | int64(c)
	}
	return v
}
