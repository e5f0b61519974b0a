package openwire

import (
	"strconv"

	"github.com/wirespan/wirespan/l7/ids"
)

// maxPart is the longest part of the id of an XA transaction, in bytes
// (javax.transaction.xa.Xid).
const maxPart = 64

// parts are what an id consists of.
type parts struct {
	name        text // connection id, or name
	first, next int64
	byteParts   [2]text // in hexadecimal
	part        int
	view        bool // name is the whole id
	unknown     bool // a part of it is
}

// onPart keeps a part that is bytes.
func (p *parts) onPart(f *facts, b []byte, whole bool) {
	p.unknown = p.unknown || !whole || p.part == len(p.byteParts)
	if p.unknown {
		return
	}
	const digits = "0123456789abcdef"
	from := len(f.text)
	for _, c := range b {
		f.text = append(f.text, digits[c>>4], digits[c&15])
	}
	p.byteParts[p.part] = text{int32(from), int32(len(f.text))}
	p.part++
}

// assemble makes text of an id, as Java does (toString of the classes in
// org.apache.activemq.command).
func (w *walker) assemble(lv *level) value {
	f, p := w.f, &lv.id
	v := value{kind: lv.object}
	if p.unknown || len(f.text)+4*maxWord > maxText {
		return v
	}
	v.known = true
	if lv.object < aMessageID || lv.object == aConnectionID || lv.object == aBrokerID || p.view {
		v.text = p.name
		return v
	}
	from := len(f.text)
	switch lv.object {
	case aLocalTX:
		f.text = append(f.text, "TX:"...)
		f.text = append(f.text, f.get(p.name)...)
		f.number64(':', p.first)
	case anXATX:
		f.text = append(f.text, "XID:["...)
		f.text = strconv.AppendInt(f.text, p.first, 10)
		f.text = append(append(f.text, ",globalId="...), f.get(p.byteParts[0])...)
		f.text = append(append(f.text, ",branchId="...), f.get(p.byteParts[1])...)
		f.text = append(f.text, ']')
	default:
		f.text = append(f.text, f.get(p.name)...)
		f.number64(':', p.first)
		if lv.object == aConsumerID || lv.object == aProducerID {
			f.number64(':', p.next)
		}
	}
	v.text = text{int32(from), int32(len(f.text))}
	return v
}

func (f *facts) number64(before byte, v int64) {
	f.text = strconv.AppendInt(append(f.text, before), v, 10)
}

// object hands an object to the one around it, and to the cache.
func (w *walker) object(around *level, m mean, index int, v value) {
	b := w.f.get(v.text)
	w.mix(b)
	if index >= 0 && !w.dry {
		w.cache.set(index, v, b)
	}
	switch {
	case m == mOf:
		if !around.id.view {
			around.id.name = v.text
			around.id.unknown = around.id.unknown || !v.known || v.kind == 0
		}
	case !around.mute:
		w.f.onObject(m, v)
	}
}

// mix adds what was read to the sum by which walks are compared.
func (w *walker) mix(b []byte) {
	w.sum = ids.DigestMore(w.sum^uint64(len(b)), b)
}
